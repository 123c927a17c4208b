//! Strings that come again and again, by number.

use std::sync::Arc;

use fnv::FnvBuildHasher;
use std::collections::HashMap;

/// Names that were seen, numbered from 0 on. None is ever forgotten.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<Arc<str>, u32, FnvBuildHasher>,
    names: Vec<Arc<str>>,
}

/// Bytes of the two counts before an [`Arc`]'s string.
const COUNTS: usize = 2 * size_of::<usize>();

impl Names {
    /// The number of a name, which it is given if it has none.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let (number, name) = (self.names.len() as u32, Arc::<str>::from(name));
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// The number of a name that was seen.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a number that was given; empty for any other.
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let strings = |name: &Arc<str>| (name.len() + COUNTS).next_multiple_of(size_of::<usize>());
        let list = self.names.capacity() * size_of::<Arc<str>>();
        self.names.iter().map(strings).sum::<usize>() + list + self.table_bytes()
    }

    /// The table has a power of two of buckets, of which seven in eight may be used, a byte of control
    /// for each, and sixteen bytes more.
    fn table_bytes(&self) -> usize {
        let buckets = match self.numbers.capacity() {
            0 => return 0,
            room @ 1..8 => (room + 1).next_power_of_two(),
            room => (room / 7 * 8).next_power_of_two(),
        };
        let entries = buckets * size_of::<(Arc<str>, u32)>();
        entries.next_multiple_of(16) + buckets + 16
    }
}
