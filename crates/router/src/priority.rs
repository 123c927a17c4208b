//! Which of the waiting messages goes first.

use std::mem::swap;

use crate::queue::Queue;

/// How urgent a message is. While messages of all priorities wait in a mailbox, of fifteen that it
/// hands out eight are urgent, four high, two normal and one low: nothing starves. Where some
/// priorities have none, the most urgent of the others take the turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum Priority {
    /// When there is nothing better to do.
    Low,
    /// Everything that is not said to be otherwise.
    #[default]
    Normal,
    /// Before most.
    High,
    /// As soon as possible.
    Urgent,
}

impl Priority {
    /// All, the least urgent first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];
}

/// A [`Priority`] as a number: an enum in an envelope would serve `Option<Envelope<M>>` as the mark
/// of none, and such are moved byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Priority", into = "Priority"))]
pub(crate) struct Rank(u8);

impl Rank {
    #[inline]
    pub(crate) const fn priority(self) -> Priority {
        match self.0 {
            0 => Priority::Low,
            1 => Priority::Normal,
            2 => Priority::High,
            _ => Priority::Urgent,
        }
    }
}

impl Default for Rank {
    fn default() -> Self {
        Priority::default().into()
    }
}

impl From<Priority> for Rank {
    fn from(priority: Priority) -> Self {
        Self(priority as u8)
    }
}

impl From<Rank> for Priority {
    fn from(rank: Rank) -> Self {
        rank.priority()
    }
}

/// Whose turn it is in a mailbox that holds more than normal messages.
#[derive(Clone, Copy, Debug, Default)]
struct Turns(u8);

impl Turns {
    /// The next priority of those that `has` messages; none if none has.
    fn next(&mut self, has: impl Fn(Priority) -> bool) -> Option<Priority> {
        // Of the numbers to 15, eight are odd, four are twice an odd one, and so on.
        let due = match (self.0 % 15 + 1).trailing_zeros() {
            0 => Priority::Urgent,
            1 => Priority::High,
            2 => Priority::Normal,
            _ => Priority::Low,
        };
        let others = Priority::ALL.into_iter().rev();
        let served = [due].into_iter().chain(others).find(|priority| has(*priority))?;
        self.0 = self.0 % 15 + 1;
        Some(served)
    }
}

/// The messages of a mailbox that are not normal.
#[derive(Debug)]
pub(crate) struct Levels {
    queues: [Queue; 3],
    turns: Turns,
}

impl Default for Levels {
    fn default() -> Self {
        Self { queues: [Queue::EMPTY; 3], turns: Turns::default() }
    }
}

impl Levels {
    /// The queue of a priority, given that of the normal ones.
    pub(crate) fn queue<'a>(
        &'a mut self,
        normal: &'a mut Queue,
        priority: Priority,
    ) -> &'a mut Queue {
        let [low, high, urgent] = &mut self.queues;
        match priority {
            Priority::Low => low,
            Priority::Normal => normal,
            Priority::High => high,
            Priority::Urgent => urgent,
        }
    }

    /// The queue whose turn it is, where that is not the normal one's.
    pub(crate) fn due(&mut self, normal: &Queue) -> Option<&mut Queue> {
        let [low, high, urgent] = &mut self.queues;
        let has = [&*low, normal, high, urgent].map(|queue| !queue.is_empty());
        match self.turns.next(|priority| has[priority as usize])? {
            Priority::Low => Some(low),
            Priority::Normal => None,
            Priority::High => Some(high),
            Priority::Urgent => Some(urgent),
        }
    }

    /// The lowest priority that has messages.
    pub(crate) fn lowest(&mut self, normal: &mut Queue) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| !self.queue(normal, *priority).is_empty())
    }

    /// Lets the messages of a priority change places with the normal ones.
    pub(crate) fn swap(&mut self, normal: &mut Queue, priority: Priority) {
        let [low, high, urgent] = &mut self.queues;
        match priority {
            Priority::Low => swap(low, normal),
            Priority::Normal => {}
            Priority::High => swap(high, normal),
            Priority::Urgent => swap(urgent, normal),
        }
    }

    pub(crate) fn are_empty(&self) -> bool {
        self.queues.iter().all(Queue::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn served(rounds: usize, has: impl Fn(Priority) -> bool) -> [usize; 4] {
        let mut turns = Turns::default();
        let mut counts = [0; 4];
        for _ in 0..rounds {
            if let Some(priority) = turns.next(&has) {
                counts[priority as usize] += 1;
            }
        }
        counts
    }

    #[test]
    fn shares_are_eight_four_two_and_one_of_fifteen() {
        assert_eq!(served(150, |_| true), [10, 20, 40, 80]);
    }

    proptest! {
        #[test]
        fn only_those_with_messages_are_served_and_each_of_them_is(present in 1_u8..16) {
            let has = |priority: Priority| present >> priority as u8 & 1 == 1;
            let counts = served(15, has);
            prop_assert_eq!(counts.iter().sum::<usize>(), 15);
            for priority in Priority::ALL {
                prop_assert_eq!(counts[priority as usize] > 0, has(priority));
            }
        }
    }

    #[test]
    fn an_empty_mailbox_serves_nobody() {
        assert_eq!(Turns::default().next(|_| false), None);
    }
}
