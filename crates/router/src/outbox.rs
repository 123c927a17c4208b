//! Sending by the batch.

use std::time::Instant;

use crate::cell::{BATCH, Batch};
use crate::samples::Countdown;
use crate::{AgentId, Envelope, Router, SendError};

/// A sender that collects messages for each shard and hands them over together: one lock for many
/// messages, and none that a receiver holds while it works.
///
/// What it holds back is sent by [`flush`](Self::flush), and when it is dropped. To one receiver its
/// messages come in the order in which they were sent; an outbox is one sender, apart from
/// [`Router::send`]. As it does not wait for an answer, a mailbox that would have it wait takes its
/// messages beyond its capacity, and one that rejects makes them dead letters. What holds it up
/// instead is how many messages the receiver's shard has:
/// [`RouterOptions::in_flight`](crate::RouterOptions::in_flight).
#[derive(Debug)]
pub struct Outbox<M> {
    router: Router<M>,
    /// `[shard]`
    held: Box<[Batch<M>]>,
    until_timed: Countdown,
}

impl<M> Outbox<M> {
    pub(crate) fn new(router: Router<M>) -> Self {
        let held =
            (0..router.shards()).map(|_| Batch { transfers: Vec::new(), timed: None }).collect();
        let until_timed = Countdown::new(router.timed());
        Self { router, held, until_timed }
    }

    /// Sends a message, or holds it back to be sent with others.
    ///
    /// # Errors
    /// The message back: [`SendError::Full`] while too many messages are in the receiver's shard or
    /// on the way to it (try again once some were received), or because the router is closed.
    #[inline(always)]
    pub fn send(&mut self, to: AgentId, envelope: Envelope<M>) -> Result<(), SendError<M>> {
        let shard = self.router.shard_of(to);
        if self.held[shard].transfers.len() >= BATCH {
            if self.router.is_closed() {
                return Err(SendError::Closed { to, envelope });
            }
            if !self.router.cells()[shard].leave(&mut self.held[shard], self.router.in_flight()) {
                return Err(SendError::Full { to, envelope });
            }
        }
        let batch = &mut self.held[shard];
        if self.until_timed.is_due() {
            batch.timed = Some((batch.transfers.len(), Instant::now()));
        }
        batch.transfers.push((self.router.place_of(to), envelope));
        Ok(())
    }

    /// Sends what is held back; returns how many messages still are, because too many are in their
    /// shards.
    pub fn flush(&mut self) -> usize {
        self.hand_over(self.router.in_flight())
    }

    fn hand_over(&mut self, in_flight: usize) -> usize {
        let mut left = 0;
        for (cell, held) in self.router.cells().iter().zip(&mut self.held) {
            if !held.transfers.is_empty() && !cell.leave(held, in_flight) {
                left += held.transfers.len();
            }
        }
        left
    }
}

impl<M> Drop for Outbox<M> {
    fn drop(&mut self) {
        self.hand_over(usize::MAX);
    }
}
