//! How long a message takes from one thread to another: under load, and to one that sleeps.

mod processors;

use std::error::Error;
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use measure::latency::OBSERVATIONS_FOR_P999;
use measure::pacing::{Arrivals, OneWay, run_one_way};
use measure::report::{Benchmark, Report};
use measure::{Figure, Kind, Percentiles, Profile, Record, Summary, Unit};
use router::{Envelope, Latency, MailboxOptions, Route, Router, RouterOptions};

/// Shares of the capacity, in percent.
const LOADS: [u32; 5] = [10, 30, 50, 70, 90];

/// Messages a second that are too many for anything: whoever sends by it never waits for the time.
const WITHOUT_PAUSE: f64 = 1e9;

/// Messages a second between which a receiver falls asleep.
const SLEEPY: f64 = 1_000.0;

/// Of a run: who is behind by more than this at its end was not in balance with its load, and its
/// percentiles say how long the run was.
const LEFT_BEHIND: f64 = 0.05;

/// Columns of the tables behind the first, which says what was varied.
const COLUMNS: [&str; 9] =
    ["rate", "time", "count", "p50", "p95", "p99", "p99.9", "behind", "at end"];

fn main() -> ExitCode {
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "latency", name: "one_way", run: one_way },
            Benchmark { group: "latency", name: "wake_up", run: wake_up },
        ],
    )
}

/// Where the two threads run.
#[derive(Clone, Copy, Debug)]
enum Pinned {
    /// Where the scheduler wants.
    No,
    /// On one processor both.
    Together(usize),
    /// On a processor each: the sender's, the receiver's.
    Apart(usize, usize),
}

impl Pinned {
    /// All that there are processors for.
    fn all() -> Vec<Self> {
        match processors::allowed()[..] {
            [receiver, sender, ..] => {
                vec![Self::No, Self::Apart(sender, receiver), Self::Together(receiver)]
            }
            [only] => vec![Self::No, Self::Together(only)],
            [] => vec![Self::No],
        }
    }

    fn sender(self) -> Option<usize> {
        match self {
            Self::No => None,
            Self::Together(both) => Some(both),
            Self::Apart(sender, _) => Some(sender),
        }
    }

    fn receiver(self) -> Option<usize> {
        match self {
            Self::No => None,
            Self::Together(both) => Some(both),
            Self::Apart(_, receiver) => Some(receiver),
        }
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::No => "no",
            Self::Together(_) => "together",
            Self::Apart(..) => "apart",
        })
    }
}

/// A run by a timetable, and what the router itself says of it.
struct Measured {
    per_second: f64,
    length: Duration,
    run: OneWay,
    observed: Option<Latency>,
}

/// Sends by a timetable, on threads of their own.
fn measured(
    arrivals: Arrivals,
    length: Duration,
    pinned: Pinned,
) -> Result<Measured, Box<dyn Error>> {
    let schedule = arrivals.schedule(length)?;
    let router = Router::new(RouterOptions { shards: NonZeroUsize::MIN, ..Default::default() });
    let mut mailbox = router.mailbox(MailboxOptions::default())?;
    let to = mailbox.id();
    let sending = router.clone();
    let send = move |message| {
        let sent = sending.send(to, Envelope::new(None, message));
        sent.inspect_err(|_| sending.close()).is_ok()
    };
    let both = move || {
        if let Some(processor) = pinned.sender() {
            processors::tie(processor)?;
        }
        // The sending thread is started before anything is received and inherits this one's
        // processor, which this one then leaves.
        let mut own = pinned.receiver();
        let receive = move || {
            if let Some(processor) = own.take() {
                processors::tie(processor).ok()?;
            }
            mailbox.receive().ok().map(|envelope| envelope.message)
        };
        run_one_way(schedule, send, receive).map_err(io::Error::other)
    };
    let run = thread::spawn(both).join().map_err(|_| "the thread that receives panicked")??;
    let snapshot = router.snapshot();
    let (accounts, count) = (snapshot.accounts, run.latency.count());
    if !accounts.balance() || (accounts.sent, accounts.delivered) != (count, count) {
        return Err(format!("{count} messages came, and the router says {accounts:?}").into());
    }
    let observed = snapshot.route(Route::Direct).latency.clone();
    let per_second = count as f64 / length.as_secs_f64();
    Ok(Measured { per_second, length, run, observed })
}

/// Messages a second without pause, in a mailbox that makes the sender wait when it is full.
fn capacity(report: &Report, pinned: Pinned) -> Result<Summary, Box<dyn Error>> {
    let (runs, messages) = match report.profile() {
        Profile::Quick => (5, 50_000.0),
        Profile::Full => (15, 500_000.0),
    };
    let length = Duration::from_secs_f64(messages / WITHOUT_PAUSE);
    let mut rates = Vec::with_capacity(runs);
    for seed in 0..runs as u64 {
        let arrivals = Arrivals::Poisson { per_second: WITHOUT_PAUSE, seed };
        let OneWay { latency, elapsed, .. } = measured(arrivals, length, pinned)?.run;
        rates.push(latency.count() as f64 / elapsed.as_secs_f64());
    }
    Ok(Summary::of(&rates)?)
}

/// Open loop at shares of the capacity, with both threads tied to a processor and not.
fn one_way(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let least = match report.profile() {
        Profile::Quick => Duration::from_millis(200),
        Profile::Full => Duration::from_secs(2),
    };
    let is_shared = thread::available_parallelism().is_ok_and(|number| number.get() == 1);
    for pinned in Pinned::all() {
        if matches!(pinned, Pinned::Together(_)) {
            continue;
        }
        let capacity = capacity(report, pinned)?;
        let (median, spread) = (capacity.median, [capacity.min, capacity.max].map(rate));
        let throughput = report.figure("capacity", Unit::PerSecond, median).distribution(capacity);
        report.record(&throughput.parameter("pinned", pinned))?;
        let mut rows = Vec::new();
        for load in LOADS {
            let per_second = median * f64::from(load) / 100.0;
            let enough = Duration::from_secs_f64(1.1 * OBSERVATIONS_FOR_P999 as f64 / per_second);
            let arrivals = Arrivals::Poisson { per_second, seed: load.into() };
            let measured = measured(arrivals, least.max(enough), pinned)?;
            let named = |record: Record| record.parameter("load", load).parameter("pinned", pinned);
            record(report, &measured, named)?;
            rows.extend(described(&format!("{load} %"), &measured));
        }
        let title = format!(
            "From one thread to another, pinned: {pinned}; load of {} ({} to {})",
            rate(median),
            spread[0],
            spread[1],
        );
        let warning = "\nOne processor: the two take turns, and the loads are not realistic.";
        let title = title + if is_shared { warning } else { "" };
        let header: Vec<_> = ["load"].into_iter().chain(COLUMNS).collect();
        report.table(&title, &header, &rows)?;
    }
    Ok(())
}

/// A receiver that sleeps before every message, on the sender's processor and on another.
fn wake_up(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let length = match report.profile() {
        Profile::Quick => Duration::from_secs(1),
        Profile::Full => Duration::from_secs(12),
    };
    let (mut rows, mut medians) = (Vec::new(), Vec::new());
    for pinned in Pinned::all() {
        let arrivals = Arrivals::Constant { per_second: SLEEPY };
        let measured = measured(arrivals, length, pinned)?;
        record(report, &measured, |record| record.parameter("pinned", pinned))?;
        rows.extend(described(&pinned.to_string(), &measured));
        let where_to = match pinned {
            Pinned::No => "where the scheduler wants",
            Pinned::Together(_) => "on the sender's processor",
            Pinned::Apart(..) => "on a sleeping other",
        };
        medians.push(format!("{} {where_to}", ns(measured.run.latency.service().p50)));
    }
    let title =
        format!("A message that wakes its receiver takes, by the median,\n{}", medians.join(", "));
    let header: Vec<_> = ["pinned"].into_iter().chain(COLUMNS).collect();
    report.table(&title, &header, &rows)?;
    Ok(())
}

impl Measured {
    /// Whether the load was more than could be done.
    fn is_overload(&self) -> bool {
        self.run.behind > self.length.mul_f64(LEFT_BEHIND)
    }

    /// How many messages the router timed, and their percentiles.
    fn observed(&self) -> Option<(u64, Percentiles)> {
        let latency = self.observed.as_ref()?;
        let at = |share| latency.quantile(share).as_nanos() as f64;
        let p999 = (latency.count() >= OBSERVATIONS_FOR_P999).then(|| at(0.999));
        let percentiles = Percentiles { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999 };
        Some((latency.count(), percentiles))
    }
}

/// An overload leaves only how far behind it was.
fn record(
    report: &mut Report,
    measured: &Measured,
    named: impl Fn(Record) -> Record,
) -> Result<(), Box<dyn Error>> {
    for (metric, late) in
        [("behind", measured.run.behind), ("furthest_behind", measured.run.furthest_behind)]
    {
        let mut late = report.figure(metric, Unit::Nanoseconds, late.as_nanos() as f64);
        late.kind = Kind::Latency;
        report.record(&named(late))?;
    }
    if measured.is_overload() {
        return Ok(());
    }
    let template = named(report.figure("time", Unit::Nanoseconds, 0.0));
    for record in measured.run.latency.records(&template) {
        report.record(&record)?;
    }
    if let Some((count, percentiles)) = measured.observed() {
        report.record(&Record {
            metric: "observed_time".to_owned(),
            kind: Kind::Latency,
            estimate: percentiles.p50,
            count,
            percentiles: Some(percentiles),
            ..template
        })?;
    }
    Ok(())
}

/// A row for each way of looking at the times.
fn described(varied: &str, measured: &Measured) -> Vec<Vec<String>> {
    let Measured { per_second, run, .. } = measured;
    let behind = [late(run.furthest_behind), late(run.behind)];
    let count = run.latency.count();
    let row = |time: &str, count: u64, percentiles: [String; 4]| {
        // What all rows of a run share is said once.
        let once = |text: &str| {
            let is_first = matches!(time, "response" | "overload");
            if is_first { text.to_owned() } else { String::new() }
        };
        let mut row = vec![once(varied), once(&rate(*per_second)), time.to_owned()];
        row.push(count.to_string());
        row.extend(percentiles);
        row.extend(behind.each_ref().map(|late| once(late)));
        row
    };
    let written = |p: Percentiles| {
        [Some(p.p50), Some(p.p95), Some(p.p99), p.p999].map(|p| p.map_or("-".to_owned(), ns))
    };
    if measured.is_overload() {
        return vec![row("overload", count, ["-"; 4].map(str::to_owned))];
    }
    let mut rows = vec![
        row("response", count, written(run.latency.response())),
        row("service", count, written(run.latency.service())),
    ];
    rows.extend(measured.observed().map(|(count, p)| row("router", count, written(p))));
    rows
}

fn ns(value: f64) -> String {
    Figure { value, unit: Unit::Nanoseconds }.to_string()
}

fn late(late: Duration) -> String {
    ns(late.as_nanos() as f64)
}

fn rate(value: f64) -> String {
    Figure { value, unit: Unit::PerSecond }.to_string()
}
