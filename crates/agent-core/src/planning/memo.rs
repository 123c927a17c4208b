//! Results remembered within one plan.

/// Stands where nothing is remembered.
const EMPTY: u32 = u32::MAX;

/// Below this many possible keys a table with a place for each is used.
const DIRECT_KEYS: u64 = 1 << 12;

/// Numbers under keys: first come, first numbered.
#[derive(Clone, Debug)]
pub(crate) struct Memo {
    table: Table,
    count: u32,
}

#[derive(Clone, Debug)]
enum Table {
    /// One place for every possible key.
    Direct(Vec<u32>),
    /// Open addressing with linear probing, never more than half full.
    Hashed { keys: Vec<u64>, numbers: Vec<u32> },
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Known(u32),
    /// Not seen before; it now has this number.
    New(u32),
}

impl Memo {
    /// Room for `entries` keys out of `keys` possible ones.
    pub(crate) fn new(keys: u64, entries: usize) -> Self {
        let table = if keys <= DIRECT_KEYS {
            Table::Direct(vec![EMPTY; keys as usize])
        } else {
            let size = (entries * 2).max(2).next_power_of_two();
            Table::Hashed { keys: vec![0; size], numbers: vec![EMPTY; size] }
        };
        Self { table, count: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
        match &mut self.table {
            Table::Direct(numbers) | Table::Hashed { numbers, .. } => numbers.fill(EMPTY),
        }
    }

    /// The number of a key, which is new if it was not seen before.
    pub(crate) fn number(&mut self, key: u64) -> Entry {
        let slot = match &mut self.table {
            Table::Direct(numbers) => &mut numbers[key as usize],
            Table::Hashed { keys, numbers } => {
                let mask = numbers.len() - 1;
                let mut place = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
                while numbers[place] != EMPTY && keys[place] != key {
                    place = (place + 1) & mask;
                }
                keys[place] = key;
                &mut numbers[place]
            }
        };
        if *slot == EMPTY {
            *slot = self.count;
            self.count += 1;
            Entry::New(*slot)
        } else {
            Entry::Known(*slot)
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
