//! What became of every message.

use std::iter::Sum;
use std::ops::AddAssign;

/// How many messages there were and where they are: at any moment at which nothing moves
/// [`sent`](Self::sent) is the sum of all the others.
///
/// A message that a send gave back to its sender was not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Accounts {
    /// Taken over from senders.
    pub sent: u64,
    /// Handed to receivers.
    pub delivered: u64,
    /// In a mailbox, or on the way to one.
    pub queued: u64,
    /// Dropped by the mailbox's policy or because they were too old.
    pub dropped: Dropped,
    /// Given up because they had nowhere to go.
    pub dead: DeadCounts,
}

/// Messages dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dropped {
    /// The oldest of a full mailbox, to make room.
    pub oldest: u64,
    /// Those that a full mailbox had no room for.
    pub newest: u64,
    /// Those whose time to live was over when their turn came.
    pub expired: u64,
}

/// Dead letters, by [`Reason`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DeadCounts {
    /// For an agent that is not there.
    pub no_such_agent: u64,
    /// In the mailbox of an agent that was removed, or when the router was shut down.
    pub removed: u64,
    /// Sent in a batch to a full mailbox that rejects.
    pub full: u64,
}

/// Why a message is a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No agent has that id, or none any more.
    NoSuchAgent,
    /// Its agent was removed, or the router was shut down, before it received the message.
    Removed,
    /// The mailbox was full and rejects, and the sender had already gone on.
    Full,
}

impl DeadCounts {
    pub(crate) fn count(&mut self, reason: Reason) {
        match reason {
            Reason::NoSuchAgent => self.no_such_agent += 1,
            Reason::Removed => self.removed += 1,
            Reason::Full => self.full += 1,
        }
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.no_such_agent + self.removed + self.full
    }
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.oldest + self.newest + self.expired
    }
}

impl Accounts {
    /// Whether every message is accounted for.
    #[must_use]
    pub const fn balance(&self) -> bool {
        let Self { sent, delivered, queued, dropped, dead } = self;
        *sent == *delivered + *queued + dropped.total() + dead.total()
    }
}

impl AddAssign for Accounts {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.queued += other.queued;
        self.dropped.oldest += other.dropped.oldest;
        self.dropped.newest += other.dropped.newest;
        self.dropped.expired += other.dropped.expired;
        self.dead.no_such_agent += other.dead.no_such_agent;
        self.dead.removed += other.dead.removed;
        self.dead.full += other.dead.full;
    }
}

impl Sum for Accounts {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        let mut total = Self::default();
        for part in parts {
            total += part;
        }
        total
    }
}
