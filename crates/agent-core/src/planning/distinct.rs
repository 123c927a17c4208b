//! Distinct beliefs about one factor in a plan.

use super::memo::Numbers;

/// Beliefs kept once each: two that are equal bit for bit have one number.
#[derive(Clone, Debug)]
pub(super) struct Distinct {
    states: usize,
    /// `[number][state]`.
    beliefs: Vec<f64>,
    hashes: Vec<u64>,
    /// Open addressing, never more than half full.
    table: Numbers,
}

impl Distinct {
    /// Room for this many distinct beliefs.
    pub(super) fn new(states: usize, capacity: usize) -> Self {
        Self {
            states,
            beliefs: vec![0.0; states * capacity],
            hashes: vec![0; capacity],
            table: Numbers::new((capacity * 2).next_power_of_two()),
        }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.table.clear();
    }

    #[inline(always)]
    pub(super) fn of(&self, number: u32) -> &[f64] {
        let start = number as usize * self.states;
        &self.beliefs[start..start + self.states]
    }

    /// The number of a belief, which is kept if it is new.
    #[inline(always)]
    pub(super) fn keep(&mut self, belief: &[f64]) -> u32 {
        let hash = hash(belief);
        let mask = self.table.len() - 1;
        let mut place = (hash >> 32) as usize & mask;
        while let Some(number) = self.table.at(place) {
            if self.hashes[number as usize] == hash && is_same(self.of(number), belief) {
                return number;
            }
            place = (place + 1) & mask;
        }
        let number = self.table.put(place);
        self.hashes[number as usize] = hash;
        let start = number as usize * self.states;
        self.beliefs[start..start + self.states].copy_from_slice(belief);
        number
    }
}

#[inline(always)]
fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x.to_bits() ^ y.to_bits())) == 0
}

/// Eight independent lanes of rotations, which vector registers do at once; equality is always
/// checked, so that a collision costs time only.
#[inline(always)]
fn hash(beliefs: &[f64]) -> u64 {
    let (eights, rest) = beliefs.as_chunks::<8>();
    let mut lanes = [0_u64; 8];
    for eight in eights {
        for (lane, belief) in lanes.iter_mut().zip(eight) {
            *lane = lane.rotate_left(7) ^ belief.to_bits();
        }
    }
    for (lane, belief) in lanes.iter_mut().zip(rest) {
        *lane = lane.rotate_left(7) ^ belief.to_bits();
    }
    lanes
        .iter()
        .fold(0, |all: u64, lane| (all.rotate_left(23) ^ lane).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_beliefs_share_a_number(
            picks in proptest::collection::vec(0_usize..12, 1..60),
            states in 1_usize..20,
        ) {
            let belief = |pick: usize| -> Vec<f64> {
                (0..states).map(|s| if s == pick % states { pick as f64 } else { 0.5 }).collect()
            };
            let mut distinct = Distinct::new(states, picks.len());
            for _ in 0..2 {
                let mut numbers: Vec<Vec<f64>> = Vec::new();
                for pick in &picks {
                    let belief = belief(*pick);
                    let number = distinct.keep(&belief);
                    let known = numbers.iter().position(|kept| *kept == belief);
                    prop_assert_eq!(number as usize, known.unwrap_or(numbers.len()));
                    if known.is_none() {
                        numbers.push(belief.clone());
                    }
                    prop_assert_eq!(distinct.of(number), &belief[..]);
                }
                distinct.clear();
            }
        }
    }
}
