//! Messages that had nowhere to go.

use std::collections::VecDeque;

use crate::Envelope;
use crate::accounts::{DeadCounts, Reason};
use crate::aftermath::Aftermath;
use crate::shard::Place;

/// A message that had nowhere to go.
#[derive(Debug)]
pub(crate) struct Undelivered<M> {
    pub(crate) to: Place,
    pub(crate) reason: Reason,
    pub(crate) envelope: Envelope<M>,
}

/// How many there were, and the latest of them.
#[derive(Debug)]
pub(crate) struct DeadLetters<M> {
    latest: VecDeque<Undelivered<M>>,
    /// Most that are kept.
    most: usize,
    pub(crate) counts: DeadCounts,
}

impl<M> DeadLetters<M> {
    pub(crate) fn new(most: usize) -> Self {
        Self { latest: VecDeque::new(), most, counts: DeadCounts::default() }
    }

    #[cold]
    pub(crate) fn bury(&mut self, letter: Undelivered<M>, after: &mut Aftermath<M>) {
        self.counts.count(letter.reason);
        after.buried();
        self.latest.push_back(letter);
        if self.latest.len() > self.most
            && let Some(oldest) = self.latest.pop_front()
        {
            after.discard(oldest.envelope);
        }
    }

    pub(crate) fn take(&mut self) -> VecDeque<Undelivered<M>> {
        std::mem::take(&mut self.latest)
    }
}
