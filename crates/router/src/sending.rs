//! A message that waits for room.

use std::task::{Context, Poll};

use crate::mailbox::WhenFull;
use crate::router::Router;
use crate::shard::Offer;
use crate::{AgentId, Envelope, SendError, Sent};

/// A message and its place among those that wait for room in the same mailbox.
pub(crate) struct Sending<'a, M> {
    router: &'a Router<M>,
    to: AgentId,
    /// None once it is sent.
    envelope: Option<Envelope<M>>,
    /// What its waker is known by.
    number: u64,
}

impl<'a, M> Sending<'a, M> {
    pub(crate) fn new(router: &'a Router<M>, to: AgentId, envelope: Envelope<M>) -> Self {
        Self { router, to, envelope: Some(envelope), number: router.next_wait() }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Sent, SendError<M>>> {
        let Some(envelope) = self.envelope.take() else { return Poll::Ready(Ok(Sent::Queued)) };
        let (to, number) = (self.router.place_of(self.to), self.number);
        let offer = self.router.cell(self.to).with(|shard, woken| {
            // Whoever closes the router wakes those who wait after this lock is free.
            if self.router.is_closed() {
                return Offer::Full(envelope, WhenFull::Reject);
            }
            let offer = shard.offer(to, envelope);
            match offer {
                Offer::Queued(waker) => {
                    woken.add(waker);
                    Offer::Queued(None)
                }
                Offer::Full(envelope, WhenFull::Wait) => {
                    shard.wait_to_send(to, number, context.waker());
                    Offer::Full(envelope, WhenFull::Wait)
                }
                other => other,
            }
        });
        match offer {
            Offer::Queued(_) => Poll::Ready(Ok(Sent::Queued)),
            Offer::Dropped => Poll::Ready(Ok(Sent::Dropped)),
            Offer::Dead => Poll::Ready(Ok(Sent::DeadLetter)),
            Offer::Full(envelope, WhenFull::Wait) => {
                self.envelope = Some(envelope);
                Poll::Pending
            }
            Offer::Full(envelope, _) if self.router.is_closed() => {
                Poll::Ready(Err(SendError::Closed { to: self.to, envelope }))
            }
            Offer::Full(envelope, _) => Poll::Ready(Err(SendError::Full { to: self.to, envelope })),
        }
    }

    /// The message, which is then not sent.
    pub(crate) fn take(&mut self) -> Option<Envelope<M>> {
        let envelope = self.envelope.take();
        if envelope.is_some() {
            self.give_up();
        }
        envelope
    }

    /// If it was woken for room that it will not use, the room is the next one's.
    fn give_up(&self) {
        let to = self.router.place_of(self.to);
        self.router.cell(self.to).with(|shard, woken| {
            woken.add(shard.stop_sending(to, self.number));
        });
    }
}

impl<M> Drop for Sending<'_, M> {
    fn drop(&mut self) {
        if self.envelope.is_some() {
            self.give_up();
        }
    }
}
