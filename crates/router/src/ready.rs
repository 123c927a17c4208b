//! The mailboxes that have messages, in the order of their turns.

/// Numbers of slots, first in, first out, in a ring that has room for each slot once.
///
/// Whether a slot is to be added is for a processor as good as random, so adding does not branch on
/// it.
#[derive(Debug)]
pub(crate) struct Ready {
    /// As many as a power of two.
    ring: Vec<u32>,
    /// How many were ever taken, and added.
    taken: usize,
    added: usize,
}

impl Ready {
    pub(crate) fn new() -> Self {
        Self { ring: vec![0], taken: 0, added: 0 }
    }

    /// Makes room for so many.
    pub(crate) fn reserve(&mut self, slots: usize) {
        // One place more, which is written to where nothing is due.
        if slots >= self.ring.len() {
            let mut ring: Vec<u32> = std::iter::from_fn(|| self.pop()).collect();
            (self.taken, self.added) = (0, ring.len());
            ring.resize((slots + 1).next_power_of_two(), 0);
            self.ring = ring;
        }
    }

    /// Adds a slot if `is_due`; it must not be there yet.
    #[inline]
    pub(crate) fn push_if(&mut self, is_due: bool, slot: u32) {
        let mask = self.ring.len() - 1;
        self.ring[self.added & mask] = slot;
        self.added += usize::from(is_due);
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<u32> {
        if self.taken == self.added {
            return None;
        }
        let slot = self.ring[self.taken & (self.ring.len() - 1)];
        self.taken += 1;
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_queue(moves in proptest::collection::vec((0_u8..4, 0_u32..40), 0..400)) {
            let (mut ready, mut expected) = (Ready::new(), VecDeque::new());
            let mut slots = 0;
            for (deed, slot) in moves {
                match deed {
                    0 => {
                        slots += 1;
                        ready.reserve(slots);
                    }
                    1 => prop_assert_eq!(ready.pop(), expected.pop_front()),
                    _ => {
                        let is_due = (slot as usize) < slots && !expected.contains(&slot);
                        ready.push_if(is_due, slot);
                        if is_due {
                            expected.push_back(slot);
                        }
                    }
                }
            }
            prop_assert_eq!(std::iter::from_fn(|| ready.pop()).collect::<VecDeque<_>>(), expected);
        }
    }
}
