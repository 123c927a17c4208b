//! The end of a router: closed, drained, shut down.

use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::parking::block_until;
use crate::{Accounts, Router};

impl<M> Router<M> {
    /// Takes no more messages and agents. What was sent before can be received; then, instead of
    /// waiting, receivers are told that nothing will come. Senders that wait for room get their
    /// messages back.
    pub fn close(&self) {
        self.shared().is_closed.store(true, Ordering::SeqCst);
        for cell in self.cells() {
            cell.with(|shard, after| shard.wake_all(after));
        }
        tracing::info!(queued = self.accounts().queued, "router closed");
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared().is_closed.load(Ordering::SeqCst)
    }

    /// Closes, then waits until everything that was sent was received, but no longer than until a
    /// deadline; returns how many messages are left.
    pub fn drain(&self, deadline: Instant) -> u64 {
        self.close();
        for cell in self.cells() {
            let poll = |context: &mut Context<'_>| {
                let is_empty = cell.with(|shard, _| shard.wait_until_empty(context.waker()));
                if is_empty { Poll::Ready(()) } else { Poll::Pending }
            };
            if block_until(deadline, poll).is_none() {
                break;
            }
        }
        self.accounts().queued
    }

    /// [Drains](Self::drain), then takes all agents away: what is left becomes dead letters. Returns
    /// what became of all messages that were ever sent.
    pub fn shut_down(&self, deadline: Instant) -> Accounts {
        let left = self.drain(deadline);
        for cell in self.cells() {
            cell.with(|shard, after| shard.remove_all(after));
        }
        tracing::info!(left, "router shut down");
        self.accounts()
    }
}
