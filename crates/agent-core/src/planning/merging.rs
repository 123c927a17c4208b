//! Sequences of actions that lead to the same belief from whatever belief they start.
//!
//! Up and then left leads where left and then up does; staying leads nowhere; what a certain
//! move leads to does not depend on what was before. Such sequences share one belief in every
//! plan. Two of them are taken for the same only if the products of their transition matrices
//! are: element by element, to within rounding.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use fnv::FnvHasher;

use crate::arithmetic::Arithmetic as _;
use crate::matrix::Matrix;
use crate::probability::PLAIN;
use crate::random::RandomStream;

/// How far apart two elements of a product may be, as a part of the larger: far above the
/// rounding of a product, far below what any figure is reported to.
const ROUNDING: f64 = 1e-13;

/// Bits of a probe's sum that do not count when products that may be alike are looked up.
const COARSE_BITS: u32 = 16;

/// Most elements of products that are kept while a model is compiled.
const MAX_ELEMENTS: usize = 1 << 23;

/// Most beliefs about one factor among which equals are looked for.
const MAX_BELIEFS: usize = 1 << 14;

/// The sequences of one factor's actions that have come up, by what they do.
pub(super) struct Merging {
    states: usize,
    /// `[action]`.
    transitions: Vec<Matrix<f64>>,
    sequences: Vec<Sequence>,
    /// Sequences by the coarse sum of what they make of a random belief.
    by_probe: HashMap<u64, Vec<u32>, BuildHasherDefault<FnvHasher>>,
    elements: usize,
}

struct Sequence {
    /// The sequence without its last action, and that.
    last: Option<(u32, usize)>,
    /// What it makes of a random belief.
    probe: Vec<f64>,
    /// The product of its matrices, column after column, once it was asked for.
    product: Option<Vec<f64>>,
}

impl Merging {
    /// Begins with the empty sequence, number 0.
    pub(super) fn new(states: usize, transitions: Vec<Matrix<f64>>) -> Self {
        let mut random = RandomStream::new(states as u64);
        let probe: Vec<f64> = (0..states).map(|_| 0.5 + random.uniform()).collect();
        let mut identity = vec![0.0; states * states];
        identity.iter_mut().step_by(states + 1).for_each(|x| *x = 1.0);
        let mut merging = Self {
            states,
            transitions,
            sequences: Vec::new(),
            by_probe: HashMap::default(),
            elements: states * states,
        };
        merging.keep(Sequence { last: None, probe, product: Some(identity) });
        merging
    }

    /// The number of a sequence followed by an action: an earlier one's if it does the same,
    /// else the next.
    pub(super) fn follow(&mut self, before: u32, action: usize) -> u32 {
        let mut probe = vec![0.0; self.states];
        let from = &self.sequences[before as usize].probe;
        PLAIN.multiply(&self.transitions[action], from, &mut probe);
        let mut sequence = Sequence { last: Some((before, action)), probe, product: None };
        if self.sequences.len() < MAX_BELIEFS
            && let Some(same) = self.find(&mut sequence)
        {
            return same;
        }
        self.keep(sequence)
    }

    fn keep(&mut self, sequence: Sequence) -> u32 {
        let number = self.sequences.len() as u32;
        self.by_probe.entry(coarse(&sequence.probe)).or_default().push(number);
        self.sequences.push(sequence);
        number
    }

    fn find(&mut self, sequence: &mut Sequence) -> Option<u32> {
        let near = coarse(&sequence.probe);
        let candidates: Vec<u32> = (near.wrapping_sub(1)..=near.wrapping_add(1))
            .filter_map(|coarse| self.by_probe.get(&coarse))
            .flatten()
            .copied()
            .filter(|other| is_same(&self.sequences[*other as usize].probe, &sequence.probe))
            .collect();
        for other in candidates {
            let (Some(()), Some(product)) = (self.prepare(other), self.product(sequence.last?))
            else {
                return None;
            };
            let same = self.sequences[other as usize].product.as_ref();
            if same.is_some_and(|same| is_same(same, &product)) {
                return Some(other);
            }
            sequence.product = Some(product);
        }
        None
    }

    /// Makes sure that the product of a sequence is there; none if there is no room.
    fn prepare(&mut self, number: u32) -> Option<()> {
        let sequence = &self.sequences[number as usize];
        if sequence.product.is_none() {
            let product = self.product(sequence.last?)?;
            self.sequences[number as usize].product = Some(product);
        }
        Some(())
    }

    /// The product of a sequence's matrices.
    fn product(&mut self, (before, action): (u32, usize)) -> Option<Vec<f64>> {
        self.prepare(before)?;
        self.elements += self.states * self.states;
        if self.elements > MAX_ELEMENTS {
            return None;
        }
        let from = self.sequences[before as usize].product.as_ref()?;
        let mut product = vec![0.0; from.len()];
        let columns = from.chunks_exact(self.states).zip(product.chunks_exact_mut(self.states));
        for (from, to) in columns {
            PLAIN.multiply(&self.transitions[action], from, to);
        }
        Some(product)
    }
}

fn coarse(probe: &[f64]) -> u64 {
    // Weighted, for the plain sum is what every transition keeps.
    let sum: f64 = probe.iter().enumerate().map(|(i, p)| (i + 1) as f64 * p).sum();
    sum.to_bits() >> COARSE_BITS
}

fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= ROUNDING * a.abs().max(b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(states: usize, matrices: &[&[f64]]) -> Merging {
        let matrix = |data: &&[f64]| Matrix::from_rows(states, states, data);
        Merging::new(states, matrices.iter().map(matrix).collect())
    }

    #[test]
    fn moves_that_commute_stay_or_forget_are_found() {
        let stay = [1.0, 0.0, 0.0, 1.0];
        let certain = [1.0, 1.0, 0.0, 0.0];
        let mixed = [0.9, 0.2, 0.1, 0.8];
        let mixed_more = [0.7, 0.6, 0.3, 0.4];
        let mut merging = of(2, &[&stay, &certain, &mixed, &mixed_more]);
        assert_eq!(merging.follow(0, 0), 0, "staying leads nowhere");
        assert_eq!(merging.follow(0, 1), 1);
        assert_eq!(merging.follow(0, 2), 2);
        assert_eq!(merging.follow(2, 1), 1, "a certain move forgets what was before");
        // Both have the stationary distribution (2/3, 1/3), so they commute.
        let (one, other) = (merging.follow(0, 3), merging.follow(2, 3));
        assert_eq!((one, other), (3, 4));
        assert_eq!(merging.follow(one, 2), other);
    }

    #[test]
    fn what_differs_by_more_than_rounding_is_kept_apart() {
        let tiny = 1e-20;
        let mut merging = of(2, &[&[1.0, 0.0, 0.0, 1.0], &[1.0, tiny, 0.0, 1.0 - tiny]]);
        assert_eq!([merging.follow(0, 0), merging.follow(0, 1)], [0, 1]);
    }

    #[test]
    fn a_grid_has_as_many_beliefs_as_moves_in_either_direction() {
        let b = &crate::models::grid().b[0];
        let of_action = |u| {
            let data: Vec<f64> = b.data.iter().skip(u).step_by(5).copied().collect();
            Matrix::from_rows(100, 100, &data)
        };
        let mut merging = Merging::new(100, (0..5).map(of_action).collect());
        let mut last = vec![0];
        for _ in 0..3 {
            let next = last.iter().flat_map(|n| (0..5).map(move |u| (*n, u)));
            last = next.collect::<Vec<_>>().iter().map(|(n, u)| merging.follow(*n, *u)).collect();
        }
        // Up and down do not commute at the edge, but each does with left and right: of n moves,
        // 2^n sequences for each split into the two directions.
        assert_eq!(merging.sequences.len(), 1 + 2 * 2 + 3 * 4 + 4 * 8);
    }
}
