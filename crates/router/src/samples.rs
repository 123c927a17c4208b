//! How long messages wait, of one in some.
//!
//! Reading a clock twice for each message would cost as much as the message. One in some
//! is timed instead, by default in a prime number, which no burst of a round size keeps step with.

use std::mem::replace;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::{Envelope, Route};

/// A message that is timed has a number that leads to when it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample(u16);

impl Sample {
    pub(crate) const NONE: Self = Self(0);
}

/// Counts down to the next time that something is timed: one in so many, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Countdown {
    left: u32,
    every: Option<NonZeroU32>,
}

impl Countdown {
    pub(crate) fn new(every: Option<NonZeroU32>) -> Self {
        Self { left: every.map_or(u32::MAX, NonZeroU32::get), every }
    }

    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        self.left -= 1;
        self.left == 0 && self.begin_anew()
    }

    #[cold]
    fn begin_anew(&mut self) -> bool {
        *self = Self::new(self.every);
        self.every.is_some()
    }

    /// How many times each that is timed stands for.
    pub(crate) fn weight(&self) -> u32 {
        self.every.map_or(0, NonZeroU32::get)
    }
}

/// The timed messages in a shard, and how long those took that were received.
#[derive(Debug)]
pub(crate) struct Samples {
    /// When each was sent, by its number less one.
    sent: Vec<Instant>,
    free: Vec<Sample>,
    latency: [Option<Latency>; Route::ALL.len()],
}

impl Samples {
    pub(crate) const fn new() -> Self {
        Self { sent: Vec::new(), free: Vec::new(), latency: [const { None }; Route::ALL.len()] }
    }

    /// A number for a message that was sent at a moment; none if too many are under way.
    #[cold]
    pub(crate) fn begin(&mut self, at: Instant) -> Sample {
        if let Some(sample) = self.free.pop() {
            self.sent[usize::from(sample.0) - 1] = at;
            return sample;
        }
        match u16::try_from(self.sent.len() + 1) {
            Ok(number) => {
                self.sent.push(at);
                Sample(number)
            }
            Err(_) => Sample::NONE,
        }
    }

    /// The message is received.
    #[inline]
    pub(crate) fn end<M>(&mut self, envelope: &mut Envelope<M>) {
        if envelope.sample != Sample::NONE {
            let route = envelope.route();
            if let Some(sent) = self.take(&mut envelope.sample) {
                let latency = &mut self.latency[route as usize];
                latency.get_or_insert_with(Latency::new).add(sent.elapsed());
            }
        }
    }

    /// The message will not be received.
    #[inline]
    pub(crate) fn forget<M>(&mut self, envelope: &mut Envelope<M>) {
        if envelope.sample != Sample::NONE {
            self.take(&mut envelope.sample);
        }
    }

    /// When the message was sent.
    #[cold]
    fn take(&mut self, sample: &mut Sample) -> Option<Instant> {
        let sample = replace(sample, Sample::NONE);
        let at = self.sent.get(usize::from(sample.0).checked_sub(1)?)?;
        self.free.push(sample);
        Some(*at)
    }

    pub(crate) fn latency(&self, route: Route) -> Option<&Latency> {
        self.latency[route as usize].as_ref()
    }
}

/// Times from sending to receiving, to two significant digits, of one message in
/// [`RouterOptions::timed`](crate::RouterOptions::timed).
#[derive(Clone, Debug)]
pub struct Latency(Histogram<u32>);

/// Longer waits are recorded as this long.
const LONGEST: Duration = Duration::from_secs(3600);

impl Latency {
    fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 2);
        Self(histogram.unwrap_or_else(|_| unreachable!("constant bounds are valid")))
    }

    fn add(&mut self, time: Duration) {
        self.0.saturating_record(time.as_nanos().min(LONGEST.as_nanos()) as u64);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        // Both have the same bounds.
        let _ = self.0.add(&other.0);
    }

    /// How many messages were timed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that this share of the messages did not exceed: 0.99 for p99. Zero where none were
    /// timed.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(share))
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.0.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again_for_ever() {
        let mut samples = Samples::new();
        let mut envelope = Envelope::new(None, ());
        for number in 0..70_000 {
            envelope.sample = samples.begin(Instant::now());
            assert_ne!(envelope.sample, Sample::NONE, "the message after {number} is not timed");
            if number % 2 == 0 {
                samples.end(&mut envelope);
            } else {
                samples.forget(&mut envelope);
            }
            assert_eq!(envelope.sample, Sample::NONE);
        }
        assert_eq!(samples.latency(Route::Direct).map(Latency::count), Some(35_000));
    }

    #[test]
    fn one_in_so_many_is_due_or_none() {
        let due = |every| {
            let mut countdown = Countdown::new(NonZeroU32::new(every));
            (0..1_000).filter(|_| countdown.is_due()).count()
        };
        assert_eq!([due(0), due(1), due(7), due(61)], [0, 1_000, 142, 16]);
    }
}
