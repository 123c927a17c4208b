//! When operations should begin: open-loop load.
//!
//! A closed loop asks again only when it was answered, so a slow system lowers its own load. An
//! open loop has a timetable that knows nothing of the answers, as the world has; what comes
//! late is measured from when it should have begun.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::LatencyRecorder;

/// The last stretch before an intended start is spun through, since a sleeping thread wakes
/// tens of microseconds late.
const SPIN: Duration = Duration::from_micros(200);

/// What a thread is given to start, so that the first messages do not wait for it.
const HEAD_START: Duration = Duration::from_millis(10);

/// How operations arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// Evenly.
    Constant {
        /// Operations per second.
        per_second: f64,
    },
    /// Many at the same moment, then silence.
    Burst {
        /// Operations that arrive together.
        size: u64,
        /// From one burst to the next.
        every: Duration,
    },
    /// At a rate that grows or shrinks linearly over the schedule.
    Ramp {
        /// Operations per second at the start.
        from_per_second: f64,
        /// Operations per second at the end.
        to_per_second: f64,
    },
    /// Independently of each other: exponential gaps.
    Poisson {
        /// Operations per second on average.
        per_second: f64,
        /// Of the gaps; the same seed gives the same timetable.
        seed: u64,
    },
}

/// Why arrivals make no timetable.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PacingError {
    /// A rate is zero, negative, infinite or not a number.
    #[error("the rate is {0} operations per second; it must be finite and above 0")]
    Rate(f64),
    /// A ramp's end is negative, infinite or not a number, or both its ends are zero.
    #[error(
        "a ramp from {from} to {to} operations per second; the ends must be finite, at least 0, and not both 0"
    )]
    Ramp {
        /// The rate at the start.
        from: f64,
        /// The rate at the end.
        to: f64,
    },
    /// Bursts without operations or without time between them.
    #[error("bursts of {size} every {every:?}; both must be above 0")]
    Burst {
        /// Operations in a burst.
        size: u64,
        /// Time between bursts.
        every: Duration,
    },
}

/// A timetable: the intended starts, as offsets from its beginning, in order.
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    length: Duration,
    next: u64,
    /// Only Poisson arrivals depend on the one before.
    clock: f64,
    random: Pcg64Mcg,
}

impl Arrivals {
    /// The timetable of this length: every intended start from 0 up to, not including, `length`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use measure::pacing::Arrivals;
    ///
    /// let starts = Arrivals::Constant { per_second: 4.0 }.schedule(Duration::from_secs(1))?;
    /// let starts: Vec<u128> = starts.map(|start| start.as_millis()).collect();
    /// assert_eq!(starts, [0, 250, 500, 750]);
    /// # Ok::<(), measure::pacing::PacingError>(())
    /// ```
    ///
    /// # Errors
    /// [`PacingError`] for rates or sizes of which no timetable can be made.
    pub fn schedule(self, length: Duration) -> Result<Schedule, PacingError> {
        let is_rate = |rate: f64| rate.is_finite() && rate > 0.0;
        let seed = match self {
            Self::Constant { per_second } if !is_rate(per_second) => {
                return Err(PacingError::Rate(per_second));
            }
            Self::Poisson { per_second, .. } if !is_rate(per_second) => {
                return Err(PacingError::Rate(per_second));
            }
            Self::Burst { size, every } if size == 0 || every.is_zero() => {
                return Err(PacingError::Burst { size, every });
            }
            Self::Ramp { from_per_second: from, to_per_second: to }
                if !(is_rate(from) || from == 0.0)
                    || !(is_rate(to) || to == 0.0)
                    || from + to == 0.0 =>
            {
                return Err(PacingError::Ramp { from, to });
            }
            Self::Poisson { seed, .. } => seed,
            _ => 0,
        };
        let random = Pcg64Mcg::seed_from_u64(seed);
        Ok(Schedule { arrivals: self, length, next: 0, clock: 0.0, random })
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let k = self.next as f64;
        let start = match self.arrivals {
            // From the count, not by adding gaps up: no drift.
            Arrivals::Constant { per_second } => k / per_second,
            Arrivals::Burst { size, every } => (self.next / size) as f64 * every.as_secs_f64(),
            Arrivals::Ramp { from_per_second: from, to_per_second: to } => {
                ramp_start(k, from, to, self.length.as_secs_f64())?
            }
            Arrivals::Poisson { per_second, .. } => {
                self.clock += exponential(&mut self.random) / per_second;
                self.clock
            }
        };
        // Whole nanoseconds are compared: a start that rounds to the end is not before it.
        let start = Duration::try_from_secs_f64(start).ok().filter(|start| *start < self.length)?;
        self.next += 1;
        Some(start)
    }
}

/// When the integral of the rate reaches `k`, if it does: the root of
/// `from t + (to - from) t^2 / 2 length = k`, in the form that stays exact when the rate hardly
/// changes.
fn ramp_start(k: f64, from: f64, to: f64, length: f64) -> Option<f64> {
    if k >= f64::midpoint(from, to) * length {
        return None;
    }
    let rate_then = (from * from + 2.0 * (to - from) * k / length).max(0.0).sqrt();
    Some(if k == 0.0 { 0.0 } else { 2.0 * k / (from + rate_then) })
}

/// A standard exponential variate by inversion of a uniform one in (0, 1].
fn exponential(random: &mut Pcg64Mcg) -> f64 {
    let uniform = ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    -uniform.ln()
}

/// What an open-loop run gave.
#[derive(Clone, Debug)]
pub struct OpenLoop {
    /// Response and service times of every operation, failed ones too.
    pub latency: LatencyRecorder,
    /// Operations that failed.
    pub errors: u64,
    /// How late the last operation began: time the system would still have needed.
    pub behind: Duration,
    /// From the first intended start to the last end.
    pub elapsed: Duration,
}

impl OpenLoop {
    fn empty() -> Self {
        let (behind, elapsed) = (Duration::ZERO, Duration::ZERO);
        Self { latency: LatencyRecorder::new(), errors: 0, behind, elapsed }
    }
}

/// Runs `operation` by a timetable on this thread. A late one is never skipped: it begins at
/// once, and its lateness counts.
///
/// `operation` gets the number of the arrival.
pub fn run_open_loop<E>(
    schedule: Schedule,
    mut operation: impl FnMut(u64) -> Result<(), E>,
) -> OpenLoop {
    let origin = Instant::now();
    let mut run = OpenLoop::empty();
    for (number, intended) in (0..).zip(schedule) {
        wait_until(origin, intended);
        let started = origin.elapsed();
        run.errors += u64::from(operation(number).is_err());
        let ended = origin.elapsed();
        run.latency.record(intended, started, ended);
        run.behind = started.saturating_sub(intended);
        run.elapsed = ended;
    }
    run
}

/// An operation that somebody else ends.
#[derive(Debug)]
pub struct Arrival {
    /// Its number, from 0 on.
    pub number: u64,
    intended: Duration,
    origin: Instant,
    ended: mpsc::Sender<Ended>,
}

struct Ended {
    intended: Duration,
    started: Duration,
    ended: Duration,
    failed: bool,
}

impl Arrival {
    /// Notes that work on it begins now; until then it waited.
    #[must_use]
    pub fn start(self) -> Started {
        Started { started: self.origin.elapsed(), arrival: self }
    }
}

/// An operation that somebody is at.
#[derive(Debug)]
pub struct Started {
    arrival: Arrival,
    started: Duration,
}

impl Started {
    /// Notes that it ends now.
    pub fn end<T, E>(self, outcome: &Result<T, E>) {
        let Self { started, arrival: Arrival { intended, origin, ended: sender, .. } } = self;
        let ended = Ended { intended, started, ended: origin.elapsed(), failed: outcome.is_err() };
        // Who began them waits for all that are not dropped.
        let _: Result<_, _> = sender.send(ended);
    }
}

/// As [`run_open_loop`], for operations that go on elsewhere: `begin` hands each on, such as to a
/// task, and returns at once. Waits for all to end; one that is dropped instead has failed.
pub fn run_open_loop_elsewhere(schedule: Schedule, mut begin: impl FnMut(Arrival)) -> OpenLoop {
    let (sender, ended) = mpsc::channel();
    let origin = Instant::now();
    let mut run = OpenLoop::empty();
    let mut begun = 0;
    for (number, intended) in (0..).zip(schedule) {
        wait_until(origin, intended);
        begin(Arrival { number, intended, origin, ended: sender.clone() });
        begun += 1;
    }
    drop(sender);
    let last = origin.elapsed();
    for Ended { intended, started, ended, failed } in ended {
        run.latency.record(intended, started, ended);
        run.errors += u64::from(failed);
        run.elapsed = run.elapsed.max(ended);
    }
    run.errors += begun - run.latency.count();
    run.behind = run.elapsed.saturating_sub(last);
    run
}

/// Why messages from one thread to another gave no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OneWayError {
    /// Sending failed.
    #[error("message {0} could not be sent")]
    NotSent(u64),
    /// Receiving failed.
    #[error("message {0} did not come")]
    NotReceived(u64),
    /// Another message came.
    #[error("message {found} came instead of {expected}")]
    Order {
        /// Whose turn it was.
        expected: u64,
        /// Which it was.
        found: u64,
    },
    /// The sending thread panicked.
    #[error("the thread that sends panicked")]
    Panicked,
}

/// What messages sent by a timetable gave.
#[derive(Clone, Debug)]
pub struct OneWay {
    /// Response and service times of every message.
    pub latency: LatencyRecorder,
    /// How late the last message was sent: time the system would still have needed.
    pub behind: Duration,
    /// How late the latest was sent.
    pub furthest_behind: Duration,
    /// From the beginning of the timetable until the last message was received.
    pub elapsed: Duration,
}

/// Sends by a timetable from a thread of its own and receives on this one. The service time of a
/// message is from just before it is sent until it was received; its response time is from when it
/// should have been sent. The timetable begins when both threads are there.
///
/// `send` says whether it could. Each of the two is dropped when it is done or could not go on; that
/// should make the other, if it waits, give up.
///
/// # Errors
/// If a message is lost or comes out of turn.
pub fn run_one_way(
    schedule: Schedule,
    send: impl FnMut([u64; 8]) -> bool + Send,
    receive: impl FnMut() -> Option<[u64; 8]>,
) -> Result<OneWay, OneWayError> {
    let starts = schedule.clone();
    let origin = Instant::now() + HEAD_START;
    thread::scope(|scope| {
        let sender = scope.spawn(move || send_all(starts, origin, send));
        let received = receive_all(schedule, origin, receive);
        let sent = sender.join().map_err(|_| OneWayError::Panicked)?;
        let (behind, furthest_behind) = sent?;
        let (latency, elapsed) = received?;
        Ok(OneWay { latency, behind, furthest_behind, elapsed })
    })
}

/// How late the last message was sent, and how late the latest.
fn send_all(
    schedule: Schedule,
    origin: Instant,
    mut send: impl FnMut([u64; 8]) -> bool,
) -> Result<(Duration, Duration), OneWayError> {
    let (mut behind, mut furthest_behind) = (Duration::ZERO, Duration::ZERO);
    for (number, intended) in (0..).zip(schedule) {
        wait_until(origin, intended);
        let now = origin.elapsed();
        behind = now.saturating_sub(intended);
        furthest_behind = furthest_behind.max(behind);
        if !send([number, now.as_nanos() as u64, 0, 0, 0, 0, 0, 0]) {
            return Err(OneWayError::NotSent(number));
        }
    }
    Ok((behind, furthest_behind))
}

/// The times of all messages, and when the last was received.
fn receive_all(
    schedule: Schedule,
    origin: Instant,
    mut receive: impl FnMut() -> Option<[u64; 8]>,
) -> Result<(LatencyRecorder, Duration), OneWayError> {
    let (mut latency, mut elapsed) = (LatencyRecorder::new(), Duration::ZERO);
    for (expected, intended) in (0..).zip(schedule) {
        let message = receive().ok_or(OneWayError::NotReceived(expected))?;
        elapsed = origin.elapsed();
        let [found, sent, ..] = message;
        if found != expected {
            return Err(OneWayError::Order { expected, found });
        }
        latency.record(intended, Duration::from_nanos(sent), elapsed);
    }
    Ok((latency, elapsed))
}

/// `origin` may be yet to come.
fn wait_until(origin: Instant, intended: Duration) {
    let due = origin + intended;
    while let Some(left) = due.checked_duration_since(Instant::now()).filter(|d| !d.is_zero()) {
        match left.checked_sub(SPIN) {
            Some(sleep) if !sleep.is_zero() => thread::sleep(sleep),
            _ => std::hint::spin_loop(),
        }
    }
}
