//! Legacy information gain: over the joint outcome of all modalities.

use crate::beliefs::{JointSet, Layout};
use crate::error::ModelError;
use crate::kernels;
use crate::lanes::Lanes;
use crate::{Array, GenerativeModel};

/// Most outcome probabilities of joint states that the legacy profile keeps.
const MAX_JOINT_OUTCOMES: usize = 1 << 26;

/// Beliefs and probabilities that legacy pymdp passes over: `e^-16`.
const LEGACY_NEGLIGIBLE: f64 = 1.125_351_747_192_591_1e-7;

/// The outer product of all modalities, for each joint state its outcomes that can happen.
#[derive(Debug)]
pub(crate) struct JointOutcomes {
    pub(super) outcomes: usize,
    /// Of each joint state: where its outcomes end.
    ends: Vec<u32>,
    outcome: Vec<u32>,
    probability: Vec<f64>,
    /// `sum_o P(o|s) ln(P(o|s) + e^-16)` of each joint state.
    negative_entropy: Vec<f64>,
}

impl JointOutcomes {
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
        let mut joint = Self {
            outcomes: outcomes as usize,
            ends: Vec::with_capacity(all.size()),
            outcome: Vec::new(),
            probability: Vec::new(),
            negative_entropy: Vec::with_capacity(all.size()),
        };
        for state in 0..all.size() {
            let mut possible = vec![(0_u32, 1.0)];
            for (a, columns) in model.a.iter().zip(&columns) {
                let column = columns[state] as usize;
                possible = extended(&possible, a, column);
                if joint.outcome.len() + possible.len() > MAX_JOINT_OUTCOMES {
                    return Err(too_large((joint.outcome.len() + possible.len()) as f64));
                }
            }
            let entropy = possible.iter().map(|(_, p)| p * (p + LEGACY_NEGLIGIBLE).ln()).sum();
            joint.negative_entropy.push(entropy);
            joint.outcome.extend(possible.iter().map(|(outcome, _)| outcome));
            joint.probability.extend(possible.iter().map(|(_, p)| p));
            joint.ends.push(joint.outcome.len() as u32);
        }
        Ok(joint)
    }

    /// `H(o) - <H(o | s)>` over the states that are not negligible.
    #[inline(always)]
    pub(super) fn gain<L: Lanes>(&self, lanes: L, weights: &[f64], outcomes: &mut [f64]) -> f64 {
        let outcomes = &mut outcomes[..self.outcomes];
        outcomes.fill(0.0);
        let mut gain = 0.0;
        let mut start = 0;
        for (state, (weight, end)) in weights.iter().zip(&self.ends).enumerate() {
            let end = *end as usize;
            if *weight > LEGACY_NEGLIGIBLE {
                gain += weight * self.negative_entropy[state];
                for (o, p) in self.outcome[start..end].iter().zip(&self.probability[start..end]) {
                    outcomes[*o as usize] += weight * p;
                }
            }
            start = end;
        }
        gain - kernels::sum_x_ln_x_legacy(lanes, outcomes)
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
