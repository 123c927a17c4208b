//! Where the beliefs about each factor stand, and joint beliefs about several.

use std::ops::Range;

use crate::arithmetic::Arithmetic;

/// Beliefs about all factors stand one after the other; this says where each begins.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    ends: Vec<usize>,
}

impl Layout {
    pub(crate) fn new(num_states: &[usize]) -> Self {
        let mut end = 0;
        let ends = num_states.iter().map(|states| {
            end += states;
            end
        });
        Self { ends: ends.collect() }
    }

    pub(crate) fn factors(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn total(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    pub(crate) fn range(&self, factor: usize) -> Range<usize> {
        let start = if factor == 0 { 0 } else { self.ends[factor - 1] };
        start..self.ends[factor]
    }
}

/// Beliefs about all factors, with their layout.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a, N> {
    pub(crate) beliefs: &'a [N],
    pub(crate) layout: &'a Layout,
}

impl<'a, N> Factors<'a, N> {
    #[inline(always)]
    pub(crate) fn of(&self, factor: usize) -> &'a [N] {
        &self.beliefs[self.layout.range(factor)]
    }
}

/// Room for expectations over the other factors.
#[derive(Clone, Debug)]
pub(crate) struct ContractionRoom<N> {
    /// Joint beliefs of the factors after each, the shortest first.
    outer: Vec<N>,
    /// What remains after the first factors are summed out, the longest first.
    remaining: Vec<N>,
}

impl<N: Copy + Default> ContractionRoom<N> {
    /// For sets of at most this many joint states of at most this many factors.
    pub(crate) fn new(joint_states: usize, factors: usize) -> Self {
        // A factor with a single state makes nothing smaller.
        let room = || vec![N::default(); joint_states * factors];
        Self { outer: room(), remaining: room() }
    }
}

/// Some factors in some order, as the axes of an array name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JointSet {
    factors: Vec<usize>,
    size: usize,
}

impl JointSet {
    pub(crate) fn new(factors: Vec<usize>, layout: &Layout) -> Self {
        let size = factors.iter().map(|f| layout.range(*f).len()).product();
        Self { factors, size }
    }

    /// All factors in order.
    pub(crate) fn all(layout: &Layout) -> Self {
        Self::new((0..layout.factors()).collect(), layout)
    }

    pub(crate) fn factors(&self) -> &[usize] {
        &self.factors
    }

    /// Joint states.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The belief about every joint state, last factor fastest: the outer product. A single
    /// factor's beliefs are borrowed as they are; else `scratch` holds the product.
    #[inline(always)]
    pub(crate) fn joint<'a, 'b: 'a, A: Arithmetic>(
        &self,
        arithmetic: A,
        belief: impl Fn(usize) -> &'b [A::Number],
        scratch: &'a mut [A::Number],
    ) -> &'a [A::Number]
    where
        A::Number: 'b,
    {
        if let [factor] = self.factors[..] {
            return belief(factor);
        }
        self.joint_into(arithmetic, belief, scratch);
        &scratch[..self.size]
    }

    /// The same, always into `scratch`.
    #[inline(always)]
    pub(crate) fn joint_into<'b, A: Arithmetic>(
        &self,
        arithmetic: A,
        belief: impl Fn(usize) -> &'b [A::Number],
        scratch: &mut [A::Number],
    ) where
        A::Number: 'b,
    {
        // From the last factor on: what is there is the row of the next.
        let mut length = 0;
        for &factor in self.factors.iter().rev() {
            let beliefs = belief(factor);
            if length == 0 {
                length = beliefs.len();
                scratch[..length].copy_from_slice(beliefs);
                continue;
            }
            // From behind, so that the first row, which the others are made of, goes last.
            let (first, others) = scratch.split_at_mut(length);
            let rows = others.chunks_exact_mut(length).zip(&beliefs[1..]);
            for (row, weight) in rows {
                arithmetic.scaled(first, *weight, row);
            }
            arithmetic.scale(first, beliefs[0]);
            length *= beliefs.len();
        }
    }

    /// Adds to `out`, for every state of every factor of this set, the expectation of `values`
    /// over the other factors: `out_f[s] += sum over joint states with s of values * product of
    /// the other beliefs`. `out` and the beliefs hold all factors, one after the other.
    ///
    /// Each factor is met by the joint beliefs of those after it, then summed out: two
    /// multiplications per joint state and a little more, whatever the number of factors. It is
    /// fastest with the smallest factor first.
    #[inline(always)]
    pub(crate) fn add_expectations<A: Arithmetic>(
        &self,
        arithmetic: A,
        values: &[A::Number],
        of: Factors<A::Number>,
        room: &mut ContractionRoom<A::Number>,
        out: &mut [A::Number],
    ) {
        let Some((last, before)) = self.factors.split_last() else { return };
        self.outer_products(arithmetic, &of, &mut room.outer);
        let mut current = values;
        let mut free = &mut room.remaining[..];
        let mut end = self.outer_length(&of);
        for factor in before {
            let beliefs = of.of(*factor);
            let rest = current.len() / beliefs.len();
            let outer = &room.outer[end - rest..end];
            end -= rest;
            for (slot, row) in
                out[of.layout.range(*factor)].iter_mut().zip(current.chunks_exact(rest))
            {
                *slot = arithmetic.add(*slot, arithmetic.dot(row, outer));
            }
            let (next, after) = free.split_at_mut(rest);
            arithmetic.weighted_sum_of(current, beliefs, next);
            current = next;
            free = after;
        }
        arithmetic.add_to(current, &mut out[of.layout.range(*last)]);
    }

    /// The expectation of `values`, one per joint state.
    #[inline(always)]
    pub(crate) fn expectation<A: Arithmetic>(
        &self,
        arithmetic: A,
        values: &[A::Number],
        of: Factors<A::Number>,
        room: &mut ContractionRoom<A::Number>,
    ) -> A::Number {
        let Some((last, before)) = self.factors.split_last() else { return A::Number::default() };
        let mut current = values;
        let mut free = &mut room.remaining[..];
        for factor in before {
            let beliefs = of.of(*factor);
            let rest = current.len() / beliefs.len();
            let (next, after) = free.split_at_mut(rest);
            arithmetic.weighted_sum_of(current, beliefs, next);
            current = next;
            free = after;
        }
        arithmetic.dot(current, of.of(*last))
    }

    /// Elements of all outer products.
    #[inline(always)]
    fn outer_length<N>(&self, of: &Factors<N>) -> usize {
        let mut length = 1;
        let mut total = 0;
        for factor in self.factors.iter().skip(1).rev() {
            length *= of.of(*factor).len();
            total += length;
        }
        total
    }

    /// The joint beliefs of the last factor, of the last two, and so on to all but the first.
    #[inline(always)]
    fn outer_products<A: Arithmetic>(
        &self,
        arithmetic: A,
        of: &Factors<A::Number>,
        out: &mut [A::Number],
    ) {
        let mut start = 0;
        let mut length = 0;
        for factor in self.factors.iter().skip(1).rev() {
            let beliefs = of.of(*factor);
            let (before, free) = out.split_at_mut(start + length);
            let inner = &before[start..];
            if length == 0 {
                free[..beliefs.len()].copy_from_slice(beliefs);
                length = beliefs.len();
                continue;
            }
            for (row, weight) in free.chunks_exact_mut(length).zip(beliefs) {
                arithmetic.scaled(inner, *weight, row);
            }
            start += length;
            length *= beliefs.len();
        }
    }

    /// For each joint state of `all`, the joint state of this set that it contains.
    pub(crate) fn projection_of(&self, all: &Self, layout: &Layout) -> Vec<u32> {
        (0..all.size)
            .map(|joint| {
                let mut rest = joint;
                let mut states = vec![0; layout.factors()];
                for &factor in all.factors.iter().rev() {
                    let count = layout.range(factor).len();
                    states[factor] = rest % count;
                    rest /= count;
                }
                let fold =
                    |index, factor: &usize| index * layout.range(*factor).len() + states[*factor];
                self.factors.iter().fold(0, fold) as u32
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::Along;
    use crate::lanes::Portable;

    const PLAIN: Along<f64, Portable> = Along::new(Portable);
    use proptest::prelude::*;

    proptest! {
        /// Against the definition, over sets of any number of factors in any order.
        #[test]
        fn expectations_are_what_they_are_defined_to_be(
            states in proptest::collection::vec(1_usize..5, 1..5),
            turn in 0_usize..4,
            seed in proptest::collection::vec(0.0_f64..1.0, 16 + 4 * 4 * 4 * 4),
        ) {
            let layout = Layout::new(&states);
            let (beliefs, values) = seed.split_at(16);
            let of = Factors { beliefs: &beliefs[..layout.total()], layout: &layout };
            let mut order: Vec<usize> = (0..states.len()).collect();
            order.rotate_left(turn % states.len());
            let set = JointSet::new(order.clone(), &layout);
            let values = &values[..set.size()];
            let mut out = vec![0.0; layout.total()];
            let mut room = ContractionRoom::new(set.size(), states.len());
            set.add_expectations(PLAIN, values, of, &mut room, &mut out);
            let mut expected = vec![0.0; layout.total()];
            let mut mean = 0.0;
            for (joint, value) in values.iter().enumerate() {
                let mut rest = joint;
                let mut at = vec![0; states.len()];
                for f in order.iter().rev() {
                    at[*f] = rest % states[*f];
                    rest /= states[*f];
                }
                let weight = |skipped: usize| -> f64 {
                    let others = order.iter().filter(|f| **f != skipped);
                    others.map(|f| of.of(*f)[at[*f]]).product()
                };
                for f in 0..states.len() {
                    expected[layout.range(f).start + at[f]] += value * weight(f);
                }
                mean += value * weight(usize::MAX);
            }
            for (got, expected) in out.iter().zip(expected) {
                prop_assert!((got - expected).abs() < 1e-12, "{out:?}");
            }
            let got = set.expectation(PLAIN, values, of, &mut room);
            prop_assert!((got - mean).abs() < 1e-12);
        }
    }

    #[test]
    fn the_outer_product_has_the_last_factor_fastest() {
        let layout = Layout::new(&[2, 3]);
        let beliefs = [0.25, 0.75, 0.5, 0.3, 0.2];
        let of = Factors { beliefs: &beliefs, layout: &layout };
        let mut scratch = [0.0; 6];
        let all = JointSet::all(&layout);
        let joint = all.joint(PLAIN, |f| of.of(f), &mut scratch);
        for (got, expected) in joint.iter().zip([0.125, 0.075, 0.05, 0.375, 0.225, 0.15]) {
            assert!((got - expected).abs() < 1e-15);
        }
        let turned = JointSet::new(vec![1, 0], &layout);
        assert_eq!(turned.projection_of(&all, &layout), [0, 2, 4, 1, 3, 5]);
    }

    #[test]
    fn the_expectation_over_others_is_a_weighted_sum() {
        let layout = Layout::new(&[2, 2]);
        let beliefs = [0.25, 0.75, 0.4, 0.6];
        let of = Factors { beliefs: &beliefs, layout: &layout };
        let all = JointSet::all(&layout);
        let values = [1.0, 2.0, 3.0, 4.0];
        let mut room = ContractionRoom::new(4, 2);
        let mut out = [0.0, 0.0, 10.0, 10.0];
        all.add_expectations(PLAIN, &values, of, &mut room, &mut out);
        let mean = all.expectation(PLAIN, &values, of, &mut room);
        assert!((mean - (0.25 * (0.4 + 1.2) + 0.75 * (1.2 + 2.4))).abs() < 1e-14, "{mean}");
        let expected = [
            0.4 + 2.0 * 0.6,
            3.0 * 0.4 + 4.0 * 0.6,
            10.0 + 0.25 + 3.0 * 0.75,
            10.0 + 2.0 * 0.25 + 4.0 * 0.75,
        ];
        for (got, expected) in out.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-14, "{out:?}");
        }
    }
}
