//! Where an agent's messages wait for it.

use std::future::poll_fn;
use std::num::NonZeroU32;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::parking::{Patience, block_on, block_until};
use crate::{AgentId, Envelope, ReceiveError, Router};

/// How much a mailbox holds and what happens beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxOptions {
    /// Most messages; none for no bound.
    pub capacity: Option<NonZeroU32>,
    /// What happens to a message that finds no room.
    pub when_full: WhenFull,
}

/// What happens to a message that finds its mailbox full: back-pressure, or loss that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhenFull {
    /// Its sender waits for room: blocked, or awaiting.
    Wait,
    /// Its sender gets it back.
    Reject,
    /// The message that waited longest makes room, of those of the lowest priority. (If all go before
    /// the new one, that one is dropped.)
    DropOldest,
    /// It is dropped itself.
    DropNewest,
}

/// Messages in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Those in it.
    pub now: u32,
    /// The most that ever were, its high-water mark.
    pub most: u32,
}

impl Default for MailboxOptions {
    /// 1,024 messages; senders wait.
    fn default() -> Self {
        Self { capacity: NonZeroU32::new(1024), when_full: WhenFull::Wait }
    }
}

impl MailboxOptions {
    /// As many messages as memory holds.
    pub const UNBOUNDED: Self = Self { capacity: None, when_full: WhenFull::Wait };

    /// At most this many messages.
    #[must_use]
    pub const fn bounded(capacity: NonZeroU32, when_full: WhenFull) -> Self {
        Self { capacity: Some(capacity), when_full }
    }
}

/// The receiving end of an agent, which is removed when this is dropped.
///
/// Every way of receiving hands each message out once, the oldest first. Giving up while waiting,
/// by a timeout or by dropping the future, loses nothing: a message leaves the mailbox only when it
/// is returned.
#[derive(Debug)]
pub struct Mailbox<M> {
    router: Router<M>,
    id: AgentId,
}

impl<M> Mailbox<M> {
    pub(crate) const fn new(router: Router<M>, id: AgentId) -> Self {
        Self { router, id }
    }

    /// Whose it is.
    #[must_use]
    pub const fn id(&self) -> AgentId {
        self.id
    }

    /// The next message if there is one.
    ///
    /// # Errors
    /// [`ReceiveError::Empty`], or that nothing will come any more.
    pub fn try_receive(&mut self) -> Result<Envelope<M>, ReceiveError> {
        self.router.try_receive(self.id)
    }

    /// The next message; waits for it.
    ///
    /// # Errors
    /// Only that nothing will come any more.
    pub fn receive(&mut self) -> Result<Envelope<M>, ReceiveError> {
        let mut patience = Patience::default();
        loop {
            match self.try_receive() {
                Err(ReceiveError::Empty(_)) if self.waits_a_moment(&mut patience) => {}
                Err(ReceiveError::Empty(_)) => {
                    return block_on(|context| self.poll_receive(context));
                }
                result => return result,
            }
        }
    }

    /// Whether there may be a message after a moment's patience.
    fn waits_a_moment(&self, patience: &mut Patience) -> bool {
        let cell = self.router.cell(self.id);
        while patience.is_left() {
            // Without the lock, which a sender may want.
            if cell.may_have_messages() {
                return true;
            }
        }
        false
    }

    /// The next message that comes before a deadline.
    ///
    /// # Errors
    /// [`ReceiveError::Empty`] once the deadline has passed, or that nothing will come any more.
    pub fn receive_until(&mut self, deadline: Instant) -> Result<Envelope<M>, ReceiveError> {
        match self.try_receive() {
            Err(ReceiveError::Empty(_)) => {}
            result => return result,
        }
        let got = block_until(deadline, |context| self.poll_receive(context));
        got.unwrap_or_else(|| {
            self.router.stop_receiving(self.id);
            Err(ReceiveError::Empty(self.id))
        })
    }

    /// The next message that comes within some time.
    ///
    /// # Errors
    /// As [`receive_until`](Self::receive_until).
    pub fn receive_timeout(&mut self, timeout: Duration) -> Result<Envelope<M>, ReceiveError> {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.receive_until(deadline),
            None => self.receive(),
        }
    }

    /// Adds messages that are there to `out`, at most `most` of them; returns how many.
    ///
    /// # Errors
    /// That nothing will come any more; an empty mailbox is no error.
    pub fn receive_batch(
        &mut self,
        most: usize,
        out: &mut Vec<Envelope<M>>,
    ) -> Result<usize, ReceiveError> {
        self.router.receive_batch(self.id, most, out)
    }

    /// As [`receive_batch`](Self::receive_batch), but waits until there is one at least. Where
    /// `most` is 0 it neither waits nor receives.
    ///
    /// # Errors
    /// Only that nothing will come any more.
    pub fn receive_many(
        &mut self,
        most: usize,
        out: &mut Vec<Envelope<M>>,
    ) -> Result<usize, ReceiveError> {
        let mut patience = Patience::default();
        loop {
            match self.receive_batch(most, out) {
                Ok(0) if most > 0 && self.waits_a_moment(&mut patience) => {}
                Ok(0) if most > 0 => {
                    return block_on(|context| self.poll_receive_many(most, out, context));
                }
                result => return result,
            }
        }
    }

    /// The next message; works in any executor. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Only that nothing will come any more.
    pub async fn receive_async(&mut self) -> Result<Envelope<M>, ReceiveError> {
        let mut waits = Waits { mailbox: self, is_noted: false };
        poll_fn(|context| waits.poll(|mailbox| mailbox.poll_receive(context))).await
    }

    /// As [`receive_many`](Self::receive_many), in any executor: one look at the mailbox for all
    /// that came since. Dropping the future loses nothing: messages are in `out` only once it is
    /// ready.
    ///
    /// # Errors
    /// Only that nothing will come any more.
    pub async fn receive_many_async(
        &mut self,
        most: usize,
        out: &mut Vec<Envelope<M>>,
    ) -> Result<usize, ReceiveError> {
        let mut waits = Waits { mailbox: self, is_noted: false };
        poll_fn(|context| waits.poll(|mailbox| mailbox.poll_receive_many(most, out, context))).await
    }

    /// For futures written by hand: adds what is there, at most `most`, to `out`, or the waker is
    /// kept.
    pub fn poll_receive_many(
        &mut self,
        most: usize,
        out: &mut Vec<Envelope<M>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<usize, ReceiveError>> {
        self.router.poll_receive_many(self.id, most, out, context)
    }

    /// For futures written by hand: the next message, or the waker is kept.
    pub fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Envelope<M>, ReceiveError>> {
        self.router.poll_receive(self.id, context)
    }
}

impl<M> Drop for Mailbox<M> {
    fn drop(&mut self) {
        self.router.remove(self.id);
    }
}

/// A receiver that may be waiting; when it is dropped it no longer is.
struct Waits<'a, M> {
    mailbox: &'a mut Mailbox<M>,
    /// Whether its waker was kept.
    is_noted: bool,
}

impl<M> Waits<'_, M> {
    fn poll<T>(&mut self, poll: impl FnOnce(&mut Mailbox<M>) -> Poll<T>) -> Poll<T> {
        let polled = poll(self.mailbox);
        self.is_noted = polled.is_pending();
        polled
    }
}

impl<M> Drop for Waits<'_, M> {
    fn drop(&mut self) {
        if self.is_noted {
            self.mailbox.router.stop_receiving(self.mailbox.id);
        }
    }
}
