//! Many queues in one array: a queue is the places of its first and its last element.
//!
//! An empty queue costs eight bytes and no memory of its own, which is what lets a million mailboxes
//! be idle. Places that become free are used again, the last first, so that under steady traffic
//! messages move through memory that is in the cache, however many queues there are.

/// No place.
const NONE: u32 = u32::MAX;

/// The elements of any number of queues.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    nodes: Vec<Node<T>>,
    /// The first of the free places, each of which leads to the next.
    free: u32,
}

#[derive(Debug)]
struct Node<T> {
    next: u32,
    /// None while the place is free.
    element: Option<T>,
}

/// First in, first out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    first: u32,
    last: u32,
}

impl Queue {
    pub(crate) const EMPTY: Self = Self { first: NONE, last: NONE };
}

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self { nodes: Vec::new(), free: NONE }
    }

    /// The element back if the pool has no more numbers for places: 2^32 - 1 elements.
    #[inline]
    pub(crate) fn push(&mut self, queue: &mut Queue, element: T) -> Result<(), T> {
        let place = self.free;
        let place = match self.nodes.get_mut(place as usize) {
            Some(node) => {
                self.free = node.next;
                node.next = NONE;
                node.element = Some(element);
                place
            }
            None => {
                let place = self.nodes.len();
                if place >= NONE as usize {
                    return Err(element);
                }
                self.nodes.push(Node { next: NONE, element: Some(element) });
                place as u32
            }
        };
        match self.nodes.get_mut(queue.last as usize) {
            Some(last) => last.next = place,
            None => queue.first = place,
        }
        queue.last = place;
        Ok(())
    }

    #[inline]
    pub(crate) fn pop(&mut self, queue: &mut Queue) -> Option<T> {
        let place = queue.first;
        let node = self.nodes.get_mut(place as usize)?;
        queue.first = node.next;
        if queue.first == NONE {
            queue.last = NONE;
        }
        node.next = self.free;
        self.free = place;
        node.element.take()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn queues_that_share_a_pool_are_queues(
            moves in proptest::collection::vec((0_usize..4, any::<bool>()), 0..300),
        ) {
            let mut pool = Pool::new();
            let mut queues = [Queue::EMPTY; 4];
            let mut expected: [VecDeque<usize>; 4] = Default::default();
            let mut most = 0;
            for (number, (which, is_push)) in moves.into_iter().enumerate() {
                if is_push {
                    prop_assert!(pool.push(&mut queues[which], number).is_ok());
                    expected[which].push_back(number);
                } else {
                    prop_assert_eq!(pool.pop(&mut queues[which]), expected[which].pop_front());
                }
                let held = expected.iter().map(VecDeque::len).sum::<usize>();
                most = most.max(held);
            }
            // Places are used again.
            prop_assert_eq!(pool.nodes.len(), most);
        }
    }
}
