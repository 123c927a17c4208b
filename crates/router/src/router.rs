//! The table of agents, and sending one message.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Instant;

use crate::accounts::{Accounts, Reason};
use crate::address::Addresses;
use crate::cell::Cell;
use crate::dead_letters::Undelivered;
use crate::desk::Desk;
use crate::envelope::Envelope;
use crate::mailbox::{Depth, Mailbox, MailboxOptions};
use crate::names::Names;
use crate::parking::{block_on, block_until};
use crate::sending::Sending;
use crate::shard::{Full, Gone, Place};
use crate::snapshot::{RouteUsage, Snapshot};
use crate::subscriptions::Subscriptions;
use crate::sync::{read, write};
use crate::{AgentId, Outbox, ReceiveError, RegisterError, SendError};

/// How a router is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterOptions {
    /// Parts that agents are spread over, each with a lock of its own: as many as threads will work
    /// on messages. Made a power of two, at most 1,024.
    pub shards: NonZeroUsize,
    /// Messages in a shard, on the way to it or in its mailboxes, beyond which every [`Outbox`] holds
    /// back what is for it: what keeps memory bounded, and messages in the caches, where senders do
    /// not wait for single mailboxes. An agent that never receives should have a mailbox that drops.
    pub in_flight: usize,
    /// Dead letters that each shard keeps to be looked at; the oldest make room.
    pub dead_letters: usize,
    /// One message in this many is timed from sending to receiving, and one hold of a shard, for
    /// [`Snapshot`]; none times nothing and reads no clock.
    pub timed: Option<NonZeroU32>,
}

impl Default for RouterOptions {
    /// A shard for each processor, 8,192 messages in flight, 64 dead letters, one message in 61 timed.
    fn default() -> Self {
        let shards = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { shards, in_flight: 1 << 13, dead_letters: 64, timed: NonZeroU32::new(61) }
    }
}

/// Most shards.
const MOST_SHARDS: usize = 1 << 10;

/// Where a sent message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// In the mailbox.
    Queued,
    /// Nowhere: the full mailbox drops what is new.
    Dropped,
    /// Among the dead letters: there is no such agent.
    DeadLetter,
}

/// A message that had nowhere to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter<M> {
    /// For whom it was.
    pub to: AgentId,
    /// Why it did not get there.
    pub reason: Reason,
    /// The message.
    pub envelope: Envelope<M>,
}

/// Messages between agents. A clone is another handle to the same router.
#[derive(Debug)]
pub struct Router<M> {
    shared: Arc<Shared<M>>,
}

#[derive(Debug)]
pub(crate) struct Shared<M> {
    cells: Box<[Cell<M>]>,
    addresses: Addresses,
    names: RwLock<Names>,
    subscriptions: Subscriptions<M>,
    next_shard: AtomicU32,
    next_wait: AtomicU64,
    pub(crate) is_closed: AtomicBool,
    in_flight: usize,
    timed: Option<NonZeroU32>,
}

impl<M> Clone for Router<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M> Default for Router<M> {
    fn default() -> Self {
        Self::new(RouterOptions::default())
    }
}

impl<M> Router<M> {
    /// A router without agents.
    #[must_use]
    pub fn new(options: RouterOptions) -> Self {
        let shards = options.shards.get().min(MOST_SHARDS).next_power_of_two();
        Self {
            shared: Arc::new(Shared {
                cells: (0..shards)
                    .map(|_| Cell::new(options.dead_letters, options.timed))
                    .collect(),
                addresses: Addresses { shard_bits: shards.trailing_zeros() },
                names: RwLock::default(),
                subscriptions: Subscriptions::new(),
                next_shard: AtomicU32::new(0),
                next_wait: AtomicU64::new(0),
                is_closed: AtomicBool::new(false),
                in_flight: options.in_flight,
                timed: options.timed,
            }),
        }
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.shared.cells.len()
    }

    /// The shard that an agent is in.
    #[must_use]
    pub fn shard_of(&self, agent: AgentId) -> usize {
        self.shared.addresses.shard_of(agent)
    }

    /// Adds an agent, in the shards in turn.
    ///
    /// # Errors
    /// If the router is closed or all ids are in use.
    pub fn register(&self, options: MailboxOptions) -> Result<AgentId, RegisterError> {
        let turn = self.shared.next_shard.fetch_add(1, Ordering::Relaxed);
        self.register_in(turn as usize, options)
    }

    /// Adds an agent to the shard `shard % shards`.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn register_in(
        &self,
        shard: usize,
        options: MailboxOptions,
    ) -> Result<AgentId, RegisterError> {
        if self.is_closed() {
            return Err(RegisterError::Closed);
        }
        let addresses = self.shared.addresses;
        let number = addresses.shard(shard);
        let most = u32::MAX >> addresses.shard_bits;
        let place = self.shared.cells[number].with(|shard, _| shard.register(options, most));
        let place = place.ok_or(RegisterError::TooMany(u64::from(most) << addresses.shard_bits))?;
        Ok(addresses.id_of(number, place))
    }

    /// Adds an agent under a name of its own.
    ///
    /// # Errors
    /// If another agent has the name, and as [`register`](Self::register).
    pub fn register_named(
        &self,
        name: &str,
        options: MailboxOptions,
    ) -> Result<AgentId, RegisterError> {
        let mut names = write(&self.shared.names);
        if let Some(owner) = names.find(name) {
            return Err(RegisterError::NameTaken { name: name.into(), owner });
        }
        let id = self.register(options)?;
        names.add(name, id);
        Ok(id)
    }

    /// Adds an agent and gives its receiving end, with which it goes.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn mailbox(&self, options: MailboxOptions) -> Result<Mailbox<M>, RegisterError> {
        Ok(Mailbox::new(self.clone(), self.register(options)?))
    }

    /// Who has a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<AgentId> {
        read(&self.shared.names).find(name)
    }

    /// Takes an agent away; whether it was there. What it had not received becomes dead letters, as
    /// does all that is sent to it from now on.
    pub fn remove(&self, agent: AgentId) -> bool {
        let place = self.place_of(agent);
        if self.cell(agent).with(|shard, after| shard.remove(place, after)).is_err() {
            return false;
        }
        // Most agents have none; those need not be waited for.
        let is_named = read(&self.shared.names).has(agent);
        if is_named {
            write(&self.shared.names).remove(agent);
        }
        self.subscriptions().remove(agent);
        tracing::trace!(%agent, "agent removed");
        true
    }

    /// Sends a message; where the mailbox is full and its policy is to wait, blocks until there is
    /// room.
    ///
    /// # Errors
    /// The message back, if the mailbox is full and rejects or the router is closed.
    #[inline]
    pub fn send(&self, to: AgentId, envelope: Envelope<M>) -> Result<Sent, SendError<M>> {
        match self.offer(to, envelope)? {
            Ok(sent) => Ok(sent),
            Err(envelope) => {
                let mut sending = Sending::new(self, to, envelope);
                block_on(|context| sending.poll(context))
            }
        }
    }

    /// Sends a message without waiting.
    ///
    /// # Errors
    /// The message back, if the mailbox is full and does not drop, or the router is closed.
    #[inline]
    pub fn try_send(&self, to: AgentId, envelope: Envelope<M>) -> Result<Sent, SendError<M>> {
        match self.offer(to, envelope)? {
            Ok(sent) => Ok(sent),
            Err(envelope) => Err(SendError::Full { to, envelope }),
        }
    }

    /// As [`send`](Self::send), but waits no longer than until a deadline.
    ///
    /// # Errors
    /// The message back, if there is still no room or as [`send`](Self::send).
    pub fn send_until(
        &self,
        to: AgentId,
        envelope: Envelope<M>,
        deadline: Instant,
    ) -> Result<Sent, SendError<M>> {
        match self.offer(to, envelope)? {
            Ok(sent) => Ok(sent),
            Err(envelope) => {
                let mut sending = Sending::new(self, to, envelope);
                let sent = block_until(deadline, |context| sending.poll(context));
                sent.unwrap_or_else(|| match sending.take() {
                    Some(envelope) => Err(SendError::Full { to, envelope }),
                    None => Ok(Sent::Queued),
                })
            }
        }
    }

    /// As [`send`](Self::send), but awaits room; works in any executor. Where the future is dropped
    /// while it waits, so is the message, which was then not sent.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_async(
        &self,
        to: AgentId,
        envelope: Envelope<M>,
    ) -> Result<Sent, SendError<M>> {
        match self.offer(to, envelope)? {
            Ok(sent) => Ok(sent),
            Err(envelope) => Sending::new(self, to, envelope).send_async().await,
        }
    }

    /// A sender of batches: see there.
    #[must_use]
    pub fn outbox(&self) -> Outbox<M> {
        Outbox::new(self.clone())
    }

    /// Works on all agents of the shard `shard % shards` with its lock taken once: the fastest way
    /// for a thread that agents belong to. Others who want that shard wait meanwhile; what is sent
    /// to it by [`Outbox`] does not.
    ///
    /// The work must not use the router itself: it would wait for its own lock.
    #[inline]
    pub fn work<R>(&self, shard: usize, work: impl FnOnce(&mut Desk<'_, M>) -> R) -> R {
        let addresses = self.shared.addresses;
        let number = addresses.shard(shard);
        self.shared.cells[number]
            .with(|shard, after| work(&mut Desk { shard, after, addresses, number }))
    }

    /// Whether an agent is there.
    #[must_use]
    pub fn has(&self, agent: AgentId) -> bool {
        self.depth(agent).is_ok()
    }

    /// How many messages an agent's mailbox holds, and held at most.
    ///
    /// # Errors
    /// If there is no such agent.
    pub fn depth(&self, agent: AgentId) -> Result<Depth, ReceiveError> {
        let place = self.place_of(agent);
        let depth = self.cell(agent).with(|shard, _| shard.depth(place));
        depth.map_err(|Gone| ReceiveError::NoSuchAgent(agent))
    }

    /// What became of all messages: exact where nothing moves meanwhile. What an [`Outbox`] still
    /// holds back was not sent.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        self.shared.cells.iter().map(Cell::accounts).sum()
    }

    /// Agents that are there.
    #[must_use]
    pub fn agents(&self) -> usize {
        self.shared.cells.iter().map(|cell| cell.with(|shard, _| shard.agents())).sum()
    }

    /// What the router did since it was made, and how it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut routes = std::array::from_fn(|_| RouteUsage::default());
        let (mut agents, mut accounts) = (0, Accounts::default());
        let shards = self.shared.cells.iter().map(|cell| {
            cell.with(|shard, _| {
                agents += shard.agents();
                accounts += shard.accounts();
                shard.add_routes(&mut routes);
                shard.usage()
            })
        });
        let shards = shards.collect();
        Snapshot { at: Instant::now(), agents, accounts, routes, shards }
    }

    /// The dead letters that were kept; they are kept no more.
    #[must_use]
    pub fn take_dead_letters(&self) -> Vec<DeadLetter<M>> {
        let mut letters = Vec::new();
        for (number, cell) in self.shared.cells.iter().enumerate() {
            for Undelivered { to, reason, envelope } in cell.with(|shard, _| shard.take_dead()) {
                letters.push(DeadLetter {
                    to: self.shared.addresses.id_of(number, to),
                    reason,
                    envelope,
                });
            }
        }
        letters
    }

    /// Sends a message if there is room; else it comes back, if it is to wait as the inner one.
    #[inline]
    fn offer(
        &self,
        to: AgentId,
        envelope: Envelope<M>,
    ) -> Result<Result<Sent, Envelope<M>>, SendError<M>> {
        if self.is_closed() {
            return Err(SendError::Closed { to, envelope });
        }
        let place = self.place_of(to);
        match self.cell(to).with(|shard, after| shard.offer(place, envelope, after)) {
            Ok(sent) => Ok(Ok(sent)),
            Err(Full { envelope, waits: true }) => Ok(Err(envelope)),
            Err(Full { envelope, waits: false }) => Err(SendError::Full { to, envelope }),
        }
    }

    #[inline]
    pub(crate) fn cell(&self, agent: AgentId) -> &Cell<M> {
        &self.shared.cells[self.shard_of(agent)]
    }

    #[inline]
    pub(crate) fn place_of(&self, agent: AgentId) -> Place {
        self.shared.addresses.place_of(agent)
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.shared.addresses
    }

    pub(crate) fn subscriptions(&self) -> &Subscriptions<M> {
        &self.shared.subscriptions
    }

    pub(crate) fn shared(&self) -> &Shared<M> {
        &self.shared
    }

    pub(crate) fn cells(&self) -> &[Cell<M>] {
        &self.shared.cells
    }

    pub(crate) fn timed(&self) -> Option<NonZeroU32> {
        self.shared.timed
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.shared.in_flight
    }

    pub(crate) fn next_wait(&self) -> u64 {
        self.shared.next_wait.fetch_add(1, Ordering::Relaxed)
    }
}
