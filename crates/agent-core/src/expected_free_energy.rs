//! Expected free energy: what policies are worth before they are tried.
//!
//! The value of a policy is the sum over its steps of expected utility, expected information
//! about states and about parameters, and inductive value. A step's value falls into [`Part`]s,
//! each of which depends on few factors and is valued once per combination of their beliefs.

mod contraction;
mod inductive;
mod joint_outcomes;
mod novelty;
mod product;

use std::collections::BTreeMap;

use crate::beliefs::{JointSet, Layout};
use crate::error::ModelError;
use crate::lanes::Lanes;
use crate::matrix::Matrix;
use crate::planning::Capacity;
use crate::probability::{ln_legacy, softmax};
use crate::{Array, Counts, GenerativeModel, Options, Profile};
pub(crate) use contraction::Contraction;
use inductive::Reachability;
use joint_outcomes::JointOutcomes;
use novelty::Novelty;
use product::Product;

/// What is precomputed to value predicted states.
#[derive(Debug)]
pub(crate) struct Valuation {
    pub(crate) parts: Vec<Part>,
    /// Whether a step's value depends on which step of a policy it is.
    pub(crate) is_timed: bool,
    /// `[factor][action]`; empty where it does not count.
    transition_novelty: Vec<Vec<Novelty>>,
    reachability: Option<Reachability>,
}

/// The value of beliefs about some factors.
#[derive(Debug)]
pub(crate) enum Part {
    /// Utility and information of modalities, by summing out one factor after the other.
    Contraction(Contraction),
    /// The same by the joint beliefs, where likelihoods are sparse.
    Product(Product),
    /// Legacy: information over the joint outcome of all modalities.
    JointOutcomes(JointSet, JointOutcomes),
    /// What outcomes would teach about A: what each modality predicts, and what that is worth.
    Novelty(JointSet, Vec<(Matrix, Novelty)>),
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
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            utility: self.utility + other.utility,
            information: self.information + other.information,
            param_info_gain: self.param_info_gain + other.param_info_gain,
            inductive: self.inductive + other.inductive,
        }
    }

    /// The negative expected free energy.
    #[inline(always)]
    pub(crate) fn sum(self) -> f64 {
        self.utility + self.information + self.param_info_gain + self.inductive
    }
}

/// Room for the value of one part.
#[derive(Clone, Debug)]
pub(crate) struct ValuationRoom {
    joint: Vec<f64>,
    outcomes: Vec<f64>,
    weighted: Vec<f64>,
    /// What two contractions leave, one after the other.
    contracted: [Vec<f64>; 2],
}

/// The modalities whose likelihoods depend on the same factors.
struct Group<'a> {
    factors: &'a [usize],
    /// The likelihood, over these factors alone, and the preferences of each modality.
    modalities: &'a [(Array, &'a Array)],
}

impl Valuation {
    /// `capacity` says how many beliefs a plan can hold.
    pub(crate) fn new(
        model: &GenerativeModel,
        counts: &Counts,
        layout: &Layout,
        options: &Options,
        capacity: &Capacity,
    ) -> Result<Self, ModelError> {
        let is_modern = options.profile == Profile::Modern;
        let informs = options.use_states_info_gain;
        let mut parts = Vec::new();
        if options.use_utility || (informs && is_modern) {
            let mut by_set: BTreeMap<Vec<usize>, Vec<(Array, &Array)>> = BTreeMap::new();
            for m in 0..model.a.len() {
                let (a, factors) = effective(&model.a[m], model.factors_of_modality(m));
                by_set.entry(factors).or_default().push((a, &model.c[m]));
            }
            for (factors, modalities) in &by_set {
                let group = Group { factors, modalities };
                parts.push(group.part(layout, options, capacity));
            }
        }
        if informs && !is_modern {
            let joint = JointOutcomes::new(model, layout)?;
            parts.push(Part::JointOutcomes(JointSet::all(layout), joint));
        }
        let learns = options.use_param_info_gain;
        if let Some(counts) = counts.a.as_ref().filter(|_| learns) {
            let mut by_set: BTreeMap<Vec<usize>, Vec<(Matrix, Novelty)>> = BTreeMap::new();
            for (m, (a, counts)) in model.a.iter().zip(counts).enumerate() {
                let novelty = (predictions(a), Novelty::new(counts, options.profile));
                by_set.entry(model.factors_of_modality(m)).or_default().push(novelty);
            }
            parts.extend(
                by_set.into_iter().map(|(factors, novelty)| {
                    Part::Novelty(JointSet::new(factors, layout), novelty)
                }),
            );
        }
        let of_factor = |counts: &Array| {
            by_action(counts).map(|counts| Novelty::new(&counts, options.profile)).collect()
        };
        Ok(Self {
            parts,
            is_timed: options.use_utility && model.c.iter().any(|c| c.shape.len() == 2),
            transition_novelty: counts
                .b
                .iter()
                .filter(|_| learns)
                .flatten()
                .map(of_factor)
                .collect(),
            reachability: options.inductive.as_ref().map(|i| Reachability::new(model, i)),
        })
    }

    /// The value of predicted beliefs in step `step` of a policy.
    #[inline(always)]
    pub(crate) fn value<'a, L: Lanes>(
        &self,
        lanes: L,
        step: usize,
        belief: impl Fn(usize) -> &'a [f64] + Copy,
        room: &mut ValuationRoom,
    ) -> Value {
        let mut total = Value::default();
        for part in &self.parts {
            total = total.plus(match part {
                Part::Contraction(contraction) => {
                    contraction.value_of(lanes, step, belief, &mut room.contracted)
                }
                other => other.value(lanes, step, belief, room),
            });
        }
        total
    }

    /// What one move of one factor teaches about its B.
    #[inline(always)]
    pub(crate) fn transition_novelty<L: Lanes>(
        &self,
        lanes: L,
        factor: usize,
        action: usize,
        from: &[f64],
        to: &[f64],
        room: &mut ValuationRoom,
    ) -> f64 {
        match self.transition_novelty.get(factor).and_then(|of| of.get(action)) {
            Some(novelty) => novelty.gain(lanes, from, to, &mut room.weighted),
            None => 0.0,
        }
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

    pub(crate) fn room(&self) -> ValuationRoom {
        let most = |of: fn(&Part) -> usize| self.parts.iter().map(of).max().unwrap_or(0);
        let of_transitions = self.transition_novelty.iter().flatten().map(Novelty::rows).max();
        let of_parts = most(|part| match part {
            Part::Novelty(_, novelty) => novelty.iter().map(|(_, w)| w.rows()).max().unwrap_or(0),
            _ => 0,
        });
        let contracted = most(|part| match part {
            Part::Contraction(contraction) => contraction.largest(),
            _ => 0,
        });
        ValuationRoom {
            joint: vec![0.0; most(Part::joint_states)],
            outcomes: vec![0.0; most(Part::outcomes)],
            weighted: vec![0.0; of_parts.max(of_transitions.unwrap_or(0))],
            contracted: [vec![0.0; contracted], vec![0.0; contracted]],
        }
    }
}

impl Part {
    /// The factors that its value depends on, in the order in which they are best met.
    pub(crate) fn factors(&self) -> &[usize] {
        match self {
            Self::Contraction(contraction) => contraction.factors(),
            Self::Product(product) => product.set().factors(),
            Self::JointOutcomes(set, _) | Self::Novelty(set, _) => set.factors(),
        }
    }

    /// The joint states whose beliefs are multiplied out.
    fn joint_states(&self) -> usize {
        match self {
            Self::Contraction(_) => 0,
            Self::Product(product) => product.set().size(),
            Self::JointOutcomes(set, _) | Self::Novelty(set, _) => set.size(),
        }
    }

    fn outcomes(&self) -> usize {
        match self {
            Self::Contraction(_) => 0,
            Self::Product(product) => product.outcomes(),
            Self::JointOutcomes(_, joint) => joint.outcomes,
            Self::Novelty(_, novelty) => novelty.iter().map(|(a, _)| a.rows()).max().unwrap_or(0),
        }
    }

    /// The value by joint beliefs; nothing for a contraction, which needs none.
    #[inline(always)]
    pub(crate) fn value<'a, L: Lanes>(
        &self,
        lanes: L,
        step: usize,
        belief: impl Fn(usize) -> &'a [f64],
        room: &mut ValuationRoom,
    ) -> Value {
        let ValuationRoom { joint, outcomes, weighted, .. } = room;
        match self {
            Self::Contraction(_) => Value::default(),
            Self::Product(product) => {
                let weights = product.set().joint(belief, joint);
                product.value(lanes, step, weights, outcomes)
            }
            Self::JointOutcomes(set, of) => {
                let information = of.gain(lanes, set.joint(belief, joint), outcomes);
                Value { information, ..Value::default() }
            }
            Self::Novelty(set, novelty) => {
                let weights = set.joint(belief, joint);
                let mut param_info_gain = 0.0;
                for (prediction, novelty) in novelty {
                    let outcomes = &mut outcomes[..prediction.rows()];
                    prediction.multiply(lanes, weights, outcomes);
                    param_info_gain += novelty.gain(lanes, weights, outcomes, weighted);
                }
                Value { param_info_gain, ..Value::default() }
            }
        }
    }
}

impl Group<'_> {
    /// As a contraction, unless sparse products are far less work.
    fn part(&self, layout: &Layout, options: &Options, capacity: &Capacity) -> Part {
        let informs = options.use_states_info_gain && options.profile == Profile::Modern;
        let set = JointSet::new(self.factors.to_vec(), layout);
        let utility = match options.use_utility {
            true => self.utility(options),
            false => Vec::new(),
        };
        let product = Product::new(set, utility, self.likelihoods().filter(|_| informs));
        let contraction = Contraction::new(self, &product, layout, capacity);
        match contraction {
            Some(contraction) => Part::Contraction(contraction),
            None => Part::Product(product),
        }
    }

    fn likelihoods(&self) -> impl Iterator<Item = &Array> + Clone {
        self.modalities.iter().map(|(a, _)| a)
    }

    /// Per step, the expected utility of each joint state: `sum_m sum_o P(o|s) c_m(o)`.
    fn utility(&self, options: &Options) -> Vec<Vec<f64>> {
        let is_timed = self.modalities.iter().any(|(_, c)| c.shape.len() == 2);
        let steps = if is_timed { options.policy_len } else { 1 };
        let of_step = |step| {
            let mut utility = Vec::new();
            for (a, c) in self.modalities {
                utility.resize(a.columns(), 0.0);
                for (outcome, preference) in
                    preferences(c, step, options.profile).iter().enumerate()
                {
                    for (sum, p) in utility.iter_mut().zip(a.row(outcome)) {
                        *sum += p * preference;
                    }
                }
            }
            utility
        };
        (0..steps).map(of_step).collect()
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

/// A likelihood over those of its factors that it really depends on; one at least is left.
fn effective(a: &Array, mut factors: Vec<usize>) -> (Array, Vec<usize>) {
    let mut a = a.clone();
    let mut axis = a.shape.len() - 1;
    while axis > 0 && factors.len() > 1 {
        let length = a.shape[axis];
        let inner: usize = a.shape[axis + 1..].iter().product();
        let is_same =
            |block: &[f64]| block.chunks_exact(inner).all(|slice| *slice == block[..inner]);
        if a.data.chunks_exact(length * inner).all(is_same) {
            let blocks = a.data.chunks_exact(length * inner);
            a.data = blocks.flat_map(|block| block[..inner].iter().copied()).collect();
            a.shape.remove(axis);
            factors.remove(axis - 1);
        }
        axis -= 1;
    }
    (a, factors)
}

fn predictions(a: &Array) -> Matrix {
    Matrix::from_rows(a.shape[0], a.columns(), &a.data)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_likelihood_keeps_only_the_factors_it_depends_on() {
        let of_second = Array::from_fn(&[2, 3, 4, 2], |i| (i[0] + 10 * i[2]) as f64);
        let (a, factors) = effective(&of_second, vec![0, 3, 5]);
        assert_eq!(factors, [3]);
        assert_eq!(a, Array::from_fn(&[2, 4], |i| (i[0] + 10 * i[1]) as f64));
        let of_none = Array::from_fn(&[2, 3, 4], |i| i[0] as f64);
        assert_eq!(effective(&of_none, vec![1, 2]).1, [1]);
        let of_all = Array::from_fn(&[2, 3, 2], |i| (i[0] + 5 * i[1] + 7 * i[2]) as f64);
        assert_eq!(effective(&of_all, vec![1, 2]), (of_all.clone(), vec![1, 2]));
    }
}
