//! What the writer did, counted.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Transactions in a group at most: the first of them waits for the last one's work.
pub const LARGEST: usize = 128;

/// Classes of sizes: 1, 2 to 3, 4 to 7, and so on to [`LARGEST`].
const CLASSES: usize = LARGEST.ilog2() as usize + 1;

/// What became of transactions since a store was opened.
///
/// As the USE method asks: groups by size show how full they are, `waiting` is the queue, `undone`
/// and `failed` are errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCommits {
    /// Groups that were committed: on a durable store one sync each, if anything was changed.
    pub commits: u64,
    /// Transactions that were committed.
    pub transactions: u64,
    /// Transactions that failed by themselves and were undone alone.
    pub undone: u64,
    /// Transactions of groups that could not be begun or committed, or of which one made SQLite
    /// undo all.
    pub failed: u64,
    /// The most transactions that one commit kept.
    pub largest: u64,
    /// Commits by how many transactions they kept: up to 1, 2 to 3, 4 to 7, and so on; the last is
    /// 128 alone.
    pub sizes: [u64; CLASSES],
    /// Transactions that wait for a group at this moment.
    pub waiting: u64,
}

/// Counts for everyone to look at.
#[derive(Default)]
pub struct Counters(Mutex<GroupCommits>);

impl Counters {
    fn lock(&self) -> MutexGuard<'_, GroupCommits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn committed(&self, kept: usize, undone: usize) {
        let mut counts = self.lock();
        counts.commits += 1;
        counts.transactions += kept as u64;
        counts.undone += undone as u64;
        counts.largest = counts.largest.max(kept as u64);
        counts.sizes[kept.max(1).ilog2() as usize] += 1;
    }

    pub fn failed(&self, transactions: usize) {
        self.lock().failed += transactions as u64;
    }

    pub fn snapshot(&self, waiting: usize) -> GroupCommits {
        GroupCommits { waiting: waiting as u64, ..*self.lock() }
    }
}
