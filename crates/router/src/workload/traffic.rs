//! Who sends what to whom, and the checksum over who received what: the same for every driver and
//! for every peer.

use std::ops::Range;

use crate::mix::{STEP, below, mix};

/// What is sent.
pub type Message = [u64; 8];

/// Messages from some senders to agents chosen at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Who may be sent to, numbered from 0.
    pub agents: u32,
    /// How many send.
    pub senders: u32,
    /// From all senders together, of which each sends the same number.
    pub messages: u64,
}

impl Traffic {
    /// What one of the senders sends, numbered from 0.
    #[must_use]
    pub fn sends(&self, sender: u32) -> Sends {
        Sends {
            random: Random::new(u64::from(sender) + 1),
            agents: self.agents as usize,
            numbers: 0..self.messages / u64::from(self.senders.max(1)),
        }
    }

    /// The checksum that whoever received it all must have, by going through it all.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        let sends = (0..self.senders).flat_map(|sender| self.sends(sender));
        sends.fold(0, |sum, (to, message)| noted(sum, to as u32, message))
    }
}

/// Receivers and what each is sent, in the order in which one sender sends.
#[derive(Clone, Debug)]
pub struct Sends {
    random: Random,
    agents: usize,
    numbers: Range<u64>,
}

impl Iterator for Sends {
    type Item = (usize, Message);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let number = self.numbers.next()?;
        Some((self.random.below(self.agents), [number; 8]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.numbers.size_hint()
    }
}

impl ExactSizeIterator for Sends {
    fn len(&self) -> usize {
        (self.numbers.end - self.numbers.start) as usize
    }
}

/// A checksum with one more message that an agent received, in whatever order they come.
#[inline]
#[must_use]
pub fn noted(sum: u64, receiver: u32, message: Message) -> u64 {
    sum.wrapping_add((message[0] + 1).wrapping_mul(u64::from(receiver) + 1))
}

/// Steele and Vigna's SplitMix64: who is sent to.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below a limit; 0 where the limit is 0.
    #[inline]
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(STEP);
        below(limit, mix(self.0))
    }
}
