//! Where the beliefs about each factor stand, and joint beliefs about several.

use std::ops::Range;

use crate::probability::dot;

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
pub(crate) struct Factors<'a> {
    pub(crate) beliefs: &'a [f64],
    pub(crate) layout: &'a Layout,
}

impl<'a> Factors<'a> {
    pub(crate) fn of(self, factor: usize) -> &'a [f64] {
        &self.beliefs[self.layout.range(factor)]
    }
}

/// Room for expectations over the other factors.
#[derive(Clone, Debug)]
pub(crate) struct ContractionRoom {
    remaining: Vec<f64>,
    leading: [Vec<f64>; 2],
}

impl ContractionRoom {
    /// For sets of at most this many joint states of at most this many factors.
    pub(crate) fn new(joint_states: usize, factors: usize) -> Self {
        let leading = || vec![0.0; joint_states];
        // A factor with a single state makes nothing smaller.
        Self { remaining: vec![0.0; joint_states * factors], leading: [leading(), leading()] }
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
    pub(crate) fn joint<'a>(
        &self,
        belief: impl Fn(usize) -> &'a [f64],
        scratch: &'a mut [f64],
    ) -> &'a [f64] {
        if let [factor] = self.factors[..] {
            return belief(factor);
        }
        let mut length = 1;
        scratch[0] = 1.0;
        for &factor in &self.factors {
            let beliefs = belief(factor);
            // From behind, so that what is still to be read is not overwritten.
            for i in (0..length).rev() {
                let weight = scratch[i];
                let row = &mut scratch[i * beliefs.len()..(i + 1) * beliefs.len()];
                for (slot, belief) in row.iter_mut().zip(beliefs) {
                    *slot = weight * belief;
                }
            }
            length *= beliefs.len();
        }
        &scratch[..self.size]
    }

    /// Adds to `out`, for every state of every factor of this set, the expectation of `values`
    /// over the other factors: `out_f[s] += sum over joint states with s of values * product of
    /// the other beliefs`. `out` and the beliefs hold all factors, one after the other.
    ///
    /// Factors are contracted one by one, the last first, and what remains is shared by all
    /// factors before it: about two multiplications per joint state, whatever the factors.
    pub(crate) fn add_expectations(
        &self,
        values: &[f64],
        of: Factors,
        room: &mut ContractionRoom,
        out: &mut [f64],
    ) {
        let ContractionRoom { remaining, leading } = room;
        // What remains after the last factors are summed out, from none to all but the first.
        let mut current: &[f64] = values;
        let mut free: &mut [f64] = remaining;
        for (position, &factor) in self.factors.iter().enumerate().rev() {
            let states = of.of(factor).len();
            let expectation = self.sum_out_leading(position, current, of, leading);
            for (slot, value) in out[of.layout.range(factor)].iter_mut().zip(expectation) {
                *slot += value;
            }
            if position == 0 {
                break;
            }
            let (next, rest) = std::mem::take(&mut free).split_at_mut(current.len() / states);
            for (slot, row) in next.iter_mut().zip(current.chunks_exact(states)) {
                *slot = dot(row, of.of(factor));
            }
            current = next;
            free = rest;
        }
    }

    /// Sums out the first `count` factors of an array over the first `count + 1`.
    fn sum_out_leading<'a>(
        &self,
        count: usize,
        values: &'a [f64],
        of: Factors,
        leading: &'a mut [Vec<f64>; 2],
    ) -> &'a [f64] {
        let [first, second] = leading;
        let (mut source, mut target) = (&mut first[..], &mut second[..]);
        let mut length = values.len();
        for (number, &factor) in self.factors[..count].iter().enumerate() {
            let beliefs = of.of(factor);
            let from = if number == 0 { values } else { &source[..length] };
            length /= beliefs.len();
            let sums = &mut target[..length];
            sums.fill(0.0);
            for (belief, row) in beliefs.iter().zip(from.chunks_exact(length)) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += belief * value;
                }
            }
            std::mem::swap(&mut source, &mut target);
        }
        if count == 0 { values } else { &source[..length] }
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

    #[test]
    fn the_outer_product_has_the_last_factor_fastest() {
        let layout = Layout::new(&[2, 3]);
        let beliefs = [0.25, 0.75, 0.5, 0.3, 0.2];
        let of = Factors { beliefs: &beliefs, layout: &layout };
        let mut scratch = [0.0; 6];
        let all = JointSet::all(&layout);
        let joint = all.joint(|f| of.of(f), &mut scratch);
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
        all.add_expectations(&values, of, &mut room, &mut out);
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
