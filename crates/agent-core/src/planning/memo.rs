//! Results remembered within one plan.

/// Below this many possible keys a table with a place for each is used.
const DIRECT_KEYS: u64 = 1 << 12;

/// Places that hold numbers given in order, emptied all at once without being touched: numbers
/// go on where those before ended, and what is below is as good as empty.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    places: Vec<u32>,
    first: u32,
    count: u32,
}

impl Numbers {
    const EMPTY: u32 = u32::MAX;

    pub(super) fn new(places: usize) -> Self {
        Self { places: vec![Self::EMPTY; places], first: 0, count: 0 }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.first += self.count;
        self.count = 0;
        if self.first > Self::EMPTY / 2 {
            self.places.fill(Self::EMPTY);
            self.first = 0;
        }
    }

    /// The number in this place.
    #[inline(always)]
    pub(super) fn at(&self, place: usize) -> Option<u32> {
        let number = self.places[place].wrapping_sub(self.first);
        (number < self.count).then_some(number)
    }

    /// Puts the next number in this place.
    #[inline(always)]
    pub(super) fn put(&mut self, place: usize) -> u32 {
        self.places[place] = self.first + self.count;
        self.count += 1;
        self.count - 1
    }
}

/// Numbers under keys: first come, first numbered.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    numbers: Numbers,
    /// The key in each place; nothing where there is a place for every possible key. Else open
    /// addressing with linear probing, never more than half full.
    keys: Option<Vec<u64>>,
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Known(u32),
    /// Not seen before; it now has this number.
    New(u32),
}

impl Memo {
    /// Room for `entries` keys out of `keys` possible ones.
    pub(super) fn new(keys: u64, entries: usize) -> Self {
        if keys <= DIRECT_KEYS {
            return Self { numbers: Numbers::new(keys as usize), keys: None };
        }
        let places = (entries * 2).max(2).next_power_of_two();
        Self { numbers: Numbers::new(places), keys: Some(vec![0; places]) }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
    }

    /// The number of a key, which is new if it was not seen before.
    #[inline(always)]
    pub(super) fn number(&mut self, key: u64) -> Entry {
        let place = match &mut self.keys {
            None => key as usize,
            Some(keys) => {
                let mask = keys.len() - 1;
                let mut place = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
                while self.numbers.at(place).is_some() && keys[place] != key {
                    place = (place + 1) & mask;
                }
                keys[place] = key;
                place
            }
        };
        match self.numbers.at(place) {
            Some(number) => Entry::Known(number),
            None => Entry::New(self.numbers.put(place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_memo_is_a_map(
            keys in proptest::collection::vec(0_u64..100, 1..200),
            is_sparse in any::<bool>(),
        ) {
            let scale = if is_sparse { 1 << 40 } else { 1 };
            let mut memo = Memo::new(100 * scale, 100);
            for _ in 0..2 {
                let mut expected = BTreeMap::new();
                for key in &keys {
                    let next = expected.len() as u32;
                    let entry = match expected.get(key) {
                        Some(number) => Entry::Known(*number),
                        None => Entry::New(next),
                    };
                    expected.entry(key).or_insert(next);
                    prop_assert_eq!(memo.number(key * scale), entry);
                }
                memo.clear();
            }
        }
    }
}
