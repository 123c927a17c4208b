//! Receiving for an agent.

use std::task::{Context, Poll};

use crate::aftermath::Aftermath;
use crate::shard::{Gone, Place, Shard};
use crate::{AgentId, Envelope, ReceiveError, Router};

impl<M> Router<M> {
    /// The next message of an agent, if there is one.
    ///
    /// # Errors
    /// [`ReceiveError::Empty`], or that nothing will come any more.
    #[inline]
    pub fn try_receive(&self, agent: AgentId) -> Result<Envelope<M>, ReceiveError> {
        let place = self.place_of(agent);
        self.cell(agent).with(|shard, after| match shard.receive(place, after) {
            Ok(Some(envelope)) => Ok(envelope),
            Ok(None) => Err(self.nothing_for(agent)),
            Err(Gone) => Err(ReceiveError::NoSuchAgent(agent)),
        })
    }

    /// Adds messages of an agent that are there to `out`, at most `most`; returns how many.
    ///
    /// # Errors
    /// That nothing will come any more; an empty mailbox is no error.
    pub fn receive_batch(
        &self,
        agent: AgentId,
        most: usize,
        out: &mut Vec<Envelope<M>>,
    ) -> Result<usize, ReceiveError> {
        let place = self.place_of(agent);
        self.cell(agent).with(|shard, after| match take(shard, place, most, out, after) {
            Ok(0) if most > 0 && self.is_closed() => Err(ReceiveError::Closed(agent)),
            Ok(count) => Ok(count),
            Err(Gone) => Err(ReceiveError::NoSuchAgent(agent)),
        })
    }

    pub(crate) fn poll_receive(
        &self,
        agent: AgentId,
        context: &Context<'_>,
    ) -> Poll<Result<Envelope<M>, ReceiveError>> {
        self.poll(agent, context, |shard, place, after| shard.receive(place, after))
    }

    pub(crate) fn poll_receive_many(
        &self,
        agent: AgentId,
        most: usize,
        out: &mut Vec<Envelope<M>>,
        context: &Context<'_>,
    ) -> Poll<Result<usize, ReceiveError>> {
        self.poll(agent, context, |shard, place, after| {
            let count = take(shard, place, most, out, after)?;
            Ok((count > 0 || most == 0).then_some(count))
        })
    }

    /// What there is to receive, or the waker is kept.
    #[inline]
    fn poll<T>(
        &self,
        agent: AgentId,
        context: &Context<'_>,
        receive: impl FnOnce(&mut Shard<M>, Place, &mut Aftermath<M>) -> Result<Option<T>, Gone>,
    ) -> Poll<Result<T, ReceiveError>> {
        let place = self.place_of(agent);
        self.cell(agent).with(|shard, after| {
            let found = match receive(shard, place, after) {
                Ok(Some(found)) => return Poll::Ready(Ok(found)),
                // Whoever closes the router wakes those who wait after this lock is free.
                Ok(None) if self.is_closed() => {
                    return Poll::Ready(Err(ReceiveError::Closed(agent)));
                }
                Ok(None) => shard.wait_to_receive(place, context.waker(), after),
                Err(Gone) => Err(Gone),
            };
            match found {
                Ok(()) => Poll::Pending,
                Err(Gone) => Poll::Ready(Err(ReceiveError::NoSuchAgent(agent))),
            }
        })
    }

    pub(crate) fn stop_receiving(&self, agent: AgentId) {
        let place = self.place_of(agent);
        self.cell(agent).with(|shard, after| shard.stop_receiving(place, after));
    }

    /// Why there is nothing to receive for an agent that is there.
    #[cold]
    fn nothing_for(&self, agent: AgentId) -> ReceiveError {
        if self.is_closed() { ReceiveError::Closed(agent) } else { ReceiveError::Empty(agent) }
    }
}

/// Adds messages of an agent to `out`; returns how many.
fn take<M>(
    shard: &mut Shard<M>,
    place: Place,
    most: usize,
    out: &mut Vec<Envelope<M>>,
    after: &mut Aftermath<M>,
) -> Result<usize, Gone> {
    let before = out.len();
    while out.len() - before < most
        && let Some(envelope) = shard.receive(place, after)?
    {
        out.push(envelope);
    }
    Ok(out.len() - before)
}
