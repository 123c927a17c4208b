//! Utility and information by summing out one factor after the other.
//!
//! Likelihoods and what they are worth stand in one array over the joint states, outcomes
//! innermost. Its sum over one factor's beliefs is an array over the others, which all plans
//! that share that belief share too; after the last factor a row of predicted outcomes is left.

use std::cmp::Reverse;

use super::Value;
use super::grouping::Group;
use super::product::Product;
use crate::aligned::{Aligned, zeros};
use crate::arithmetic::{Arithmetic, LnModern, Weighted, padded};
use crate::beliefs::{JointSet, Layout};
use crate::matrix::Wide;
use crate::model::Moves;
use crate::planning::Graph;
use crate::real::Real;

/// A contraction is dropped for sparse products of this many times less work: with several
/// factors most of its work is shared between values.
const SHARED: usize = 8;

/// Most bytes that a plan may keep of what contractions leave.
const MAX_BYTES: usize = 1 << 28;

/// Likelihoods, utility and ambiguity over the joint states of some factors.
#[derive(Debug)]
pub(crate) struct Contraction<R> {
    /// In the order in which they are summed out.
    factors: Vec<usize>,
    /// States of each.
    states: Vec<usize>,
    /// `[joint states][row]`. A row holds the outcomes of all modalities, then the negative
    /// entropy, then the utility of each step or of all, then zeros to whole lanes.
    tensor: Aligned<R>,
    /// The same where a single factor with many states leaves few outcomes.
    wide: Option<Wide<R>>,
    outcomes: usize,
    utilities: usize,
}

/// The order in which factors are best summed out: what has few beliefs is summed out seldom,
/// and of those alike the largest leaves least.
pub(super) fn order(factors: &[usize], layout: &Layout, graph: &Graph) -> Vec<usize> {
    let mut order = factors.to_vec();
    order.sort_by_key(|f| (graph.beliefs()[*f], Reverse(layout.range(*f).len())));
    order
}

impl<R: Real> Contraction<R> {
    /// None where the product is far less work, or what must be kept too much.
    pub(super) fn new(
        group: &Group,
        product: &Product<R>,
        layout: &Layout,
        graph: &Graph,
    ) -> Option<Self> {
        let states = |f: usize| layout.range(f).len();
        let factors = order(&group.factors, layout, graph);
        let outcomes = product.all_outcomes();
        let utilities = product.utility().len();
        let stride = padded(outcomes + 1 + utilities);
        let joint = product.set().size();
        let shared = if factors.len() > 1 { SHARED } else { 1 };
        if joint.saturating_mul(stride) > product.work().saturating_mul(shared) {
            return None;
        }
        let order = JointSet::new(factors, layout);
        // The place among the joint states in the model's order of each in this order.
        let places = product.set().projection_of(&order, layout);
        let mut tensor = zeros(joint * stride);
        for (row, place) in tensor.chunks_exact_mut(stride).zip(places) {
            let place = place as usize;
            let mut slots = row.iter_mut();
            if outcomes > 0 {
                for a in group.likelihoods() {
                    let column = a.data.iter().skip(place).step_by(a.columns());
                    slots.by_ref().zip(column).for_each(|(slot, p)| *slot = R::of(*p));
                }
            }
            let header = std::iter::once(product.negative_entropy()[place])
                .chain(product.utility().iter().map(|utility| utility[place]));
            slots.zip(header).for_each(|(slot, value)| *slot = value);
        }
        let factors = order.factors().to_vec();
        let states = factors.iter().map(|f| states(*f)).collect();
        let wide = match factors[..] {
            [_] => Wide::from_columns(outcomes + 1 + utilities, stride, &tensor),
            _ => None,
        };
        let contraction = Self { factors, states, tensor, wide, outcomes, utilities };
        (contraction.kept(graph) * size_of::<f64>() <= MAX_BYTES).then_some(contraction)
    }

    pub(crate) fn factors(&self) -> &[usize] {
        &self.factors
    }

    /// What is left of the beliefs about the only factor after each of its actions, as one matrix
    /// over the beliefs before; none where rows are many, or the matrices larger than `most` bytes
    /// and still more work than the moves themselves.
    pub(crate) fn after(&self, moves: &Moves, most: usize) -> Option<Vec<Wide<R>>> {
        let rows = self.wide.as_ref()?.rows;
        let states = moves.states;
        let size = rows * states;
        let nonzero = |data: &Vec<f64>| data.iter().filter(|p| **p != 0.0).count();
        let is_sparse = moves.by_action.iter().any(|data| nonzero(data) < size);
        if is_sparse && size * moves.by_action.len() * size_of::<R>() > most {
            return None;
        }
        let after = |data: &Vec<f64>| {
            let mut columns = vec![0.0; size];
            for (row_of_b, whole) in
                data.chunks_exact(states).zip(self.tensor.chunks_exact(self.stride()))
            {
                for (column, p) in
                    columns.chunks_exact_mut(rows).zip(row_of_b).filter(|(_, p)| **p != 0.0)
                {
                    for (sum, value) in column.iter_mut().zip(whole) {
                        *sum += p * Into::<f64>::into(*value);
                    }
                }
            }
            let columns: Vec<R> = columns.into_iter().map(R::of).collect();
            Wide::from_columns(rows, rows, &columns)
        };
        moves.by_action.iter().map(after).collect()
    }

    /// Elements of a row.
    pub(crate) fn stride(&self) -> usize {
        padded(self.outcomes + 1 + self.utilities)
    }

    /// Elements that are left once the factors up to this one are summed out.
    pub(crate) fn left_after(&self, level: usize) -> usize {
        self.states[level + 1..].iter().product::<usize>() * self.stride()
    }

    /// The most that the first contraction leaves.
    pub(super) fn largest(&self) -> usize {
        self.left_after(0)
    }

    /// Elements that a plan keeps with at most this many beliefs about each factor.
    fn kept(&self, graph: &Graph) -> usize {
        let last = self.factors.len() - 1;
        (0..last).fold(0_usize, |total, level| {
            let combinations = graph.combinations(&self.factors[..=level]);
            total.saturating_add(combinations.saturating_mul(self.left_after(level)))
        })
    }

    /// Steps of a policy whose utility differs.
    pub(crate) fn steps(&self) -> usize {
        self.utilities.max(1)
    }

    /// Sums out the first factor, for as many beliefs as `out` has room for.
    #[inline(always)]
    pub(crate) fn begin<'a, A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        beliefs: impl Fn(usize) -> &'a [A::Number],
        out: &mut [A::Number],
    ) where
        A::Number: 'a,
    {
        let left = self.left_after(0);
        match &self.wide {
            Some(wide) => {
                for (number, out) in out.chunks_exact_mut(left).enumerate() {
                    arithmetic.multiply_wide(wide, beliefs(number), out);
                }
            }
            None => arithmetic.weighted_sums(&self.tensor, left, beliefs, out),
        }
    }

    /// The value that the last contraction's row holds, but for utility; the row is used up.
    #[inline(always)]
    pub(crate) fn information<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        row: &mut [A::Number],
    ) -> A::Number {
        let ambiguity = row[self.outcomes];
        if self.outcomes == 0 {
            return ambiguity;
        }
        // Along a row whole vectors are faster than what is left of them.
        let end = if A::AGENTS == 1 { row.len() } else { self.outcomes };
        row[self.outcomes..].fill(A::Number::default());
        arithmetic.sub(ambiguity, arithmetic.sum_of(&row[..end], Weighted(LnModern)))
    }

    /// The utility in a step of a policy that the last contraction's row holds.
    #[inline(always)]
    pub(crate) fn utility<N: Copy + Default>(&self, step: usize, row: &[N]) -> N {
        if self.utilities == 0 {
            return N::default();
        }
        row[self.outcomes + 1 + step.min(self.utilities - 1)]
    }

    /// The value of these beliefs by themselves.
    #[inline(always)]
    pub(super) fn value_of<'a, A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        step: usize,
        belief: impl Fn(usize) -> &'a [A::Number],
        room: &mut [Vec<A::Number>; 2],
    ) -> Value<A::Number>
    where
        A::Number: 'a,
    {
        let [now, next] = room;
        for (level, factor) in self.factors.iter().enumerate() {
            let out = &mut next[..self.left_after(level)];
            if level == 0 {
                self.begin(arithmetic, |_| belief(*factor), out);
            } else {
                let from = &now[..self.left_after(level - 1)];
                arithmetic.weighted_sum_of(from, belief(*factor), out);
            }
            std::mem::swap(now, next);
        }
        let row = &mut now[..self.stride()];
        let utility = self.utility(step, row);
        let information = self.information(arithmetic, row);
        Value { utility, information, ..Value::default() }
    }
}
