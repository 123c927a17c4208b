//! Expected free energy: what policies are worth before they are tried.
//!
//! The value of a policy is the sum over its steps of expected utility, expected information
//! about states and about parameters, and inductive value. Utility and the ambiguity of outcomes
//! are linear in the beliefs, so they are one vector per step, computed once per model.

mod inductive;
mod joint_outcomes;
mod novelty;

use std::collections::BTreeMap;

use crate::beliefs::{JointSet, Layout};
use crate::error::ModelError;
use crate::matrix::Matrix;
use crate::probability::{dot, ln_legacy, softmax, x_ln_x};
use crate::{Array, Counts, GenerativeModel, Options, Profile};
use inductive::Reachability;
use joint_outcomes::JointOutcomes;
use novelty::Novelty;

/// What is precomputed to value predicted states.
#[derive(Debug)]
pub(crate) struct Valuation {
    /// One per distinct set of factors that modalities depend on, and in the legacy profile one
    /// more for the joint outcome.
    parts: Vec<Part>,
    /// `[factor][action]`; empty where it does not count.
    transition_novelty: Vec<Vec<Novelty>>,
    reachability: Option<Reachability>,
}

/// The value of beliefs about one set of factors.
#[derive(Debug)]
struct Part {
    set: JointSet,
    /// Per step of a policy, or a single one for all: utility of each joint state, summed over
    /// the modalities of the set. Empty where utility is off.
    utility: Vec<Vec<f64>>,
    information: Information,
    /// Of each modality whose parameters count: what it predicts, and what that would teach.
    novelty: Vec<(Matrix, Novelty)>,
}

/// How information gain about states is computed.
#[derive(Debug)]
enum Information {
    Off,
    /// Over the joint outcome of all modalities.
    Legacy(JointOutcomes),
    /// Summed over modalities.
    Modern(Ambiguity),
}

/// For one set of factors: what the modalities reveal.
#[derive(Debug)]
struct Ambiguity {
    /// `sum_m sum_o P(o|s) ln P(o|s)` of each joint state.
    negative_entropy: Vec<f64>,
    /// `P(o | joint states)` of each modality.
    predictions: Vec<Matrix>,
}

/// The terms of a step's value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Value {
    pub(crate) utility: f64,
    pub(crate) information: f64,
    pub(crate) param_info_gain: f64,
    pub(crate) inductive: f64,
}

impl Value {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            utility: self.utility + other.utility,
            information: self.information + other.information,
            param_info_gain: self.param_info_gain + other.param_info_gain,
            inductive: self.inductive + other.inductive,
        }
    }

    /// The negative expected free energy.
    pub(crate) fn sum(self) -> f64 {
        self.utility + self.information + self.param_info_gain + self.inductive
    }
}

/// Room for predicted outcomes.
#[derive(Clone, Debug)]
pub(crate) struct ValuationRoom {
    outcomes: Vec<f64>,
    weighted: Vec<f64>,
}

impl Valuation {
    pub(crate) fn new(
        model: &GenerativeModel,
        counts: &Counts,
        layout: &Layout,
        options: &Options,
    ) -> Result<Self, ModelError> {
        let mut by_set: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for m in 0..model.a.len() {
            by_set.entry(model.factors_of_modality(m)).or_default().push(m);
        }
        let learns = options.use_param_info_gain;
        let mut parts: Vec<Part> = by_set
            .into_iter()
            .map(|(factors, modalities)| Part {
                set: JointSet::new(factors, layout),
                utility: match options.use_utility {
                    true => utility(model, &modalities, options),
                    false => Vec::new(),
                },
                information: match (options.use_states_info_gain, options.profile) {
                    (true, Profile::Modern) => {
                        Information::Modern(Ambiguity::new(model, &modalities))
                    }
                    _ => Information::Off,
                },
                novelty: match counts.a.as_ref().filter(|_| learns) {
                    None => Vec::new(),
                    Some(counts) => modalities
                        .iter()
                        .map(|m| {
                            let novelty = Novelty::new(&counts[*m], options.profile);
                            (predictions(&model.a[*m]), novelty)
                        })
                        .collect(),
                },
            })
            .collect();
        if options.use_states_info_gain && options.profile == Profile::Legacy {
            parts.push(Part {
                set: JointSet::all(layout),
                utility: Vec::new(),
                information: Information::Legacy(JointOutcomes::new(model, layout)?),
                novelty: Vec::new(),
            });
        }
        let transition_novelty = counts.b.iter().filter(|_| learns).flatten();
        Ok(Self {
            parts,
            transition_novelty: transition_novelty
                .map(|counts| {
                    by_action(counts).map(|c| Novelty::new(&c, options.profile)).collect()
                })
                .collect(),
            reachability: options.inductive.as_ref().map(|i| Reachability::new(model, i)),
        })
    }

    /// The factors that each part's value depends on.
    pub(crate) fn part_factors(&self) -> impl Iterator<Item = &[usize]> {
        self.parts.iter().map(|part| part.set.factors())
    }

    /// The factors that one part's value depends on.
    pub(crate) fn factors_of_part(&self, part: usize) -> &[usize] {
        self.parts[part].set.factors()
    }

    /// The value of one part of predicted beliefs in step `step` of a policy.
    pub(crate) fn of_part<'a>(
        &self,
        part: usize,
        step: usize,
        belief: impl Fn(usize) -> &'a [f64],
        joint: &'a mut [f64],
        room: &mut ValuationRoom,
    ) -> Value {
        let part = &self.parts[part];
        let weights = part.set.joint(belief, joint);
        let utility = part.utility.get(step.min(part.utility.len().saturating_sub(1)));
        let mut param_info_gain = 0.0;
        for (prediction, novelty) in &part.novelty {
            let outcomes = &mut room.outcomes[..prediction.rows()];
            prediction.multiply(weights, outcomes);
            param_info_gain += novelty.gain(weights, outcomes, &mut room.weighted);
        }
        Value {
            utility: utility.map_or(0.0, |utility| dot(weights, utility)),
            information: match &part.information {
                Information::Off => 0.0,
                Information::Legacy(joint) => joint.gain(weights, &mut room.outcomes),
                Information::Modern(ambiguity) => ambiguity.gain(weights, &mut room.outcomes),
            },
            param_info_gain,
            inductive: 0.0,
        }
    }

    /// What one move of one factor teaches about its B.
    pub(crate) fn transition_novelty(
        &self,
        factor: usize,
        action: usize,
        from: &[f64],
        to: &[f64],
        room: &mut ValuationRoom,
    ) -> f64 {
        let novelty = self.transition_novelty.get(factor).and_then(|of| of.get(action));
        novelty.map_or(0.0, |novelty| novelty.gain(from, to, &mut room.weighted))
    }

    pub(crate) fn is_inductive(&self) -> bool {
        self.reachability.is_some()
    }

    /// The inductive value of each state in a plan from these beliefs, if it counts.
    pub(crate) fn induce(&self, beliefs: &[f64], layout: &Layout, out: &mut [f64]) {
        if let Some(reachability) = &self.reachability {
            reachability.value(beliefs, layout, out);
        }
    }

    /// Joint states of the largest part.
    pub(crate) fn largest_set(&self) -> usize {
        self.parts.iter().map(|part| part.set.size()).max().unwrap_or(0)
    }

    pub(crate) fn room(&self) -> ValuationRoom {
        let outcomes = self.parts.iter().map(|part| {
            let novelty = part.novelty.iter().map(|(a, _)| a.rows()).max().unwrap_or(0);
            novelty.max(match &part.information {
                Information::Off => 0,
                Information::Legacy(joint) => joint.outcomes,
                Information::Modern(ambiguity) => {
                    ambiguity.predictions.iter().map(Matrix::rows).max().unwrap_or(0)
                }
            })
        });
        let of_parts = self.parts.iter().flat_map(|part| part.novelty.iter().map(|(_, w)| w));
        let novelty = of_parts.chain(self.transition_novelty.iter().flatten());
        let weighted = novelty.map(Novelty::rows).max().unwrap_or(0);
        ValuationRoom {
            outcomes: vec![0.0; outcomes.max().unwrap_or(0)],
            weighted: vec![0.0; weighted],
        }
    }
}

/// The slices of an array along its last axis.
pub(crate) fn by_action(array: &Array) -> impl Iterator<Item = Array> {
    let (actions, shape) = match array.shape.split_last() {
        Some((actions, shape)) => (*actions, shape.to_vec()),
        None => (1, Vec::new()),
    };
    (0..actions).map(move |u| Array {
        shape: shape.clone(),
        data: array.data.iter().skip(u).step_by(actions).copied().collect(),
    })
}

fn predictions(a: &Array) -> Matrix {
    Matrix::from_rows(a.shape[0], a.columns(), a.data.clone())
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
        for a in modalities.iter().map(|m| &model.a[*m]) {
            for row in a.data.chunks_exact(a.columns()) {
                for (sum, p) in negative_entropy.iter_mut().zip(row) {
                    *sum += x_ln_x(*p);
                }
            }
        }
        let predictions = modalities.iter().map(|m| predictions(&model.a[*m])).collect();
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
