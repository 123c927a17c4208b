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
/// messages beyond its capacity (how many may be on the way is
/// [`RouterOptions::in_transit`](crate::RouterOptions::in_transit)), and one that rejects makes
/// them dead letters.
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
        Self { router, held, until_timed: Countdown::new() }
    }

    /// Sends a message, or holds it back to be sent with others.
    ///
    /// # Errors
    /// The message back: [`SendError::Full`] while too many messages are on the way to the
    /// receiver's shard (receive from it, then try again), or because the router is closed.
    #[inline(always)]
    pub fn send(&mut self, to: AgentId, envelope: Envelope<M>) -> Result<(), SendError<M>> {
        let shard = self.router.shard_of(to);
        if self.held[shard].transfers.len() >= BATCH {
            if self.router.is_closed() {
                return Err(SendError::Closed { to, envelope });
            }
            if !self.router.cells()[shard].leave(&mut self.held[shard], self.router.in_transit()) {
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

    /// Sends what is held back; returns how many messages still are, because too many are on the
    /// way to their shard.
    pub fn flush(&mut self) -> usize {
        self.hand_over(self.router.in_transit())
    }

    fn hand_over(&mut self, in_transit: usize) -> usize {
        let mut left = 0;
        for (cell, held) in self.router.cells().iter().zip(&mut self.held) {
            if !held.transfers.is_empty() && !cell.leave(held, in_transit) {
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
