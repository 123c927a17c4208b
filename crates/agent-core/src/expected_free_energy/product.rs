//! Utility and information from the joint beliefs about some factors.

use crate::Array;
use crate::beliefs::JointSet;
use crate::kernels;
use crate::lanes::Lanes;
use crate::matrix::Matrix;
use crate::probability::x_ln_x;

use super::{Value, predictions};

/// What modalities over one set of factors are worth, by joint state.
#[derive(Debug)]
pub(crate) struct Product {
    set: JointSet,
    /// Per step of a policy, or a single one for all: utility of each joint state, summed over
    /// the modalities. Empty where utility is off.
    utility: Vec<Vec<f64>>,
    /// `sum_m sum_o P(o|s) ln P(o|s)` of each joint state.
    negative_entropy: Vec<f64>,
    /// `P(o | joint states)` of each modality; none where information does not count.
    predictions: Vec<Matrix>,
}

impl Product {
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
        Self { set, utility, negative_entropy, predictions: likelihoods.map(predictions).collect() }
    }

    pub(super) fn set(&self) -> &JointSet {
        &self.set
    }

    pub(super) fn utility(&self) -> &[Vec<f64>] {
        &self.utility
    }

    pub(super) fn negative_entropy(&self) -> &[f64] {
        &self.negative_entropy
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
    pub(super) fn value<L: Lanes>(
        &self,
        lanes: L,
        step: usize,
        weights: &[f64],
        outcomes: &mut [f64],
    ) -> Value {
        let utility = match self.utility.get(step.min(self.utility.len().saturating_sub(1))) {
            Some(utility) => kernels::dot(lanes, weights, utility),
            None => 0.0,
        };
        let mut information = kernels::dot(lanes, weights, &self.negative_entropy);
        for prediction in &self.predictions {
            let outcomes = &mut outcomes[..prediction.rows()];
            prediction.multiply(lanes, weights, outcomes);
            information -= kernels::sum_x_ln_x(lanes, outcomes);
        }
        Value { utility, information, ..Value::default() }
    }
}
