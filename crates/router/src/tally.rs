//! A shard's counts.

use crate::accounts::{Accounts, DeadCounts, Dropped};
use crate::route::Route;

/// What [`Accounts`] are made of, but for messages that wait and dead letters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// `[route]`
    pub(crate) sent: [u64; Route::ALL.len()],
    /// `[route]`
    pub(crate) delivered: [u64; Route::ALL.len()],
    pub(crate) dropped: Dropped,
    pub(crate) agents: usize,
    /// The most messages that any mailbox ever held.
    pub(crate) deepest: u32,
}

impl Tally {
    pub(crate) fn accounts(&self, queued: u64, dead: DeadCounts) -> Accounts {
        Accounts {
            sent: self.sent.iter().sum(),
            delivered: self.delivered.iter().sum(),
            queued,
            dropped: self.dropped,
            dead,
        }
    }
}
