//! Numbers for combinations of numbers.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use fnv::FnvHasher;

/// Combinations of numbers, one at each place, numbered as they come up: what stands at the
/// first place has a number, that and the second have one, and so on.
#[derive(Clone, Debug)]
pub(crate) struct Tuples {
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    numbers: HashMap<Prefix, u32, BuildHasherDefault<FnvHasher>>,
    /// By number.
    prefixes: Vec<Prefix>,
}

/// A combination of the places up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prefix {
    /// The number of the combination of the places before; 0 where there are none.
    pub(crate) before: u32,
    /// What stands at the last place.
    pub(crate) last: u32,
}

impl Tuples {
    pub(crate) fn new(places: usize) -> Self {
        Self { levels: vec![Level::default(); places] }
    }

    /// The number of a combination with something at each place, and whether it is new.
    pub(crate) fn number(&mut self, tuple: impl Iterator<Item = u32>) -> (u32, bool) {
        let mut before = 0;
        let mut is_new = false;
        for (level, last) in self.levels.iter_mut().zip(tuple) {
            let prefix = Prefix { before, last };
            let next = level.prefixes.len() as u32;
            let number = *level.numbers.entry(prefix).or_insert(next);
            is_new = number == next;
            if is_new {
                level.prefixes.push(prefix);
            }
            before = number;
        }
        (before, is_new)
    }

    /// For each place the combinations up to it, those with the same combination before side by
    /// side; and where each whole combination is now, by number.
    pub(crate) fn into_prefixes(self) -> (Vec<Vec<Prefix>>, Vec<u32>) {
        let mut places = vec![0];
        let of_level = |level: Level| {
            let mut order: Vec<u32> = (0..level.prefixes.len() as u32).collect();
            let place_before = |number: &u32| {
                let before = level.prefixes[*number as usize].before;
                places[before as usize]
            };
            order.sort_by_key(place_before);
            let moved = |number: &u32| Prefix {
                before: place_before(number),
                last: level.prefixes[*number as usize].last,
            };
            let prefixes = order.iter().map(moved).collect();
            places = vec![0; order.len()];
            for (place, number) in (0..).zip(order) {
                places[number as usize] = place;
            }
            prefixes
        };
        (self.levels.into_iter().map(of_level).collect(), places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_stands_for_one_combination(
            list in proptest::collection::vec(proptest::array::uniform3(0_u32..4), 1..60)
        ) {
            let mut tuples = Tuples::new(3);
            let mut seen: Vec<[u32; 3]> = Vec::new();
            for tuple in &list {
                let (number, is_new) = tuples.number(tuple.iter().copied());
                let known = seen.iter().position(|seen| seen == tuple);
                prop_assert_eq!(is_new, known.is_none());
                prop_assert_eq!(number as usize, known.unwrap_or(seen.len()));
                if is_new {
                    seen.push(*tuple);
                }
            }
            let (prefixes, places) = tuples.into_prefixes();
            prop_assert_eq!(prefixes[2].len(), seen.len());
            for level in &prefixes {
                prop_assert!(level.is_sorted_by_key(|prefix| prefix.before));
            }
            for (number, tuple) in seen.iter().enumerate() {
                let last = prefixes[2][places[number] as usize];
                let middle = prefixes[1][last.before as usize];
                let first = prefixes[0][middle.before as usize];
                prop_assert_eq!([first.last, middle.last, last.last], *tuple);
            }
        }
    }
}
