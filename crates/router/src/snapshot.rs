//! What a router did and how it is: utilisation, saturation, errors.

use std::fmt;
use std::time::{Duration, Instant};

use crate::{Accounts, Latency, Route};

/// A router at one moment; [`since`](Self::since) compares two. Each shard is exact at the moment at
/// which it was looked at, one after the other.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken.
    pub at: Instant,
    /// Agents that are there.
    pub agents: usize,
    /// What became of all messages.
    pub accounts: Accounts,
    /// The ways messages came, in the order of [`Route::ALL`].
    pub routes: [RouteUsage; Route::ALL.len()],
    /// The parts of the router.
    pub shards: Vec<ShardUsage>,
}

/// The messages of one kind of route.
#[derive(Clone, Debug, Default)]
pub struct RouteUsage {
    /// Taken over from senders: for a topic, a broadcast or a filter one for each receiver.
    pub sent: u64,
    /// Handed to receivers.
    pub delivered: u64,
    /// From sending to receiving, of the messages that were timed
    /// ([`RouterOptions::timed`](crate::RouterOptions::timed)); none where none was.
    pub latency: Option<Latency>,
}

/// The agents that share a lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardUsage {
    /// How long it was held since the router was made, estimated from
    /// the holds that were timed.
    pub busy: Duration,
    /// How often it was held.
    pub holds: u64,
    /// How often someone had to wait for it.
    pub contended: u64,
    /// Messages in its mailboxes.
    pub queued: u64,
    /// The most messages that any of its mailboxes ever held.
    pub deepest: u32,
    /// Receivers that wait for a message.
    pub receivers_waiting: usize,
    /// Senders that wait for room.
    pub senders_waiting: usize,
}

/// Brendan Gregg's three questions, of the time between two snapshots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// Share of the time that the busiest shard was held, estimated.
    pub utilisation: f64,
    /// Share of the times at which a shard was wanted that it was held by another.
    pub contention: f64,
    /// Messages that wait, at the end.
    pub queued: u64,
    /// Senders that wait for room, at the end.
    pub senders_waiting: usize,
    /// Messages dropped.
    pub dropped: u64,
    /// Dead letters.
    pub dead: u64,
}

impl Snapshot {
    /// What happened since an earlier snapshot of the same router.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Use {
        let elapsed = self.at.saturating_duration_since(earlier.at).as_secs_f64();
        let pairs = || self.shards.iter().zip(&earlier.shards);
        let busiest = pairs()
            .map(|(now, then)| now.busy.saturating_sub(then.busy).as_secs_f64())
            .fold(0.0, f64::max);
        let holds: u64 = pairs().map(|(now, then)| now.holds - then.holds).sum();
        let contended: u64 = pairs().map(|(now, then)| now.contended - then.contended).sum();
        Use {
            utilisation: if elapsed > 0.0 { (busiest / elapsed).min(1.0) } else { 0.0 },
            contention: contended as f64 / holds.max(1) as f64,
            queued: self.accounts.queued,
            senders_waiting: self.shards.iter().map(|shard| shard.senders_waiting).sum(),
            dropped: self.accounts.dropped.total() - earlier.accounts.dropped.total(),
            dead: self.accounts.dead.total() - earlier.accounts.dead.total(),
        }
    }

    /// The messages of one kind of route.
    #[must_use]
    pub fn route(&self, route: Route) -> &RouteUsage {
        &self.routes[route as usize]
    }
}

impl RouteUsage {
    pub(crate) fn add(&mut self, sent: u64, delivered: u64, latency: Option<&Latency>) {
        self.sent += sent;
        self.delivered += delivered;
        match (&mut self.latency, latency) {
            (Some(all), Some(latency)) => all.merge(latency),
            (all, latency) => *all = latency.cloned(),
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { utilisation, contention, queued, senders_waiting, dropped, dead } = self;
        write!(
            f,
            "utilisation {:.0} %, saturation: {queued} queued, {senders_waiting} senders waiting, \
             {:.1} % contended, errors: {dropped} dropped, {dead} dead",
            utilisation * 100.0,
            contention * 100.0,
        )
    }
}
