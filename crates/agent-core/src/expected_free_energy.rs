//! Expected free energy: what policies are worth before they are tried.
//!
//! The value of a policy is the sum over its steps of expected utility, expected information
//! about states and about parameters, and inductive value. A step's value falls into [`Part`]s,
//! each of which depends on few factors and is valued once per combination of their beliefs.

mod contraction;
mod grouping;
mod inductive;
mod joint_outcomes;
mod novelty;
mod product;

use std::collections::BTreeMap;

use crate::arithmetic::Arithmetic;
use crate::beliefs::{JointSet, Layout};
use crate::error::ModelError;
use crate::matrix::Matrix;
use crate::planning::Graph;
use crate::real::Real;
use crate::{Array, Counts, GenerativeModel, Options, Profile};
pub(crate) use contraction::Contraction;
use inductive::Reachability;
use joint_outcomes::JointOutcomes;
use novelty::Novelty;
use product::Product;

/// What is precomputed to value predicted states.
#[derive(Debug)]
pub(crate) struct Valuation<R> {
    pub(crate) parts: Vec<Part<R>>,
    /// `[factor][action]`; empty where it does not count.
    transition_novelty: Vec<Vec<Novelty<R>>>,
    reachability: Option<Reachability>,
}

/// The value of beliefs about some factors.
#[derive(Debug)]
pub(crate) enum Part<R> {
    /// Utility and information of modalities, by summing out one factor after the other.
    Contraction(Contraction<R>),
    /// The same by the joint beliefs, where likelihoods are sparse.
    Product(Product<R>),
    /// Legacy: information over the joint outcome of all modalities.
    JointOutcomes(JointSet, JointOutcomes<R>),
    /// What outcomes would teach about A: what each modality predicts, and what that is worth.
    Novelty(JointSet, Vec<(Matrix<R>, Novelty<R>)>),
}

/// The terms of a step's value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Value<N> {
    pub(crate) utility: N,
    pub(crate) information: N,
    pub(crate) param_info_gain: N,
    pub(crate) inductive: N,
}

impl<N: Copy> Value<N> {
    #[inline(always)]
    pub(crate) fn plus<A: Arithmetic<Number = N>>(self, arithmetic: A, other: Self) -> Self {
        Self {
            utility: arithmetic.add(self.utility, other.utility),
            information: arithmetic.add(self.information, other.information),
            param_info_gain: arithmetic.add(self.param_info_gain, other.param_info_gain),
            inductive: arithmetic.add(self.inductive, other.inductive),
        }
    }

    /// The negative expected free energy.
    #[inline(always)]
    pub(crate) fn sum<A: Arithmetic<Number = N>>(self, arithmetic: A) -> N {
        let wanted = arithmetic.add(self.utility, self.information);
        arithmetic.add(arithmetic.add(wanted, self.param_info_gain), self.inductive)
    }
}

/// Room for the value of one part.
#[derive(Clone, Debug)]
pub(crate) struct ValuationRoom<N> {
    joint: Vec<N>,
    outcomes: Vec<N>,
    weighted: Vec<N>,
    /// What two contractions leave, one after the other.
    contracted: [Vec<N>; 2],
}

/// Whether a step's value depends on which step of a policy it is.
pub(crate) fn is_timed(model: &GenerativeModel, options: &Options) -> bool {
    options.use_utility && model.c.iter().any(|c| c.shape.len() == 2)
}

/// Whether what is learned about B counts.
pub(crate) fn counts_moves(counts: &Counts, options: &Options) -> bool {
    options.use_param_info_gain && counts.b.is_some()
}

impl<R: Real> Valuation<R> {
    /// `graph` says how many beliefs a plan holds.
    pub(crate) fn new(
        model: &GenerativeModel,
        counts: &Counts,
        layout: &Layout,
        options: &Options,
        graph: &Graph,
    ) -> Result<Self, ModelError> {
        let is_modern = options.profile == Profile::Modern;
        let informs = options.use_states_info_gain;
        let mut parts = Vec::new();
        if options.use_utility || (informs && is_modern) {
            let groups = grouping::groups::<R>(model, layout, options, graph);
            parts.extend(groups.iter().map(|group| group.part(layout, options, graph)));
        }
        if informs && !is_modern {
            let joint = JointOutcomes::new(model, layout)?;
            parts.push(Part::JointOutcomes(JointSet::all(layout), joint));
        }
        let learns = options.use_param_info_gain;
        if let Some(counts) = counts.a.as_ref().filter(|_| learns) {
            let mut by_set: BTreeMap<Vec<usize>, Vec<_>> = BTreeMap::new();
            for (m, (a, counts)) in model.a.iter().zip(counts).enumerate() {
                let novelty = (predictions(a), Novelty::new(counts, options.profile));
                by_set.entry(model.factors_of_modality(m)).or_default().push(novelty);
            }
            let part = |(factors, novelty)| Part::Novelty(JointSet::new(factors, layout), novelty);
            parts.extend(by_set.into_iter().map(part));
        }
        let of_factor = |counts: &Array| {
            by_action(counts).map(|counts| Novelty::new(&counts, options.profile)).collect()
        };
        Ok(Self {
            parts,
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
    pub(crate) fn value<'a, A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        step: usize,
        belief: impl Fn(usize) -> &'a [A::Number] + Copy,
        room: &mut ValuationRoom<A::Number>,
    ) -> Value<A::Number>
    where
        A::Number: 'a,
    {
        let mut total = Value::default();
        for part in &self.parts {
            let value = match part {
                Part::Contraction(contraction) => {
                    contraction.value_of(arithmetic, step, belief, &mut room.contracted)
                }
                other => other.value(arithmetic, step, belief, room),
            };
            total = total.plus(arithmetic, value);
        }
        total
    }

    /// What one move of one factor teaches about its B.
    #[inline(always)]
    pub(crate) fn transition_novelty<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        (factor, action): (usize, usize),
        from: &[A::Number],
        to: &[A::Number],
        room: &mut ValuationRoom<A::Number>,
    ) -> A::Number {
        match self.transition_novelty.get(factor).and_then(|of| of.get(action)) {
            Some(novelty) => novelty.gain(arithmetic, from, to, &mut room.weighted),
            None => A::Number::default(),
        }
    }

    pub(crate) fn is_inductive(&self) -> bool {
        self.reachability.is_some()
    }

    /// The inductive value of each state in a plan from these beliefs, if it counts.
    #[inline(always)]
    pub(crate) fn induce<A: Arithmetic<Real = R>>(
        &self,
        beliefs: &[A::Number],
        layout: &Layout,
        out: &mut [A::Number],
    ) {
        if let Some(reachability) = &self.reachability {
            for agent in 0..A::AGENTS {
                reachability.value::<A>(agent, beliefs, layout, out);
            }
        }
    }

    pub(crate) fn room<N: Copy + Default>(&self) -> ValuationRoom<N> {
        let most = |of: fn(&Part<R>) -> usize| self.parts.iter().map(of).max().unwrap_or(0);
        let of_transitions = self.transition_novelty.iter().flatten().map(Novelty::rows).max();
        let of_parts = most(|part| match part {
            Part::Novelty(_, novelty) => novelty.iter().map(|(_, w)| w.rows()).max().unwrap_or(0),
            _ => 0,
        });
        let contracted = most(|part| match part {
            Part::Contraction(contraction) => contraction.largest(),
            _ => 0,
        });
        let zeros = |length| vec![N::default(); length];
        ValuationRoom {
            joint: zeros(most(Part::joint_states)),
            outcomes: zeros(most(Part::outcomes)),
            weighted: zeros(of_parts.max(of_transitions.unwrap_or(0))),
            contracted: [zeros(contracted), zeros(contracted)],
        }
    }
}

impl<R: Real> Part<R> {
    /// The factors that its value depends on, in the order in which they are best met.
    pub(crate) fn factors(&self) -> &[usize] {
        match self {
            Self::Contraction(contraction) => contraction.factors(),
            Self::Product(product) => product.set().factors(),
            Self::JointOutcomes(set, _) | Self::Novelty(set, _) => set.factors(),
        }
    }

    /// Steps of a policy whose values differ; 1 where all are alike.
    pub(crate) fn steps(&self) -> usize {
        match self {
            Self::Contraction(contraction) => contraction.steps(),
            Self::Product(product) => product.steps(),
            Self::JointOutcomes(..) | Self::Novelty(..) => 1,
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
            Self::JointOutcomes(_, joint) => joint.outcomes(),
            Self::Novelty(_, novelty) => novelty.iter().map(|(a, _)| a.rows()).max().unwrap_or(0),
        }
    }

    /// The value by joint beliefs; nothing for a contraction, which needs none.
    #[inline(always)]
    pub(crate) fn value<'a, A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        step: usize,
        belief: impl Fn(usize) -> &'a [A::Number],
        room: &mut ValuationRoom<A::Number>,
    ) -> Value<A::Number>
    where
        A::Number: 'a,
    {
        let ValuationRoom { joint, outcomes, weighted, .. } = room;
        match self {
            Self::Contraction(_) => Value::default(),
            Self::Product(product) => {
                let weights = product.set().joint(arithmetic, belief, joint);
                product.value(arithmetic, step, weights, outcomes)
            }
            Self::JointOutcomes(set, of) => {
                let weights = &mut joint[..set.size()];
                set.joint_into(arithmetic, belief, weights);
                let information = of.gain(arithmetic, weights, outcomes);
                Value { information, ..Value::default() }
            }
            Self::Novelty(set, novelty) => {
                let weights = set.joint(arithmetic, belief, joint);
                let mut param_info_gain = A::Number::default();
                for (prediction, novelty) in novelty {
                    let outcomes = &mut outcomes[..prediction.rows()];
                    arithmetic.multiply(prediction, weights, outcomes);
                    let gain = novelty.gain(arithmetic, weights, outcomes, weighted);
                    param_info_gain = arithmetic.add(param_info_gain, gain);
                }
                Value { param_info_gain, ..Value::default() }
            }
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

fn predictions<R: Real>(a: &Array) -> Matrix<R> {
    Matrix::from_rows(a.shape[0], a.columns(), &a.data)
}
