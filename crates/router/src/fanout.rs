//! One message to several agents.

use std::ops::AddAssign;

use crate::accounts::Reason;
use crate::route::Route;
use crate::sending::Sending;
use crate::shard::Full;
use crate::{AgentId, Envelope, FanoutError, Router, SendError, Sent};

/// A message that was sent to several agents, of whom some may have no room for it.
///
/// Those with room have it already. If a mailbox is full and has its senders wait, its copy is in
/// here: [`wait`](Self::wait) or [`wait_async`](Self::wait_async) for room. Where this is dropped
/// instead, such copies become dead letters, which [`Reached`] and the accounts count.
#[derive(Debug)]
#[must_use = "copies for full mailboxes wait in here, and become dead letters if it is dropped"]
pub struct Fanout<M> {
    router: Router<M>,
    reached: Reached,
    waiting: Vec<(AgentId, Envelope<M>)>,
}

/// What became of the copies of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// In mailboxes.
    pub queued: usize,
    /// Dropped by full mailboxes.
    pub dropped: usize,
    /// Dead letters: for agents that are gone, or full mailboxes that reject or were not waited for.
    pub dead: usize,
    /// Not sent, because the router was closed while they waited for room.
    pub unsent: usize,
}

impl<M> Fanout<M> {
    /// How many copies wait for room.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Blocks until every mailbox has had room.
    pub fn wait(mut self) -> Reached {
        while let Some((to, envelope)) = self.waiting.pop() {
            self.reached += self.router.send(to, envelope).into();
        }
        self.reached
    }

    /// As [`wait`](Self::wait), in any executor. Where the future is dropped, copies that wait become
    /// dead letters.
    pub async fn wait_async(mut self) -> Reached {
        while let Some((to, envelope)) = self.waiting.pop() {
            let mut sending = Sending::new(&self.router, to, envelope);
            self.reached += sending.send_async().await.into();
        }
        self.reached
    }

    /// Waits for nobody: copies that had no room become dead letters.
    pub fn give_up(mut self) -> Reached {
        self.bury();
        self.reached
    }

    fn bury(&mut self) {
        for (to, envelope) in self.waiting.drain(..) {
            let place = self.router.place_of(to);
            self.router
                .cell(to)
                .with(|shard, after| shard.bury(place, Reason::Full, envelope, after));
            self.reached.dead += 1;
        }
    }
}

impl<M> Drop for Fanout<M> {
    fn drop(&mut self) {
        self.bury();
    }
}

impl From<Sent> for Reached {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Queued => Self { queued: 1, ..Self::default() },
            Sent::Dropped => Self { dropped: 1, ..Self::default() },
            Sent::DeadLetter => Self { dead: 1, ..Self::default() },
        }
    }
}

impl<M> From<Result<Sent, SendError<M>>> for Reached {
    fn from(sent: Result<Sent, SendError<M>>) -> Self {
        sent.map_or(Self { unsent: 1, ..Self::default() }, Self::from)
    }
}

impl AddAssign for Reached {
    fn add_assign(&mut self, other: Self) {
        self.queued += other.queued;
        self.dropped += other.dropped;
        self.dead += other.dead;
        self.unsent += other.unsent;
    }
}

impl<M: Clone> Router<M> {
    /// Sends a message to all agents but the one it is from.
    ///
    /// It reaches those who are there when their shard is looked at, one shard after the other.
    ///
    /// # Errors
    /// The message back, if the router is closed.
    pub fn broadcast(&self, envelope: Envelope<M>) -> Result<Fanout<M>, FanoutError<M>> {
        let from = envelope.from;
        let mut everyone = Vec::new();
        for (number, cell) in self.cells().iter().enumerate() {
            let id_of = |place| self.addresses().id_of(number, place);
            cell.with(|shard, _| everyone.extend(shard.places().map(id_of)));
        }
        everyone.retain(|agent| Some(*agent) != from);
        self.send_to_each(everyone, envelope.by(Route::Broadcast))
    }

    /// Sends a copy to each of several agents, those of a shard with its lock taken once.
    pub(crate) fn send_to_each(
        &self,
        mut agents: Vec<AgentId>,
        envelope: Envelope<M>,
    ) -> Result<Fanout<M>, FanoutError<M>> {
        if self.is_closed() {
            return Err(FanoutError::Closed(envelope));
        }
        agents.sort_by_key(|agent| self.shard_of(*agent));
        let router = self.clone();
        let mut fanout = Fanout { router, reached: Reached::default(), waiting: Vec::new() };
        let mut copies = Vec::new();
        for of_shard in agents.chunk_by(|a, b| self.shard_of(*a) == self.shard_of(*b)) {
            // Copied while nothing is held, for that is the message's own code.
            copies.extend(of_shard.iter().map(|agent| (*agent, envelope.clone())));
            self.cell(of_shard[0]).with(|shard, after| {
                for (to, envelope) in copies.drain(..) {
                    let place = self.place_of(to);
                    let sent = match shard.offer(place, envelope, after) {
                        Ok(sent) => sent,
                        Err(Full { envelope, waits: true }) => {
                            fanout.waiting.push((to, envelope));
                            continue;
                        }
                        Err(Full { envelope, waits: false }) => {
                            shard.bury(place, Reason::Full, envelope, after)
                        }
                    };
                    fanout.reached += sent.into();
                }
            });
        }
        // Popped from the end by those who wait for room.
        fanout.waiting.reverse();
        Ok(fanout)
    }
}
