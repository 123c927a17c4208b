//! A message that may have to wait for room.

use std::future::poll_fn;
use std::mem::replace;
use std::task::{Context, Poll};

use crate::router::Router;
use crate::shard::waiting::Waits;
use crate::{AgentId, Envelope, SendError, Sent};

/// A message and its place among those that wait for room in the same mailbox.
pub(crate) struct Sending<'a, M> {
    router: &'a Router<M>,
    to: AgentId,
    stage: Stage<M>,
}

enum Stage<M> {
    Holds(Envelope<M>),
    /// The shard has the message, under this number.
    Waits(u64),
    Over,
}

impl<'a, M> Sending<'a, M> {
    pub(crate) fn new(router: &'a Router<M>, to: AgentId, envelope: Envelope<M>) -> Self {
        Self { router, to, stage: Stage::Holds(envelope) }
    }

    pub(crate) async fn send_async(&mut self) -> Result<Sent, SendError<M>> {
        poll_fn(|context| self.poll(context)).await
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Sent, SendError<M>>> {
        let to = self.router.place_of(self.to);
        let envelope = match self.stage {
            Stage::Over => return Poll::Ready(Ok(Sent::Queued)),
            Stage::Waits(number) => {
                let waits = self.router.cell(self.to).with(|shard, after| {
                    // Whoever closes the router wakes those who wait after this lock is free.
                    match shard.wait_on(to, number, context.waker(), after) {
                        Waits::Yes if self.router.is_closed() => Waits::ForNobody,
                        waits => waits,
                    }
                });
                if waits == Waits::Yes {
                    return Poll::Pending;
                }
                match self.take() {
                    None => return Poll::Ready(Ok(Sent::Queued)),
                    Some(envelope) => envelope,
                }
            }
            Stage::Holds(_) => match replace(&mut self.stage, Stage::Over) {
                Stage::Holds(envelope) => envelope,
                Stage::Waits(_) | Stage::Over => return Poll::Ready(Ok(Sent::Queued)),
            },
        };
        self.offer(envelope, context)
    }

    fn offer(
        &mut self,
        envelope: Envelope<M>,
        context: &Context<'_>,
    ) -> Poll<Result<Sent, SendError<M>>> {
        let (to, number) = (self.to, self.router.next_wait());
        let place = self.router.place_of(to);
        self.router.cell(to).with(|shard, after| {
            if self.router.is_closed() {
                return Poll::Ready(Err(SendError::Closed { to, envelope }));
            }
            let offered = shard.offer_or_wait(place, envelope, number, context.waker(), after);
            if offered.is_pending() {
                self.stage = Stage::Waits(number);
            }
            offered.map_err(|envelope| SendError::Full { to, envelope })
        })
    }

    /// The message, which is then not sent; none if it was.
    pub(crate) fn take(&mut self) -> Option<Envelope<M>> {
        match replace(&mut self.stage, Stage::Over) {
            Stage::Holds(envelope) => Some(envelope),
            Stage::Waits(number) => {
                let to = self.router.place_of(self.to);
                self.router.cell(self.to).with(|shard, after| shard.withdraw(to, number, after))
            }
            Stage::Over => None,
        }
    }
}

impl<M> Drop for Sending<'_, M> {
    fn drop(&mut self) {
        drop(self.take());
    }
}
