//! Legacy information gain: over the joint outcome of all modalities.

use crate::arithmetic::{Arithmetic, LnLegacy, OnlyAbove, Weighted};
use crate::beliefs::{JointSet, Layout};
use crate::error::ModelError;
use crate::matrix::Matrix;
use crate::real::Real;
use crate::{Array, GenerativeModel};

/// Most outcome probabilities of joint states that the legacy profile keeps.
const MAX_JOINT_OUTCOMES: usize = 1 << 26;

/// Beliefs and probabilities that legacy pymdp passes over: `e^-16`.
const LEGACY_NEGLIGIBLE: f64 = 1.125_351_747_192_591_1e-7;

/// The outer product of all modalities, for each joint state its outcomes that can happen.
#[derive(Debug)]
pub(crate) struct JointOutcomes<R> {
    /// Joint outcomes by joint states.
    likelihood: Matrix<R>,
    /// `sum_o P(o|s) ln(P(o|s) + e^-16)` of each joint state.
    negative_entropy: Vec<R>,
}

impl<R: Real> JointOutcomes<R> {
    pub(super) fn new(model: &GenerativeModel, layout: &Layout) -> Result<Self, ModelError> {
        let outcomes: f64 = model.a.iter().map(|a| a.shape[0] as f64).product();
        if outcomes > MAX_JOINT_OUTCOMES as f64 {
            return Err(too_large(outcomes));
        }
        let all = JointSet::all(layout);
        let columns: Vec<Vec<u32>> = (0..model.a.len())
            .map(|m| {
                JointSet::new(model.factors_of_modality(m), layout).projection_of(&all, layout)
            })
            .collect();
        let mut likelihood = Vec::with_capacity(all.size());
        let mut kept = 0;
        for state in 0..all.size() {
            let mut possible = vec![(0_u32, 1.0)];
            for (a, columns) in model.a.iter().zip(&columns) {
                possible = extended(&possible, a, columns[state] as usize);
                if kept + possible.len() > MAX_JOINT_OUTCOMES {
                    return Err(too_large((kept + possible.len()) as f64));
                }
            }
            kept += possible.len();
            likelihood.push(possible);
        }
        let negative_entropy = |possible: &Vec<(u32, f64)>| {
            R::of(possible.iter().map(|(_, p)| p * (p + LEGACY_NEGLIGIBLE).ln()).sum())
        };
        Ok(Self {
            negative_entropy: likelihood.iter().map(negative_entropy).collect(),
            likelihood: Matrix::from_columns(outcomes as usize, &likelihood),
        })
    }

    /// How many joint outcomes there are.
    pub(super) fn outcomes(&self) -> usize {
        self.likelihood.rows()
    }

    /// `H(o) - <H(o | s)>` over the states that are not negligible; the weights are used up.
    #[inline(always)]
    pub(super) fn gain<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        weights: &mut [A::Number],
        outcomes: &mut [A::Number],
    ) -> A::Number {
        let outcomes = &mut outcomes[..self.outcomes()];
        arithmetic.map(weights, OnlyAbove(LEGACY_NEGLIGIBLE));
        arithmetic.multiply(&self.likelihood, weights, outcomes);
        let gain = arithmetic.dot_constant(&self.negative_entropy, weights);
        arithmetic.sub(gain, arithmetic.sum_of(outcomes, Weighted(LnLegacy)))
    }
}

/// Every outcome so far with every outcome of one more modality that can happen.
fn extended(possible: &[(u32, f64)], a: &Array, column: usize) -> Vec<(u32, f64)> {
    let columns = a.columns();
    let mut next = Vec::with_capacity(possible.len());
    for (outcome, p) in possible {
        for (o, likelihood) in a.data.iter().skip(column).step_by(columns).enumerate() {
            if *likelihood > 0.0 {
                next.push((outcome * a.shape[0] as u32 + o as u32, p * likelihood));
            }
        }
    }
    next
}

fn too_large(size: f64) -> ModelError {
    ModelError::TooLarge {
        what: "the number of joint outcomes, over which legacy information gain sums,",
        size,
        limit: MAX_JOINT_OUTCOMES,
        remedy: "use the modern profile, or switch use_states_info_gain off",
    }
}
