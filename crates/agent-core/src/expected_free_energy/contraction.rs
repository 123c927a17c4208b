//! Utility and information by summing out one factor after the other.
//!
//! Likelihoods and what they are worth stand in one array over the joint states, outcomes
//! innermost. Its sum over one factor's beliefs is an array over the others, which all plans
//! that share that belief share too; after the last factor a row of predicted outcomes is left.

use std::cmp::Reverse;

use super::product::Product;
use super::{Group, Value};
use crate::beliefs::{JointSet, Layout};
use crate::kernels::{self, padded};
use crate::lanes::Lanes;
use crate::planning::Capacity;

/// A contraction is dropped for sparse products of this many times less work: with several
/// factors most of its work is shared between values.
const SHARED: usize = 8;

/// Most bytes that a plan may keep of what contractions leave.
const MAX_BYTES: usize = 1 << 28;

/// Likelihoods, utility and ambiguity over the joint states of some factors.
#[derive(Debug)]
pub(crate) struct Contraction {
    /// In the order in which they are summed out.
    factors: Vec<usize>,
    /// States of each.
    states: Vec<usize>,
    /// `[joint states][row]`. A row holds the outcomes of all modalities, then the negative
    /// entropy, then the utility of each step or of all, then zeros to whole lanes.
    tensor: Vec<f64>,
    outcomes: usize,
    utilities: usize,
}

impl Contraction {
    /// None where the product is far less work, or what must be kept too much.
    pub(super) fn new(
        group: &Group,
        product: &Product,
        layout: &Layout,
        capacity: &Capacity,
    ) -> Option<Self> {
        let states = |f: usize| layout.range(f).len();
        let mut factors = group.factors.to_vec();
        // What has few beliefs is summed out seldom; of those alike the largest leaves least.
        factors.sort_by_key(|f| (capacity.beliefs[*f], Reverse(states(*f))));
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
        let mut tensor = vec![0.0; joint * stride];
        for (row, place) in tensor.chunks_exact_mut(stride).zip(places) {
            let place = place as usize;
            let mut slots = row.iter_mut();
            if outcomes > 0 {
                for a in group.likelihoods() {
                    let column = a.data.iter().skip(place).step_by(a.columns());
                    slots.by_ref().zip(column).for_each(|(slot, p)| *slot = *p);
                }
            }
            let header = std::iter::once(product.negative_entropy()[place])
                .chain(product.utility().iter().map(|utility| utility[place]));
            slots.zip(header).for_each(|(slot, value)| *slot = value);
        }
        let factors = order.factors().to_vec();
        let states = factors.iter().map(|f| states(*f)).collect();
        let contraction = Self { factors, states, tensor, outcomes, utilities };
        (contraction.kept(capacity) * size_of::<f64>() <= MAX_BYTES).then_some(contraction)
    }

    pub(crate) fn factors(&self) -> &[usize] {
        &self.factors
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
    fn kept(&self, capacity: &Capacity) -> usize {
        let last = self.factors.len() - 1;
        (0..last).fold(0_usize, |total, level| {
            let combinations = capacity.combinations(&self.factors[..=level]);
            total.saturating_add(combinations.saturating_mul(self.left_after(level)))
        })
    }

    /// Sums out the factor of this level; `from` is what the level before left.
    #[inline(always)]
    pub(crate) fn contract<L: Lanes>(
        &self,
        lanes: L,
        level: usize,
        from: Option<&[f64]>,
        belief: &[f64],
        out: &mut [f64],
    ) {
        let from = from.unwrap_or(&self.tensor);
        kernels::weighted_sum(lanes, from, self.left_after(level), belief, out);
    }

    /// The value that the last contraction's row holds; the row is used up.
    #[inline(always)]
    pub(crate) fn read<L: Lanes>(&self, lanes: L, step: usize, row: &mut [f64]) -> Value {
        let (outcomes, header) = row.split_at_mut(self.outcomes);
        let mut value = Value { information: header[0], ..Value::default() };
        if self.utilities > 0 {
            value.utility = header[1 + step.min(self.utilities - 1)];
        }
        if !outcomes.is_empty() {
            header.fill(0.0);
            value.information -= kernels::sum_x_ln_x(lanes, row);
        }
        value
    }

    /// The value of these beliefs by themselves.
    #[inline(always)]
    pub(super) fn value_of<'a, L: Lanes>(
        &self,
        lanes: L,
        step: usize,
        belief: impl Fn(usize) -> &'a [f64],
        room: &mut [Vec<f64>; 2],
    ) -> Value {
        let [now, next] = room;
        for (level, factor) in self.factors.iter().enumerate() {
            let from = (level > 0).then_some(&now[..]);
            let out = &mut next[..self.left_after(level)];
            self.contract(lanes, level, from, belief(*factor), out);
            std::mem::swap(now, next);
        }
        self.read(lanes, step, &mut now[..self.stride()])
    }
}
