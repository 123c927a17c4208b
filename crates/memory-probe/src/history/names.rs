//! Strings that come again and again, by number.

use std::collections::HashMap;
use std::sync::Arc;

use fnv::FnvBuildHasher;

/// Names that were seen, numbered from 0 on.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<Arc<str>, u32, FnvBuildHasher>,
    names: Vec<Option<Arc<str>>>,
    /// Numbers that have no name any more.
    free: Vec<u32>,
    /// The most names that `numbers` ever had room for: its capacity also falls when one is removed,
    /// its memory does not.
    room: usize,
}

/// Bytes of the two counts before an [`Arc`]'s string.
const COUNTS: usize = 2 * size_of::<usize>();

impl Names {
    /// The number of a name, which it is given if it has none.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let name = Arc::<str>::from(name);
        let number = self.free.pop().unwrap_or(self.names.len() as u32);
        match self.names.get_mut(number as usize) {
            Some(free) => *free = Some(Arc::clone(&name)),
            None => self.names.push(Some(Arc::clone(&name))),
        }
        self.numbers.insert(name, number);
        self.room = self.room.max(self.numbers.capacity());
        number
    }

    /// Another name may get this number.
    fn forget(&mut self, number: u32) {
        if let Some(name) = self.names.get_mut(number as usize).and_then(Option::take) {
            self.numbers.remove(&name);
            self.free.push(number);
        }
    }

    /// The number of a name that was seen.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a number that was given; empty for any other.
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).and_then(Option::as_deref).unwrap_or("")
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let strings = |name: &Arc<str>| (name.len() + COUNTS).next_multiple_of(size_of::<usize>());
        let list = self.names.capacity() * size_of::<Option<Arc<str>>>();
        let free = self.free.capacity() * size_of::<u32>();
        self.names.iter().flatten().map(strings).sum::<usize>() + list + free + self.table_bytes()
    }

    /// The table has a power of two of buckets, of which seven in eight may be used, a byte of control
    /// for each, and sixteen bytes more.
    fn table_bytes(&self) -> usize {
        let buckets = match self.room {
            0 => return 0,
            room @ 1..8 => (room + 1).next_power_of_two(),
            room => (room / 7 * 8).next_power_of_two(),
        };
        let entries = buckets * size_of::<(Arc<str>, u32)>();
        entries.next_multiple_of(16) + buckets + 16
    }
}

/// What a name takes besides its text: its counts, its entry in the table and in the lists.
const KEEPING: usize = 64;

/// What a name is counted as.
pub fn charge(name: &str) -> usize {
    name.len() + KEEPING
}

/// Names that are forgotten with their last use.
#[derive(Debug, Default)]
pub struct UsedNames {
    names: Names,
    /// By number.
    uses: Vec<u32>,
    charged: usize,
}

impl UsedNames {
    /// The number of a name, which has one use more.
    pub fn take_up(&mut self, name: &str) -> u32 {
        let number = self.names.number(name);
        let place = number as usize;
        if place == self.uses.len() {
            self.uses.push(0);
        }
        if self.uses[place] == 0 {
            self.charged += charge(name);
        }
        self.uses[place] += 1;
        number
    }

    /// A name has one use less.
    pub fn let_go(&mut self, number: u32) {
        let Some(uses) = self.uses.get_mut(number as usize) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            self.charged -= charge(self.names.name(number));
            self.names.forget(number);
        }
    }

    /// What all names together are counted as.
    pub fn charged(&self) -> usize {
        self.charged
    }

    /// The number of a name that is used.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.names.find(name)
    }

    /// The name of a number that is used; empty for any other.
    pub fn name(&self, number: u32) -> &str {
        self.names.name(number)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.names.heap_bytes() + self.uses.capacity() * size_of::<u32>()
    }
}
