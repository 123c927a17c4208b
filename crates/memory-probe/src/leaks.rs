//! Whether something that is done again and again leaves memory behind.
//!
//! Resident memory cannot tell: an allocator keeps what it was given back. Live bytes can. A cycle is
//! run many times, live bytes are noted after each, and [`Series::verdict`] judges them: exactly as at
//! the beginning, settled, growing by so much a cycle, or nothing can be said.
//!
//! ```
//! use memory_probe::leaks::{self, Cycles, Verdict, Watched};
//! use memory_probe::{Counting, Scope};
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting<std::alloc::System> = Counting::new(std::alloc::System);
//! static STEPS: Scope = Scope::new("steps");
//!
//! # fn main() -> Result<(), memory_probe::ProbeError> {
//! let mut log = Vec::new();
//! let series = leaks::watch(Watched::Scope(&STEPS), Cycles { warm_up: 100, watched: 1_000 }, |cycle| {
//!     log.push(format!("cycle {cycle} of the agent"));
//! })?;
//! assert!(matches!(series.verdict(), Verdict::Growing { .. }), "{}", series.verdict());
//! # Ok(())
//! # }
//! ```

mod trend;

use std::fmt;

use crate::counting::ensure_counting;
use crate::{Account, ProbeError, Scope};
use trend::{Trend, has_risen, windows};

/// How often a cycle is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cycles {
    /// Times before anything is noted, to fill what is filled once.
    pub warm_up: usize,
    /// Times after which live bytes are noted: five for each of the warm-up, or nothing can be said
    /// where it does not grow ([`Doubt::LongWarmUp`]).
    pub watched: usize,
}

/// Whose live bytes are noted.
#[derive(Clone, Copy, Debug)]
pub enum Watched<'a> {
    /// All of the process's: right where cycles start threads or give blocks to others.
    Process,
    /// Those of a scope, in which each cycle is run: right where others are busy meanwhile. Threads
    /// that take part enter it themselves.
    Scope(&'a Scope),
}

/// Live bytes at the end of the warm-up and after every cycle that was watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Cycles before the baseline.
    pub warm_up: usize,
    /// The first is the baseline.
    pub live_bytes: Vec<i64>,
}

/// What live bytes say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// As at the baseline, to the byte, at the end and for most of the time.
    Returned,
    /// More than at the baseline, or up and down, but no longer growing.
    Settled {
        /// More than at the baseline, at the end.
        bytes: i64,
        /// Bytes a cycle that it may grow by all the same: a 95 % interval, of less than one byte.
        interval: [f64; 2],
    },
    /// More and more.
    Growing {
        /// Bytes a cycle.
        bytes_per_cycle: f64,
        /// Where they lie: a 95 % interval that lies above 0.
        interval: [f64; 2],
    },
    /// Neither can be said.
    Inconclusive(Doubt),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// There are fewer cycles than a trend needs.
    TooFew,
    /// It does not grow, but the warm-up was longer than a fifth of what was watched: what doubles,
    /// such as the room of a list that gets longer and longer, may have rested.
    LongWarmUp,
    /// It grew until shortly before the end.
    GrewLately,
    /// It still grows, but less and less.
    Slackening,
    /// It goes up and down by more than a leak would make in so many cycles.
    Noisy,
}

/// Runs a cycle again and again and notes what is live. The cycle is given its number, from 0 on.
///
/// # Errors
/// [`ProbeError::NotCounting`].
pub fn watch(
    watched: Watched<'_>,
    cycles: Cycles,
    mut cycle: impl FnMut(usize),
) -> Result<Series, ProbeError> {
    ensure_counting()?;
    let mut run = |number| match watched {
        Watched::Process => cycle(number),
        Watched::Scope(scope) => scope.within(|| cycle(number)),
    };
    let live_bytes = || match watched {
        Watched::Process => Account::now().live_bytes(),
        Watched::Scope(scope) => scope.account().live_bytes(),
    };
    let mut noted = Vec::with_capacity(cycles.watched + 1);
    (0..cycles.warm_up).for_each(&mut run);
    noted.push(live_bytes());
    for number in 0..cycles.watched {
        run(cycles.warm_up + number);
        noted.push(live_bytes());
    }
    Ok(Series { warm_up: cycles.warm_up, live_bytes: noted })
}

/// Fewer cycles than this show no trend.
const FEWEST: usize = 50;

/// Bytes a cycle: where growth by as much cannot be excluded, nothing has settled.
const LEAST: f64 = 1.0;

/// The part of the cycles at the end in which nothing may grow: more than a half, since what doubles,
/// such as the room of a growing list, rests for up to a half of the time, warm-up and all.
const REST: f64 = 0.6;

/// So many cycles must be watched for each of the warm-up, for what doubles to do so while nothing may
/// grow: with more, twice the cycles at the begin of the rest are more than there are in all.
const WATCHED_PER_WARM_UP: usize = 5;

impl Series {
    /// More at the end than at the baseline.
    #[must_use]
    pub fn growth(&self) -> i64 {
        match (self.live_bytes.first(), self.live_bytes.last()) {
            (Some(first), Some(last)) => last - first,
            _ => 0,
        }
    }

    /// Judges the series. The same series gets the same verdict. What grows in the last fortieth of it
    /// for the first time is not seen.
    ///
    /// Noise of a program's memory is above what it must hold, not below: the least of each of forty
    /// windows is looked at. Their slope is Theil's and Sen's (Sen, "Estimates of the regression
    /// coefficient based on Kendall's tau", 1968), its interval from drawing residuals again in blocks,
    /// since neighbours in time resemble each other (Künsch, "The jackknife and the bootstrap for
    /// general stationary observations", 1989).
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let watched = self.live_bytes.len().saturating_sub(1);
        match self.trend() {
            Verdict::Returned | Verdict::Settled { .. }
                if watched < WATCHED_PER_WARM_UP * self.warm_up =>
            {
                Verdict::Inconclusive(Doubt::LongWarmUp)
            }
            verdict => verdict,
        }
    }

    /// What live bytes say by themselves.
    fn trend(&self) -> Verdict {
        let live = &self.live_bytes;
        if live.len() <= FEWEST {
            return Verdict::Inconclusive(Doubt::TooFew);
        }
        let begin = (live.len() as f64 * (1.0 - REST)) as usize;
        if live[begin..].iter().all(|bytes| *bytes == live[0]) {
            return Verdict::Returned;
        }
        let windows = windows(live);
        let (all, half) = (Trend::of(&windows), windows.len() / 2);
        let [first, second] = [&windows[..half], &windows[half..]].map(Trend::of);
        let resting = &windows[(windows.len() as f64 * (1.0 - REST)) as usize..];
        let rest = Trend::of(resting);
        if [all, second, rest].iter().all(Trend::grows) {
            if second.slope < first.slope / 2.0 {
                return Verdict::Inconclusive(Doubt::Slackening);
            }
            return Verdict::Growing { bytes_per_cycle: all.slope, interval: all.interval };
        }
        if has_risen(resting, LEAST) {
            return Verdict::Inconclusive(Doubt::GrewLately);
        }
        if rest.interval[1] < LEAST {
            return Verdict::Settled { bytes: self.growth(), interval: rest.interval };
        }
        Verdict::Inconclusive(Doubt::Noisy)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("returned to the baseline, to the byte"),
            Self::Settled { bytes, interval: [low, high] } => {
                write!(f, "settled at {bytes:+} bytes ([{low:.2}, {high:.2}] a cycle)")
            }
            Self::Growing { bytes_per_cycle, interval: [low, high] } => {
                write!(f, "grows by {bytes_per_cycle:.2} [{low:.2}, {high:.2}] bytes a cycle")
            }
            Self::Inconclusive(doubt) => write!(f, "inconclusive: {doubt}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooFew => "too few cycles; watch more than fifty",
            Self::LongWarmUp => {
                "what doubles may have rested; watch five cycles for each of warm-up"
            }
            Self::GrewLately => "it grew until shortly before the end; watch more cycles",
            Self::Slackening => "it grows, but less and less; warm up longer",
            Self::Noisy => "it goes up and down too much; watch more cycles, or count in a scope",
        })
    }
}
