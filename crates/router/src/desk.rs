//! One shard's agents with the lock taken once.

use crate::address::Addresses;
use crate::cell::Woken;
use crate::error::DeskError;
use crate::shard::{Gone, Offer, Shard};
use crate::{AgentId, Envelope, ReceiveError, Sent};

/// The agents of one shard, for as long as [`Router::work`](crate::Router::work) runs.
pub struct Desk<'a, M> {
    pub(crate) shard: &'a mut Shard<M>,
    pub(crate) woken: &'a mut Woken,
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
    #[inline]
    pub fn try_send(&mut self, to: AgentId, envelope: Envelope<M>) -> Result<Sent, DeskError<M>> {
        if !self.holds(to) {
            return Err(DeskError::Elsewhere { to, envelope });
        }
        match self.shard.offer(self.addresses.place_of(to), envelope) {
            Offer::Queued(waker) => {
                self.woken.add(waker);
                Ok(Sent::Queued)
            }
            Offer::Dropped => Ok(Sent::Dropped),
            Offer::Dead => Ok(Sent::DeadLetter),
            Offer::Full(envelope, _) => Err(DeskError::Full { to, envelope }),
        }
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
        match self.shard.receive(self.addresses.place_of(agent)) {
            Ok(Some((envelope, sender))) => {
                self.woken.add(sender);
                Ok(Some(envelope))
            }
            Ok(None) => Ok(None),
            Err(Gone) => Err(ReceiveError::NoSuchAgent(agent)),
        }
    }

    /// The next message of any agent of this shard: of those who have some, one from each in turn.
    #[inline]
    pub fn receive_any(&mut self) -> Option<(AgentId, Envelope<M>)> {
        let (place, (envelope, sender)) = self.shard.receive_any()?;
        self.woken.add(sender);
        Some((self.addresses.id_of(self.number, place), envelope))
    }
}
