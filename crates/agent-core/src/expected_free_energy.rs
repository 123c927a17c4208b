//! Expected free energy: what policies are worth before they are tried.
//!
//! The value of a policy is the sum over its steps of expected utility and expected information
//! about the states. Both are linear in the beliefs, but for the entropy of the predicted
//! outcomes, so the linear part is one vector per step, computed once per model.

use std::collections::BTreeMap;

use crate::beliefs::{Factors, JointSet, Layout};
use crate::error::ModelError;
use crate::matrix::Matrix;
use crate::probability::{dot, ln_legacy, softmax, x_ln_x};
use crate::{Array, GenerativeModel, Options, Profile};

/// Most outcome probabilities of joint states that the legacy profile keeps.
const MAX_JOINT_OUTCOMES: usize = 1 << 26;

/// Beliefs and probabilities that legacy pymdp passes over: `e^-16`.
const LEGACY_NEGLIGIBLE: f64 = 1.125_351_747_192_591_1e-7;

/// What is precomputed to value predicted states.
#[derive(Debug)]
pub(crate) struct Valuation {
    /// One per distinct set of factors that modalities depend on.
    sets: Vec<SetValue>,
    information: Information,
}

/// The value of beliefs about one set of factors.
#[derive(Debug)]
struct SetValue {
    set: JointSet,
    /// Per step of a policy, or a single one for all: utility of each joint state, summed over
    /// the modalities of the set. Empty where utility is off.
    utility: Vec<Vec<f64>>,
}

/// How information gain is computed.
#[derive(Debug)]
enum Information {
    Off,
    /// Over the joint outcome of all modalities.
    Legacy(JointOutcomes),
    /// Summed over modalities; one entry for each element of `sets`.
    Modern(Vec<Ambiguity>),
}

/// For one set of factors: what the modalities reveal.
#[derive(Debug)]
struct Ambiguity {
    /// `sum_m sum_o P(o|s) ln P(o|s)` of each joint state.
    negative_entropy: Vec<f64>,
    /// `P(o | joint states)` of each modality.
    predictions: Vec<Matrix>,
}

/// The outer product of all modalities, for each joint state its outcomes that can happen.
#[derive(Debug)]
struct JointOutcomes {
    all: JointSet,
    outcomes: usize,
    /// Of each joint state: where its outcomes end.
    ends: Vec<u32>,
    outcome: Vec<u32>,
    probability: Vec<f64>,
    /// `sum_o P(o|s) ln(P(o|s) + e^-16)` of each joint state.
    negative_entropy: Vec<f64>,
}

/// The two terms of a step's value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Value {
    pub(crate) utility: f64,
    pub(crate) information: f64,
}

impl Valuation {
    pub(crate) fn new(
        model: &GenerativeModel,
        layout: &Layout,
        options: &Options,
    ) -> Result<Self, ModelError> {
        let mut by_set: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for m in 0..model.a.len() {
            by_set.entry(model.factors_of_modality(m)).or_default().push(m);
        }
        let information = match (options.use_states_info_gain, options.profile) {
            (false, _) => Information::Off,
            (true, Profile::Legacy) => Information::Legacy(JointOutcomes::new(model, layout)?),
            (true, Profile::Modern) => Information::Modern(
                by_set.values().map(|modalities| Ambiguity::new(model, modalities)).collect(),
            ),
        };
        let sets = by_set
            .into_iter()
            .map(|(factors, modalities)| SetValue {
                set: JointSet::new(factors, layout),
                utility: if options.use_utility {
                    utility(model, &modalities, options)
                } else {
                    Vec::new()
                },
            })
            .collect();
        Ok(Self { sets, information })
    }

    /// The value of these predicted beliefs in step `step` of a policy.
    pub(crate) fn of(
        &self,
        step: usize,
        of: Factors,
        joint: &mut [f64],
        outcomes: &mut [f64],
    ) -> Value {
        let mut value = Value::default();
        for (index, SetValue { set, utility }) in self.sets.iter().enumerate() {
            let weights = set.joint(of, joint);
            if let Some(utility) = utility.get(step.min(utility.len().saturating_sub(1))) {
                value.utility += dot(weights, utility);
            }
            if let Information::Modern(ambiguities) = &self.information {
                value.information += ambiguities[index].gain(weights, outcomes);
            }
        }
        if let Information::Legacy(joint_outcomes) = &self.information {
            let weights = joint_outcomes.all.joint(of, joint);
            value.information = joint_outcomes.gain(weights, outcomes);
        }
        value
    }

    /// How much room `of` needs for joint states and for outcomes.
    pub(crate) fn room(&self) -> (usize, usize) {
        let sets = self.sets.iter().map(|value| value.set.size()).max().unwrap_or(0);
        match &self.information {
            Information::Off => (sets, 0),
            Information::Legacy(joint) => (sets.max(joint.all.size()), joint.outcomes),
            Information::Modern(ambiguities) => {
                let outcomes = ambiguities.iter().flat_map(|a| &a.predictions).map(Matrix::rows);
                (sets, outcomes.max().unwrap_or(0))
            }
        }
    }
}

/// Per step, the expected utility of each joint state: `sum_m sum_o P(o|s) c_m(o)`.
fn utility(model: &GenerativeModel, modalities: &[usize], options: &Options) -> Vec<Vec<f64>> {
    let is_timed = modalities.iter().any(|m| model.c[*m].shape.len() == 2);
    let steps = if is_timed { options.policy_len } else { 1 };
    (0..steps)
        .map(|step| {
            let mut utility = vec![0.0; model.a[modalities[0]].columns()];
            for &m in modalities {
                let preferences = preferences(&model.c[m], step, options.profile);
                for (outcome, preference) in preferences.into_iter().enumerate() {
                    for (sum, p) in utility.iter_mut().zip(model.a[m].row(outcome)) {
                        *sum += p * preference;
                    }
                }
            }
            utility
        })
        .collect()
}

/// Log preferences in one step: normalised in the legacy profile, as they are in the modern one.
fn preferences(c: &Array, step: usize, profile: Profile) -> Vec<f64> {
    let columns = c.columns();
    let raw = c.data.iter().skip(step.min(columns - 1)).step_by(columns);
    let mut preferences: Vec<f64> = raw.copied().collect();
    if profile == Profile::Legacy {
        softmax(&mut preferences);
        for preference in &mut preferences {
            *preference = ln_legacy(*preference);
        }
    }
    preferences
}

impl Ambiguity {
    fn new(model: &GenerativeModel, modalities: &[usize]) -> Self {
        let mut negative_entropy = vec![0.0; model.a[modalities[0]].columns()];
        let mut predictions = Vec::with_capacity(modalities.len());
        for a in modalities.iter().map(|m| &model.a[*m]) {
            let columns = a.columns();
            for row in a.data.chunks_exact(columns) {
                for (sum, p) in negative_entropy.iter_mut().zip(row) {
                    *sum += x_ln_x(*p);
                }
            }
            predictions.push(Matrix::from_rows(a.shape[0], columns, a.data.clone()));
        }
        Self { negative_entropy, predictions }
    }

    /// `sum_m H(o_m) - <H(o_m | s)>`.
    fn gain(&self, weights: &[f64], outcomes: &mut [f64]) -> f64 {
        let mut gain = dot(weights, &self.negative_entropy);
        for prediction in &self.predictions {
            let outcomes = &mut outcomes[..prediction.rows()];
            prediction.multiply(weights, outcomes);
            gain -= outcomes.iter().map(|p| x_ln_x(*p)).sum::<f64>();
        }
        gain
    }
}

impl JointOutcomes {
    fn new(model: &GenerativeModel, layout: &Layout) -> Result<Self, ModelError> {
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
            all,
        };
        for state in 0..joint.all.size() {
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
    fn gain(&self, weights: &[f64], outcomes: &mut [f64]) -> f64 {
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
        gain - outcomes.iter().filter(|p| **p > 0.0).map(|p| p * ln_legacy(*p)).sum::<f64>()
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
