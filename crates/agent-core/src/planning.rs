//! Planning by enumeration: every policy is valued along the tree of their prefixes.
//!
//! Nothing is computed twice within a plan. Which beliefs a plan comes across and how each
//! follows from another is the same for every plan: [`Graph`] holds it, found when the model was
//! compiled. A plan computes each of those beliefs once, the value of each combination of them
//! that comes up once, and adds the values up along the tree.

mod graph;
mod leaves;
mod merging;
mod tuples;

use crate::Model;
use crate::aligned::{self, Aligned};
use crate::arithmetic::{Along, Arithmetic, SEVERAL};
use crate::beliefs::Layout;
use crate::expected_free_energy::{Part, Valuation, ValuationRoom, Value};
use crate::lanes::{Calculation, Lanes};
use crate::model::Transition;
use crate::real::Real;
use crate::workspace::Plan;
pub(crate) use graph::{Distinctions, Graph, Questions};
pub(crate) use leaves::Leaves;
use leaves::OfPart;

/// Room for one plan.
#[derive(Clone, Debug)]
pub(crate) struct Planning<N> {
    /// `[factor]`: beliefs, one after the other; the present's first.
    beliefs: Vec<Aligned<N>>,
    parts: Vec<PartRoom<N>>,
    /// What each move teaches about B; empty where that does not count.
    novelty: Vec<N>,
    /// Inductive value of each state of all factors; empty where it does not count.
    inductive: Vec<N>,
    /// `[factor][belief]`: its inductive value.
    inductive_of: Vec<Vec<N>>,
    /// What each situation is worth.
    situations: Vec<Value<N>>,
    /// The value of the policy at hand up to each of its steps; nothing at the present.
    totals: Vec<Value<N>>,
    /// Joint beliefs of the factors that one factor's transitions depend on.
    weights: Vec<N>,
    /// A belief that is there already, where only what a move teaches is wanted.
    repeated: Vec<N>,
    valuation: ValuationRoom<N>,
}

/// The values of one part.
#[derive(Clone, Debug)]
struct PartRoom<N> {
    /// For each factor but the last, what contraction leaves of each combination.
    left: Vec<Aligned<N>>,
    /// What the last contraction leaves of several combinations.
    rows: Aligned<N>,
    /// `[combination][step]`.
    values: Vec<Value<N>>,
}

impl<N: Copy + Default> Planning<N> {
    pub(crate) fn new<R: Real>(model: &Model<R>) -> Self {
        let (graph, layout, valuation) = (&model.graph, &model.layout, &model.valuation);
        let zeros = |length: usize| vec![N::default(); length];
        let states = |f: usize| layout.range(f).len();
        let is_inductive = valuation.is_inductive();
        let of_part = |(part, questions): (&Part<R>, &Questions)| PartRoom::new(part, questions);
        Self {
            beliefs: graph
                .beliefs()
                .iter()
                .enumerate()
                .map(|(f, n)| aligned::zeros(n * states(f)))
                .collect(),
            parts: valuation.parts.iter().zip(&model.questions).map(of_part).collect(),
            novelty: zeros(if graph.by(0).is_empty() { 0 } else { graph.moves().len() }),
            inductive: zeros(if is_inductive { layout.total() } else { 0 }),
            inductive_of: match is_inductive {
                true => graph.beliefs().iter().map(|n| zeros(*n)).collect(),
                false => Vec::new(),
            },
            situations: vec![Value::default(); graph.situations()],
            totals: vec![Value::default(); model.policies.steps() + 1],
            weights: zeros(model.transitions.iter().map(|t| t.from.size()).max().unwrap_or(0)),
            repeated: zeros((0..layout.factors()).map(states).max().unwrap_or(0)),
            valuation: valuation.room(),
        }
    }
}

impl<N: Copy + Default> PartRoom<N> {
    fn new<R: Real>(part: &Part<R>, questions: &Questions) -> Self {
        let (last, before) = match questions.prefixes.split_last() {
            Some((last, before)) => (last.len(), before),
            None => (0, &[][..]),
        };
        let (left, rows) = match part {
            Part::Contraction(contraction) => {
                let left = before.iter().enumerate().map(|(level, prefixes)| {
                    aligned::zeros(prefixes.len() * contraction.left_after(level))
                });
                (left.collect(), SEVERAL * contraction.stride())
            }
            _ => (Vec::new(), 0),
        };
        Self {
            left,
            rows: aligned::zeros(rows),
            values: vec![Value::default(); last * part.steps()],
        }
    }
}

/// The beliefs of a plan, by factor and number.
#[derive(Clone, Copy)]
struct Predicted<'a, N> {
    beliefs: &'a [Aligned<N>],
    layout: &'a Layout,
}

impl<'a, N> Predicted<'a, N> {
    #[inline(always)]
    fn belief(&self, factor: usize, number: u32) -> &'a [N] {
        let states = self.layout.range(factor).len();
        &self.beliefs[factor][number as usize * states..][..states]
    }
}

/// Values every policy from these beliefs: `q_pi = softmax(gamma neg_efe + ln E)`.
///
/// Time is linear in the distinct beliefs and combinations of them, and in the nodes of the
/// policy tree; nothing is allocated.
pub(crate) struct Evaluation<'a, R: Real> {
    pub(crate) model: &'a Model<R>,
    pub(crate) beliefs: &'a [R],
    pub(crate) planning: &'a mut Planning<R>,
    pub(crate) plan: &'a mut Plan<R>,
}

impl<R: Real> Calculation<R> for Evaluation<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        let Self { model, beliefs, planning, plan } = self;
        planning.evaluate(Along::new(lanes), model, beliefs, plan);
    }
}

impl<N: Copy + Default + PartialEq> Planning<N> {
    /// Values every policy from the beliefs of each agent at hand.
    #[inline(always)]
    pub(crate) fn evaluate<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        model: &Model<A::Real>,
        beliefs: &[N],
        plan: &mut Plan<N>,
    ) {
        self.predict(arithmetic, model, beliefs);
        self.induce(arithmetic, model, beliefs);
        let parts = model.valuation.parts.iter().zip(&model.questions);
        let parts = parts.zip(model.leaves.of_parts()).zip(&mut self.parts);
        for (((part, questions), leaves), room) in parts {
            room.answer(
                arithmetic,
                part,
                questions,
                leaves,
                Predicted { beliefs: &self.beliefs, layout: &model.layout },
                &mut self.valuation,
            );
        }
        self.add_up_situations(arithmetic, model);
        for (node, situation) in model.policies.nodes().iter().zip(model.graph.nodes()) {
            let depth = node.depth as usize;
            let total = self.totals[depth].plus(arithmetic, self.situations[*situation as usize]);
            self.totals[depth + 1] = total;
            if let Some(policy) = node.policy {
                plan.set(arithmetic, policy as usize, total);
            }
        }
        plan.weigh(arithmetic, model.options.gamma, &model.log_habits);
    }

    /// Every belief of the plan.
    #[inline(always)]
    fn predict<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        model: &Model<A::Real>,
        beliefs: &[N],
    ) {
        let layout = &model.layout;
        for (f, own) in self.beliefs.iter_mut().enumerate() {
            let range = layout.range(f);
            own[..range.len()].copy_from_slice(&beliefs[range]);
        }
        for (number, step) in model.graph.moves().iter().enumerate() {
            if model.leaves.is_skipped(number) {
                continue;
            }
            let (f, action) = (step.factor as usize, step.action as usize);
            let Transition { from, by_action } = &model.transitions[f];
            let states = layout.range(f).len();
            let origins = model.graph.origins(step, from.factors().len());
            // The move starts from beliefs that were numbered before the one it leads to.
            let start = step.to as usize * states;
            if let ([origin], [factor]) = (origins, from.factors())
                && *factor == f
                && !step.is_known
            {
                let (before, after) = self.beliefs[f].split_at_mut(start);
                let weights = &before[*origin as usize * states..][..states];
                arithmetic.multiply(&by_action[action], weights, &mut after[..states]);
                if let Some(novelty) = self.novelty.get_mut(number) {
                    let to = &after[..states];
                    let (valuation, room) = (&model.valuation, &mut self.valuation);
                    *novelty =
                        valuation.transition_novelty(arithmetic, (f, action), weights, to, room);
                }
                continue;
            }
            let all = &self.beliefs;
            let belief = |g: usize| {
                let place = from.factors().iter().position(|h| *h == g).unwrap_or(0);
                let states = layout.range(g).len();
                &all[g][origins[place] as usize * states..][..states]
            };
            let weights = from.joint(arithmetic, belief, &mut self.weights);
            let to = &mut self.repeated[..states];
            arithmetic.multiply(&by_action[action], weights, to);
            if let Some(novelty) = self.novelty.get_mut(number) {
                let (valuation, room) = (&model.valuation, &mut self.valuation);
                *novelty = valuation.transition_novelty(arithmetic, (f, action), weights, to, room);
            }
            if !step.is_known {
                self.beliefs[f][start..start + states].copy_from_slice(to);
            }
        }
    }

    /// The inductive value of every belief, where it counts.
    #[inline(always)]
    fn induce<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        model: &Model<A::Real>,
        beliefs: &[N],
    ) {
        if self.inductive.is_empty() {
            return;
        }
        let valuation: &Valuation<A::Real> = &model.valuation;
        valuation.induce::<A>(beliefs, &model.layout, &mut self.inductive);
        for (f, (values, beliefs)) in self.inductive_of.iter_mut().zip(&self.beliefs).enumerate() {
            let of_states = &self.inductive[model.layout.range(f)];
            for (value, belief) in values.iter_mut().zip(beliefs.chunks_exact(of_states.len())) {
                *value = arithmetic.dot(of_states, belief);
            }
        }
    }

    /// What every situation is worth, from the values of its parts.
    #[inline(always)]
    fn add_up_situations<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        model: &Model<A::Real>,
    ) {
        self.situations.fill(Value::default());
        for (questions, room) in model.questions.iter().zip(&self.parts) {
            for (total, value) in self.situations.iter_mut().zip(&questions.value_of_situation) {
                *total = total.plus(arithmetic, room.values[*value as usize]);
            }
        }
        if self.novelty.is_empty() && self.inductive.is_empty() {
            return;
        }
        for (number, total) in self.situations.iter_mut().enumerate() {
            for place in model.graph.by(number) {
                let novelty = self.novelty[*place as usize];
                total.param_info_gain = arithmetic.add(total.param_info_gain, novelty);
            }
            for (values, belief) in self.inductive_of.iter().zip(model.graph.after(number)) {
                total.inductive = arithmetic.add(total.inductive, values[*belief as usize]);
            }
        }
    }
}

impl<N: Copy + Default + PartialEq> PartRoom<N> {
    /// Values every combination of beliefs that is asked about.
    #[inline(always)]
    fn answer<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        part: &Part<A::Real>,
        questions: &Questions,
        leaves: &OfPart<A::Real>,
        predicted: Predicted<N>,
        room: &mut ValuationRoom<N>,
    ) {
        let belief = |factor: usize, number: u32| predicted.belief(factor, number);
        let factors = part.factors();
        let Part::Contraction(contraction) = part else {
            let Some(all) = questions.prefixes.last() else { return };
            for combination in 0..all.len() {
                let of_factor = |factor: usize| {
                    let place = factors.iter().position(|f| *f == factor).unwrap_or(0);
                    belief(factor, questions.belief(combination, place))
                };
                for step in 0..part.steps() {
                    self.values[combination * part.steps() + step] =
                        part.value(arithmetic, step, of_factor, room);
                }
            }
            return;
        };
        for (level, prefixes) in questions.prefixes.iter().enumerate() {
            let is_last = level + 1 == factors.len();
            let length = contraction.left_after(level);
            let (before, here) = self.left.split_at_mut(level);
            let mut number = 0;
            // Beliefs that meet the same array are summed out of it together.
            let alike = prefixes.chunk_by(|a, b| a.before == b.before);
            for prefixes in alike.flat_map(|alike| alike.chunks(SEVERAL)) {
                let out = match here.first_mut() {
                    Some(here) => &mut here[number * length..][..prefixes.len() * length],
                    None => &mut self.rows[..prefixes.len() * length],
                };
                let weights = |k: usize| belief(factors[level], prefixes[k].last);
                match before.last() {
                    None if !leaves.is_empty() => {
                        for (k, row) in out.chunks_exact_mut(length).enumerate() {
                            match leaves.leaf(number + k) {
                                Some((origin, after)) => {
                                    let origin = belief(factors[level], origin);
                                    arithmetic.multiply_wide(after, origin, row);
                                }
                                None => contraction.begin(arithmetic, |_| weights(k), row),
                            }
                        }
                    }
                    None => contraction.begin(arithmetic, weights, out),
                    Some(before) => {
                        let whole = contraction.left_after(level - 1);
                        let from = &before[prefixes[0].before as usize * whole..][..whole];
                        arithmetic.weighted_sums_of(from, length, weights, out);
                    }
                }
                if is_last {
                    let steps = part.steps();
                    let values = self.values[number * steps..].chunks_exact_mut(steps);
                    for (row, values) in out.chunks_exact_mut(length).zip(values) {
                        for (step, value) in values.iter_mut().enumerate() {
                            value.utility = contraction.utility(step, row);
                        }
                        let information = contraction.information(arithmetic, row);
                        for value in values {
                            value.information = information;
                        }
                    }
                }
                number += prefixes.len();
            }
        }
    }
}

impl<N: Copy + Default> Plan<N> {
    #[inline(always)]
    pub(crate) fn set<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        policy: usize,
        total: Value<N>,
    ) {
        self.utility[policy] = total.utility;
        self.states_info_gain[policy] = total.information;
        self.param_info_gain[policy] = total.param_info_gain;
        self.inductive_value[policy] = total.inductive;
        self.neg_efe[policy] = total.sum(arithmetic);
    }

    /// `q_pi = softmax(gamma neg_efe + ln E)`.
    #[inline(always)]
    pub(crate) fn weigh<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        gamma: f64,
        log_habits: &[A::Real],
    ) {
        self.weigh_with(arithmetic, gamma, log_habits, std::iter::empty());
    }

    /// `q_pi = softmax(gamma neg_efe - F + ln E)`, for policies with a free energy of their own.
    #[inline(always)]
    pub(crate) fn weigh_with<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        gamma: f64,
        log_habits: &[A::Real],
        free_energy: impl Iterator<Item = N>,
    ) {
        let gamma = arithmetic.number(A::Real::of(gamma));
        arithmetic.scaled(&self.neg_efe, gamma, &mut self.q_pi);
        for (log, habit) in self.q_pi.iter_mut().zip(log_habits) {
            *log = arithmetic.add(*log, arithmetic.number(*habit));
        }
        for (log, free_energy) in self.q_pi.iter_mut().zip(free_energy) {
            *log = arithmetic.sub(*log, free_energy);
        }
        arithmetic.softmax(&mut self.q_pi);
    }
}
