//! Numbers for combinations of beliefs about several factors.

use super::Capacity;
use super::memo::{Entry, Memo};

/// Combinations of numbers, one per factor, numbered as they come up: the first two have a
/// number, that and the third have one, and so on. A single factor's number stands for itself.
#[derive(Clone, Debug)]
pub(super) struct Combinations {
    /// For each factor after the first, numbers of combinations up to it.
    levels: Vec<Memo>,
    /// How many numbers each of these factors can have.
    radices: Vec<u64>,
    most: usize,
}

impl Combinations {
    pub(super) fn new(factors: &[usize], capacity: &Capacity) -> Self {
        let radices: Vec<u64> =
            factors.iter().skip(1).map(|f| capacity.beliefs[*f] as u64).collect();
        let level = |(count, radix): (usize, &u64)| {
            let before = capacity.combinations(&factors[..count]) as u64;
            Memo::new(before * radix, capacity.combinations(&factors[..=count]))
        };
        Self {
            levels: (1..).zip(&radices).map(level).collect(),
            radices,
            most: capacity.combinations(factors),
        }
    }

    /// The most there can be.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.levels.iter_mut().for_each(Memo::clear);
    }

    /// The number of a combination, by the number at each place.
    #[inline(always)]
    pub(super) fn number(&mut self, at: impl Fn(usize) -> u32) -> u32 {
        let mut combination = at(0);
        for (place, (level, radix)) in (1..).zip(self.levels.iter_mut().zip(&self.radices)) {
            let key = u64::from(combination) * radix + u64::from(at(place));
            combination = level.number(key).into();
        }
        combination
    }
}

impl From<Entry> for u32 {
    fn from(entry: Entry) -> Self {
        let (Entry::Known(number) | Entry::New(number)) = entry;
        number
    }
}
