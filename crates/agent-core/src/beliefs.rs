//! Where the beliefs about each factor stand, and joint beliefs about several.

use std::ops::Range;

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
    pub(crate) fn joint<'a>(&self, of: Factors<'a>, scratch: &'a mut [f64]) -> &'a [f64] {
        match self.factors[..] {
            [factor] => of.of(factor),
            _ => {
                self.outer(of, None, scratch);
                &scratch[..self.size]
            }
        }
    }

    /// The outer product with the factor `without`, if any, left out (as if it were all ones).
    pub(crate) fn outer(&self, of: Factors, without: Option<usize>, out: &mut [f64]) {
        out[0] = 1.0;
        let mut length = 1;
        for &factor in &self.factors {
            let beliefs = of.of(factor);
            // From behind, so that what is still to be read is not overwritten.
            for i in (0..length).rev() {
                let weight = out[i];
                let row = &mut out[i * beliefs.len()..(i + 1) * beliefs.len()];
                if without == Some(factor) {
                    row.fill(weight);
                } else {
                    for (slot, belief) in row.iter_mut().zip(beliefs) {
                        *slot = weight * belief;
                    }
                }
            }
            length *= beliefs.len();
        }
    }

    /// Adds to `out`, for every state of `factor`, the expectation of `values` over the others:
    /// `out[s] += sum over joint states with s of values * product of the other beliefs`.
    pub(crate) fn add_expectation_over_others(
        &self,
        values: &[f64],
        factor: usize,
        of: Factors,
        scratch: &mut [f64],
        out: &mut [f64],
    ) {
        if self.factors[..] == [factor] {
            for (slot, value) in out.iter_mut().zip(values) {
                *slot += value;
            }
            return;
        }
        self.outer(of, Some(factor), scratch);
        let after = self.factors.iter().skip_while(|f| **f != factor).skip(1);
        let stride: usize = after.map(|f| of.of(*f).len()).product();
        let states = of.of(factor).len();
        let weighted = scratch[..self.size].chunks_exact(stride).zip(values.chunks_exact(stride));
        for (block, (weights, values)) in weighted.enumerate() {
            let sum: f64 = weights.iter().zip(values).map(|(w, v)| w * v).sum();
            out[block % states] += sum;
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

    #[test]
    fn the_outer_product_has_the_last_factor_fastest() {
        let layout = Layout::new(&[2, 3]);
        let beliefs = [0.25, 0.75, 0.5, 0.3, 0.2];
        let of = Factors { beliefs: &beliefs, layout: &layout };
        let mut scratch = [0.0; 6];
        let all = JointSet::all(&layout);
        let joint = all.joint(of, &mut scratch);
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
        let (mut scratch, mut first, mut second) = ([0.0; 4], [0.0; 2], [10.0; 2]);
        all.add_expectation_over_others(&values, 0, of, &mut scratch, &mut first);
        assert_eq!(first, [0.4 + 2.0 * 0.6, 3.0 * 0.4 + 4.0 * 0.6]);
        all.add_expectation_over_others(&values, 1, of, &mut scratch, &mut second);
        assert_eq!(second, [10.0 + 0.25 + 3.0 * 0.75, 10.0 + 2.0 * 0.25 + 4.0 * 0.75]);
    }
}
