//! What the allocator was asked for, added up.

use std::fmt;

use crate::tally;

/// Size classes: one for each power of two.
pub const CLASSES: usize = 48;

/// Bytes and blocks that were asked for and given back, over a time, by all threads.
///
/// The sums are exact where threads that allocate at the same moment are waited for; while they run,
/// each counter is right, but the account as a whole is of no one moment. One thread's own part of
/// bytes that another freed is not told apart: only sums mean something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Bytes asked for, in all.
    pub allocated_bytes: u64,
    /// Bytes given back.
    pub freed_bytes: u64,
    /// Blocks given back.
    pub freed_blocks: u64,
    /// The most bytes that were live at a time, to within [`Account::peak_error_bytes`].
    pub peak_bytes: i64,
    /// How far the peak may be off: each thread tells of 16 KiB at a time, in each scope.
    /// Of one thread in one scope the peak is at least `peak_bytes` and at most so much more.
    pub peak_error_bytes: u64,
    /// Blocks asked for, by size.
    pub sizes: SizeClasses,
}

impl Account {
    /// What the process did since it began. All zero if [`Counting`](crate::Counting) is not the
    /// global allocator. Allocates nothing.
    #[must_use]
    pub fn now() -> Self {
        tally::account(0..tally::SCOPES)
    }

    /// What happened after `before`. The peak is that of the later account.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            allocated_bytes: self.allocated_bytes.wrapping_sub(before.allocated_bytes),
            freed_bytes: self.freed_bytes.wrapping_sub(before.freed_bytes),
            freed_blocks: self.freed_blocks.wrapping_sub(before.freed_blocks),
            sizes: self.sizes.since(&before.sizes),
            ..*self
        }
    }

    /// Bytes that were asked for and not given back.
    #[must_use]
    pub fn live_bytes(&self) -> i64 {
        self.allocated_bytes.wrapping_sub(self.freed_bytes).cast_signed()
    }

    /// Blocks that were asked for and not given back.
    #[must_use]
    pub fn live_blocks(&self) -> i64 {
        self.allocated_blocks().wrapping_sub(self.freed_blocks).cast_signed()
    }

    /// Blocks asked for: allocations, and changes of a block's size.
    #[must_use]
    pub fn allocated_blocks(&self) -> u64 {
        self.sizes.blocks.iter().sum()
    }

    /// Lets all peaks, of the process and of every scope, begin anew from what is live.
    pub fn forget_peaks() {
        tally::forget_peaks();
    }
}

/// In one line.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "live {} B in {} blocks; allocated {} B in {} blocks; peak {} B (error {} B)",
            self.live_bytes(),
            self.live_blocks(),
            self.allocated_bytes,
            self.allocated_blocks(),
            self.peak_bytes,
            self.peak_error_bytes,
        )
    }
}

/// Blocks that were asked for, by powers of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeClasses {
    /// `blocks[k]` are of `2^k` to `2^(k + 1) - 1` bytes.
    pub blocks: [u64; CLASSES],
}

impl Default for SizeClasses {
    fn default() -> Self {
        Self { blocks: [0; CLASSES] }
    }
}

impl SizeClasses {
    #[inline]
    pub(crate) fn class(bytes: usize) -> usize {
        (bytes.max(1).ilog2() as usize).min(CLASSES - 1)
    }

    pub(crate) fn add(&mut self, blocks: &[u64; CLASSES]) {
        for (sum, more) in self.blocks.iter_mut().zip(blocks) {
            *sum += more;
        }
    }

    fn since(&self, before: &Self) -> Self {
        let mut blocks = self.blocks;
        for (blocks, before) in blocks.iter_mut().zip(&before.blocks) {
            *blocks = blocks.wrapping_sub(*before);
        }
        Self { blocks }
    }

    /// The classes in use: least and most bytes, blocks.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let used = self.blocks.iter().enumerate().filter(|(_, blocks)| **blocks > 0);
        used.map(|(class, &blocks)| (1 << class, (2 << class) - 1, blocks))
    }
}
