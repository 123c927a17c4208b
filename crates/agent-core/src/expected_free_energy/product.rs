//! Utility and information from the joint beliefs about some factors.

use crate::Array;
use crate::arithmetic::{Arithmetic, LnModern, Weighted};
use crate::beliefs::JointSet;
use crate::matrix::Matrix;
use crate::probability::x_ln_x;
use crate::real::Real;

use super::{Value, predictions};

/// What modalities over one set of factors are worth, by joint state.
#[derive(Debug)]
pub(crate) struct Product<R> {
    set: JointSet,
    /// Per step of a policy, or a single one for all: utility of each joint state, summed over
    /// the modalities. Empty where utility is off.
    utility: Vec<Vec<R>>,
    /// `sum_m sum_o P(o|s) ln P(o|s)` of each joint state.
    negative_entropy: Vec<R>,
    /// `P(o | joint states)` of each modality; none where information does not count.
    predictions: Vec<Matrix<R>>,
}

impl<R: Real> Product<R> {
    pub(super) fn new<'a>(
        set: JointSet,
        utility: Vec<Vec<f64>>,
        likelihoods: impl Iterator<Item = &'a Array> + Clone,
    ) -> Self {
        let mut negative_entropy = vec![0.0; set.size()];
        for a in likelihoods.clone() {
            for row in a.data.chunks_exact(a.columns()) {
                for (sum, p) in negative_entropy.iter_mut().zip(row) {
                    *sum += x_ln_x(*p);
                }
            }
        }
        let real = |values: &[f64]| values.iter().map(|x| R::of(*x)).collect();
        Self {
            set,
            utility: utility.iter().map(|utility| real(utility)).collect(),
            negative_entropy: real(&negative_entropy),
            predictions: likelihoods.map(predictions).collect(),
        }
    }

    pub(super) fn set(&self) -> &JointSet {
        &self.set
    }

    pub(super) fn utility(&self) -> &[Vec<R>] {
        &self.utility
    }

    pub(super) fn negative_entropy(&self) -> &[R] {
        &self.negative_entropy
    }

    /// Steps of a policy whose utility differs.
    pub(super) fn steps(&self) -> usize {
        self.utility.len().max(1)
    }

    /// Outcomes of the largest modality.
    pub(super) fn outcomes(&self) -> usize {
        self.predictions.iter().map(Matrix::rows).max().unwrap_or(0)
    }

    /// Outcomes of all modalities.
    pub(super) fn all_outcomes(&self) -> usize {
        self.predictions.iter().map(Matrix::rows).sum()
    }

    /// Multiplications that a value takes.
    pub(super) fn work(&self) -> usize {
        2 * self.set.size() + self.predictions.iter().map(Matrix::work).sum::<usize>()
    }

    /// `sum_m U + H(o_m) - <H(o_m | s)>`.
    #[inline(always)]
    pub(super) fn value<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        step: usize,
        weights: &[A::Number],
        outcomes: &mut [A::Number],
    ) -> Value<A::Number> {
        let utility = match self.utility.get(step.min(self.utility.len().saturating_sub(1))) {
            Some(utility) => arithmetic.dot_constant(utility, weights),
            None => A::Number::default(),
        };
        let mut information = arithmetic.dot_constant(&self.negative_entropy, weights);
        for prediction in &self.predictions {
            let outcomes = &mut outcomes[..prediction.rows()];
            arithmetic.multiply(prediction, weights, outcomes);
            let entropy = arithmetic.sum_of(outcomes, Weighted(LnModern));
            information = arithmetic.sub(information, entropy);
        }
        Value { utility, information, ..Value::default() }
    }
}
