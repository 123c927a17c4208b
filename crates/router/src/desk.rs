//! One shard's agents with the lock taken once.

use crate::address::Addresses;
use crate::aftermath::Aftermath;
use crate::error::DeskError;
use crate::shard::{Full, Gone, Shard};
use crate::{AgentId, Envelope, ReceiveError, Sent};

/// The agents of one shard, for as long as [`Router::work`](crate::Router::work) runs.
pub struct Desk<'a, M> {
    pub(crate) shard: &'a mut Shard<M>,
    pub(crate) after: &'a mut Aftermath<M>,
    pub(crate) addresses: Addresses,
    pub(crate) number: usize,
}

impl<M> Desk<'_, M> {
    /// Whether an agent is of this shard.
    #[inline]
    #[must_use]
    pub fn holds(&self, agent: AgentId) -> bool {
        self.addresses.shard_of(agent) == self.number
    }

    /// Sends a message to an agent of this shard.
    ///
    /// # Errors
    /// The message back if the mailbox is full and does not drop, or if the agent is of another
    /// shard: those are reached by an [`Outbox`](crate::Outbox).
    #[inline(always)]
    pub fn try_send(&mut self, to: AgentId, envelope: Envelope<M>) -> Result<Sent, DeskError<M>> {
        if !self.holds(to) {
            return Err(DeskError::Elsewhere { to, envelope });
        }
        self.shard
            .offer(self.addresses.place_of(to), envelope, self.after)
            .map_err(|Full { envelope, .. }| DeskError::Full { to, envelope })
    }

    /// The next message of an agent of this shard, if there is one.
    ///
    /// # Errors
    /// [`ReceiveError::NoSuchAgent`], in this shard at least.
    #[inline]
    pub fn try_receive(&mut self, agent: AgentId) -> Result<Option<Envelope<M>>, ReceiveError> {
        if !self.holds(agent) {
            return Err(ReceiveError::NoSuchAgent(agent));
        }
        self.shard
            .receive(self.addresses.place_of(agent), self.after)
            .map_err(|Gone| ReceiveError::NoSuchAgent(agent))
    }

    /// The next message of any agent of this shard: of those who have some, one from each in turn.
    #[inline]
    pub fn receive_any(&mut self) -> Option<(AgentId, Envelope<M>)> {
        loop {
            let place = self.shard.next_ready()?;
            if let Some(envelope) = self.shard.next_of(place.slot, self.after) {
                return Some((self.addresses.id_of(self.number, place), envelope));
            }
        }
    }
}
