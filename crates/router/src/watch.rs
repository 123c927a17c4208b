//! How busy a shard is.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::samples::Countdown;

/// Counts how often a shard is held, and for how long in some of them.
#[derive(Debug)]
pub(crate) struct Watch {
    until_timed: Countdown,
    began: Option<Instant>,
    /// Of those that were timed.
    held: Duration,
    holds: u64,
    contended: u64,
}

impl Watch {
    pub(crate) fn new(timed: Option<NonZeroU32>) -> Self {
        Self {
            until_timed: Countdown::new(timed),
            began: None,
            held: Duration::ZERO,
            holds: 0,
            contended: 0,
        }
    }

    /// The shard was taken, after waiting for another holder if it was contended.
    #[inline]
    pub(crate) fn begin(&mut self, was_contended: bool) {
        self.holds += 1;
        self.contended += u64::from(was_contended);
        if self.until_timed.is_due() {
            self.began = Some(Instant::now());
        }
    }

    /// The shard is let go.
    #[inline]
    pub(crate) fn end(&mut self) {
        if let Some(began) = self.began.take() {
            self.held += began.elapsed();
        }
    }

    pub(crate) fn holds(&self) -> u64 {
        self.holds
    }

    pub(crate) fn contended(&self) -> u64 {
        self.contended
    }

    /// How long it was held in all, as far as those tell that were timed.
    pub(crate) fn busy(&self) -> Duration {
        self.held * self.until_timed.weight()
    }
}
