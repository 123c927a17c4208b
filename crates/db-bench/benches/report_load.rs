//! How long agents wait that read and write at once, by how and how much they ask, and what the
//! database says of itself meanwhile.

#[expect(dead_code, reason = "each bench asks in ways of its own")]
mod backends;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use backends::{Backend, Opened, Site};
use db_bench::data::{DataSet, MEDIUM, SMALL};
use db_bench::postgres::{self, Counters, Sessions};
use db_bench::{Durability, GroupCommits, Requests};
use measure::pacing::{Arrivals, OpenLoop, run_open_loop_elsewhere};
use measure::report::{Benchmark, Report};
use measure::{Figure, Percentiles, Profile, Record, Unit};
use sqlx::PgConnection;

/// Connections of a store; of PostgreSQL all, of SQLite those that read.
const CONNECTIONS: u32 = 10;

/// Callers by whom the capacity is found, each asking when answered.
const CALLERS: u32 = 20;

/// Requests that arrive at once in a burst.
const BURST: u64 = 100;

/// How often the server's sessions are looked at.
const LOOK: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    // Without a handler Ctrl-C would leave our schema in a database of somebody's.
    if let Err(error) = postgres::end_on_interrupt() {
        eprintln!("{error}");
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[Benchmark { group: "load", name: "mix", run: mix }],
    )
}

/// How requests arrive.
#[derive(Clone, Copy)]
enum Shape {
    Constant,
    Poisson,
    /// Many at once.
    Burst,
    /// From a tenth of the load to all of it.
    Ramp,
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
            Self::Burst => "burst",
            Self::Ramp => "ramp",
        }
    }

    fn arrivals(self, per_second: f64) -> Arrivals {
        match self {
            Self::Constant => Arrivals::Constant { per_second },
            Self::Poisson => Arrivals::Poisson { per_second, seed: 1 },
            Self::Burst => Arrivals::Burst {
                size: BURST,
                every: Duration::from_secs_f64(BURST as f64 / per_second),
            },
            Self::Ramp => {
                Arrivals::Ramp { from_per_second: 0.1 * per_second, to_per_second: per_second }
            }
        }
    }
}

/// What is tried of each store.
struct Trial {
    data: &'static [DataSet],
    /// Percent of the requests that read.
    reads: &'static [u64],
    /// Arrivals and percent of the capacity.
    loads: &'static [(Shape, u32)],
    /// Of finding the capacity, and of each load.
    lengths: [Duration; 2],
}

const QUICK: Trial = Trial {
    data: &[SMALL],
    reads: &[80],
    loads: &[(Shape::Poisson, 50), (Shape::Poisson, 80), (Shape::Burst, 50)],
    lengths: [Duration::from_millis(100), Duration::from_millis(200)],
};

const FULL: Trial = Trial {
    data: &[SMALL, MEDIUM],
    reads: &[80, 50],
    loads: &[
        (Shape::Poisson, 10),
        (Shape::Poisson, 50),
        (Shape::Poisson, 80),
        (Shape::Poisson, 90),
        (Shape::Constant, 80),
        (Shape::Burst, 50),
        (Shape::Ramp, 90),
    ],
    lengths: [Duration::from_millis(500), Duration::from_secs(2)],
};

/// One store under one load.
struct Measured {
    backend: Backend,
    data: &'static str,
    reads: u64,
    shape: Shape,
    percent: u32,
    /// Requests a second.
    load: f64,
    run: OpenLoop,
}

/// A mix of reads and durable writes, agents by Zipf's law, asked by tasks.
fn mix(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let trial = match report.profile() {
        Profile::Quick => QUICK,
        Profile::Full => FULL,
    };
    let site = Site::new()?;
    let (mut all, mut uses) = (Vec::new(), Vec::new());
    for data in trial.data {
        // A connection of the thread that asks has nobody who could wait for it.
        for backend in Backend::available().into_iter().filter(|one| *one != Backend::Rusqlite) {
            for &reads in trial.reads {
                let mut store = site.open(backend, data, Durability::Durable, CONNECTIONS)?;
                let watch = Watch::begin(&site, backend)?;
                let capacity = capacity(&mut store, data, reads, trial.lengths[0])?;
                let capacity_record = report.figure("capacity", Unit::PerSecond, capacity);
                report.record(&named(capacity_record, backend, data.name, reads))?;
                for &(shape, percent) in trial.loads {
                    let load = capacity * f64::from(percent) / 100.0;
                    let schedule = shape.arrivals(load).schedule(trial.lengths[1])?;
                    let mut requests = Requests::new(data, 1_000 + u64::from(percent));
                    let run = run_open_loop_elsewhere(schedule, |arrival| {
                        store.begin(requests.next_of_mix(reads), arrival);
                    });
                    let data = data.name;
                    all.push(Measured { backend, data, reads, shape, percent, load, run });
                }
                let commits = store.commits();
                store.close();
                uses.push(watch.end(&site, commits)?.row(backend, data.name, reads));
            }
        }
    }
    for measured in &all {
        record(report, measured)?;
    }
    let header =
        ["backend", "data", "reads", "arrivals", "load", "p50", "p95", "p99", "p99.9", "errors"];
    let title = format!("Response time of reads and durable writes, {CONNECTIONS} connections");
    report.table(&title, &header, &all.iter().map(row).collect::<Vec<_>>())?;
    report.table(
        "The database itself meanwhile: sessions on average (at most), what was written, and errors",
        &USE_HEADER,
        &uses,
    )?;
    Ok(())
}

/// Requests a second in a closed loop.
fn capacity(
    store: &mut Opened<'_>,
    data: &DataSet,
    reads: u64,
    length: Duration,
) -> Result<f64, Box<dyn Error>> {
    let mut streams: Vec<_> = (0..CALLERS).map(|one| Requests::new(data, one.into())).collect();
    let (began, mut asked) = (Instant::now(), 0);
    while began.elapsed() < length {
        let lists = streams.iter_mut().map(|one| (0..10).map(|_| one.next_of_mix(reads)).collect());
        store.ask_lists(lists.collect())?;
        asked += 10 * CALLERS;
    }
    Ok(f64::from(asked) / began.elapsed().as_secs_f64())
}

/// A look at the database while it is used.
struct Watch {
    server: Option<OfServer>,
}

struct OfServer {
    before: Counters,
    stop: Arc<AtomicBool>,
    looks: thread::JoinHandle<Result<Vec<Sessions>, String>>,
}

/// What was seen.
struct Use {
    sessions: Vec<Sessions>,
    counted: Option<Counters>,
    commits: Option<GroupCommits>,
}

impl Watch {
    fn begin(site: &Site, backend: Backend) -> Result<Self, Box<dyn Error>> {
        if backend != Backend::SqlxPostgres {
            return Ok(Self { server: None });
        }
        let mut session = site.session()?;
        let before = site.runtime().block_on(Counters::now(&mut session))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (runtime, stopped) = (site.runtime().handle().clone(), Arc::clone(&stop));
        let looks = thread::spawn(move || {
            let mut seen = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let now = runtime.block_on(Sessions::now(&mut session));
                seen.push(now.map_err(|error| error.to_string())?);
                thread::sleep(LOOK);
            }
            Ok(seen)
        });
        Ok(Self { server: Some(OfServer { before, stop, looks }) })
    }

    /// Once the store is closed.
    fn end(self, site: &Site, commits: Option<GroupCommits>) -> Result<Use, Box<dyn Error>> {
        let Some(OfServer { before, stop, looks }) = self.server else {
            return Ok(Use { sessions: Vec::new(), counted: None, commits });
        };
        stop.store(true, Ordering::Relaxed);
        let sessions = looks.join().map_err(|_| "whoever looked at the server panicked")??;
        // Sessions count what they did when they end, which they do by themselves.
        thread::sleep(Duration::from_millis(200));
        let mut session: PgConnection = site.session()?;
        let after = site.runtime().block_on(Counters::now(&mut session))?;
        Ok(Use { sessions, counted: Some(after - before), commits })
    }
}

const USE_HEADER: [&str; 10] = [
    "backend",
    "data",
    "reads",
    "active",
    "waiting",
    "commits",
    "syncs",
    "log",
    "cache hits",
    "errors",
];

impl Use {
    fn row(&self, backend: Backend, data: &str, reads: u64) -> Vec<String> {
        let seen = |of: fn(&Sessions) -> i64| {
            let all = self.sessions.iter().map(of);
            let mean = all.clone().sum::<i64>() as f64 / self.sessions.len().max(1) as f64;
            format!("{mean:.1} ({})", all.max().unwrap_or(0))
        };
        let none = || "-".to_owned();
        let [active, waiting, commits, syncs, log, hits, errors] =
            match (self.counted, self.commits) {
                (Some(used), _) => [
                    seen(|sessions| sessions.active),
                    seen(|sessions| sessions.waiting),
                    used.commits.to_string(),
                    used.wal_syncs.to_string(),
                    Figure { value: used.wal_bytes as f64, unit: Unit::Bytes }.to_string(),
                    used.cache_hits().map_or_else(none, |hits| format!("{:.1} %", 100.0 * hits)),
                    (used.rollbacks + used.deadlocks).to_string(),
                ],
                // One sync a commit of the group.
                (None, Some(GroupCommits { commits, transactions, undone, failed, .. })) => [
                    none(),
                    none(),
                    transactions.to_string(),
                    commits.to_string(),
                    none(),
                    none(),
                    (undone + failed).to_string(),
                ],
                (None, None) => std::array::from_fn(|_| none()),
            };
        let [backend, data, reads] = [backend.to_string(), data.to_owned(), format!("{reads} %")];
        vec![backend, data, reads, active, waiting, commits, syncs, log, hits, errors]
    }
}

fn named(record: Record, backend: Backend, data: &str, reads: u64) -> Record {
    record.parameter("backend", backend).parameter("data", data).parameter("reads", reads)
}

fn record(report: &mut Report, measured: &Measured) -> Result<(), Box<dyn Error>> {
    let Measured { backend, data, reads, shape, percent, .. } = *measured;
    let of = |record| {
        let record = named(record, backend, data, reads);
        record.parameter("arrivals", shape.name()).parameter("percent", percent)
    };
    let template = of(report.figure("time", Unit::Nanoseconds, 0.0));
    for record in measured.run.latency.records(&template) {
        report.record(&record)?;
    }
    let errors = report.figure("errors", Unit::Count, measured.run.errors as f64);
    report.record(&of(errors))?;
    Ok(())
}

fn row(measured: &Measured) -> Vec<String> {
    let Percentiles { p50, p95, p99, p999 } = measured.run.latency.response();
    let ns = |value| Figure { value, unit: Unit::Nanoseconds }.to_string();
    let load = Figure { value: measured.load, unit: Unit::PerSecond };
    vec![
        measured.backend.to_string(),
        measured.data.to_owned(),
        format!("{} %", measured.reads),
        format!("{} {} %", measured.shape.name(), measured.percent),
        load.to_string(),
        ns(p50),
        ns(p95),
        ns(p99),
        p999.map_or_else(|| "-".to_owned(), ns),
        measured.run.errors.to_string(),
    ]
}
