//! Distinct beliefs about one factor at one depth of a plan.

/// Beliefs kept once each: two that are equal bit for bit have one number.
#[derive(Clone, Debug)]
pub(crate) struct Distinct {
    states: usize,
    /// `[number][state]`, with one place to spare for a candidate.
    beliefs: Vec<f64>,
    count: usize,
    hashes: Vec<u64>,
    /// Open addressing over numbers, one more than the number so that 0 is free.
    table: Vec<u32>,
}

impl Distinct {
    /// Room for this many distinct beliefs.
    pub(crate) fn new(states: usize, capacity: usize) -> Self {
        Self {
            states,
            beliefs: vec![0.0; states * (capacity + 1)],
            count: 0,
            hashes: vec![0; capacity + 1],
            table: vec![0; (capacity * 2).max(2).next_power_of_two()],
        }
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.table.fill(0);
    }

    pub(crate) fn of(&self, number: u32) -> &[f64] {
        let start = number as usize * self.states;
        &self.beliefs[start..start + self.states]
    }

    /// Where the next candidate is written before [`Distinct::keep`].
    pub(crate) fn candidate(&mut self) -> &mut [f64] {
        let start = self.count * self.states;
        &mut self.beliefs[start..start + self.states]
    }

    /// Keeps the candidate unless it is there already; its number, and whether it is new.
    pub(crate) fn keep(&mut self) -> (u32, bool) {
        let start = self.count * self.states;
        let (kept, candidate) = self.beliefs.split_at(start);
        let candidate = &candidate[..self.states];
        let hash = hash(candidate);
        let mask = self.table.len() - 1;
        let mut place = (hash >> 32) as usize & mask;
        while self.table[place] != 0 {
            let number = self.table[place] as usize - 1;
            let before = &kept[number * self.states..(number + 1) * self.states];
            if self.hashes[number] == hash && is_same(before, candidate) {
                return (number as u32, false);
            }
            place = (place + 1) & mask;
        }
        self.hashes[self.count] = hash;
        self.count += 1;
        self.table[place] = self.count as u32;
        (self.count as u32 - 1, true)
    }
}

fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x.to_bits() ^ y.to_bits())) == 0
}

/// Eight independent lanes of rotations, which vector registers do at once; equality is always
/// checked, so that a collision costs time only.
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
                    distinct.candidate().copy_from_slice(&belief);
                    let (number, is_new) = distinct.keep();
                    let known = numbers.iter().position(|kept| *kept == belief);
                    prop_assert_eq!(is_new, known.is_none());
                    prop_assert_eq!(number as usize, known.unwrap_or(numbers.len()));
                    if is_new {
                        numbers.push(belief.clone());
                    }
                    prop_assert_eq!(distinct.of(number), &belief[..]);
                }
                distinct.clear();
            }
        }
    }
}
