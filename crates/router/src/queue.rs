//! Many queues in one array: a queue is the places of its first and its last element.
//!
//! An empty queue costs eight bytes and no memory of its own, which is what lets a million mailboxes
//! be idle. Places that become free are used again, the last first, and from the beginning once all
//! are free: under steady traffic messages move through memory that is in the cache, under bursts in
//! the order in which it lies there, however many queues there are.
//!
//! Whether a queue has elements is for a processor as good as random, so neither pushing nor popping
//! branches on it: place 0 is nobody's, and takes what would be written to the last element of an
//! empty queue.

/// No place.
const NONE: u32 = 0;

/// The elements of any number of queues.
///
/// What follows what is kept apart from the elements: those of a long queue are seldom in the cache,
/// and with the links at hand many of them can be fetched at once.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    /// The place after each place, in its queue or among those that became free.
    next: Vec<u32>,
    /// None while the place is free.
    elements: Vec<Option<T>>,
    /// The first of the places that became free.
    free: u32,
    /// The first of those that were not used since all were free.
    fresh: u32,
    length: usize,
}

/// First in, first out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    first: u32,
    last: u32,
}

impl Queue {
    pub(crate) const EMPTY: Self = Self { first: NONE, last: NONE };

    pub(crate) const fn is_empty(&self) -> bool {
        self.first == NONE
    }
}

impl<T> Pool<T> {
    pub(crate) fn new() -> Self {
        Self { next: vec![NONE], elements: vec![None], free: NONE, fresh: 1, length: 0 }
    }

    /// Elements of all queues.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The element back if the pool has no more numbers for places: 2^32 - 1 elements.
    #[inline(always)]
    pub(crate) fn push(&mut self, queue: &mut Queue, element: T) -> Result<(), T> {
        let place = if self.free == NONE {
            if self.fresh as usize == self.next.len() && !self.grow() {
                return Err(element);
            }
            self.fresh += 1;
            self.fresh - 1
        } else {
            let place = self.free;
            self.free = self.next[place as usize];
            place
        };
        self.elements[place as usize] = Some(element);
        self.next[place as usize] = NONE;
        self.next[queue.last as usize] = place;
        queue.first |= place & all_if(queue.last == NONE);
        queue.last = place;
        self.length += 1;
        Ok(())
    }

    /// Adds a place; whether there is a number for it.
    #[cold]
    fn grow(&mut self) -> bool {
        let has_number = self.next.len() < u32::MAX as usize;
        if has_number {
            self.next.push(NONE);
            self.elements.push(None);
        }
        has_number
    }

    /// The element that [`pop`](Self::pop) would take.
    #[inline]
    pub(crate) fn first(&self, queue: &Queue) -> Option<&T> {
        self.elements[queue.first as usize].as_ref()
    }

    /// The element that [`pop`](Self::pop) would take.
    pub(crate) fn first_mut(&mut self, queue: &Queue) -> Option<&mut T> {
        self.elements[queue.first as usize].as_mut()
    }

    #[inline]
    pub(crate) fn pop(&mut self, queue: &mut Queue) -> Option<T> {
        let place = queue.first;
        if place == NONE {
            return None;
        }
        let next = &mut self.next[place as usize];
        queue.first = *next;
        queue.last &= all_if(*next != NONE);
        *next = self.free;
        self.free = place;
        self.length -= 1;
        if self.length == 0 {
            self.free = NONE;
            self.fresh = 1;
        }
        self.elements[place as usize].take()
    }

    /// Moves the first element of one queue to the head of another.
    pub(crate) fn advance(&mut self, from: &mut Queue, to: &mut Queue) {
        let place = from.first;
        if place == NONE {
            return;
        }
        let next = &mut self.next[place as usize];
        from.first = *next;
        if from.first == NONE {
            from.last = NONE;
        }
        *next = to.first;
        to.first = place;
        if to.last == NONE {
            to.last = place;
        }
    }
}

/// All bits, or none.
#[inline]
fn all_if(condition: bool) -> u32 {
    u32::from(condition).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn queues_that_share_a_pool_are_queues(
            moves in proptest::collection::vec((0_usize..4, 0_usize..4, 0_u8..5), 0..300),
        ) {
            let mut pool = Pool::new();
            let mut queues = [Queue::EMPTY; 4];
            let mut expected: [VecDeque<usize>; 4] = Default::default();
            let mut most = 0;
            for (number, (which, other, deed)) in moves.into_iter().enumerate() {
                match deed {
                    0 | 1 => {
                        prop_assert!(pool.push(&mut queues[which], number).is_ok());
                        expected[which].push_back(number);
                    }
                    2 if which != other => {
                        let (mut from, mut to) = (queues[which], queues[other]);
                        pool.advance(&mut from, &mut to);
                        (queues[which], queues[other]) = (from, to);
                        if let Some(first) = expected[which].pop_front() {
                            expected[other].push_front(first);
                        }
                    }
                    _ => {
                        prop_assert_eq!(pool.first(&queues[which]), expected[which].front());
                        prop_assert_eq!(pool.pop(&mut queues[which]), expected[which].pop_front());
                    }
                }
                let held = expected.iter().map(VecDeque::len).sum::<usize>();
                most = most.max(held);
                prop_assert_eq!(pool.len(), held);
            }
            // Places are used again.
            prop_assert_eq!(pool.elements.len(), most + 1);
        }
    }
}
