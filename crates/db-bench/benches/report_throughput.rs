//! Messages and reads a second, by backend and number of callers, beside the disk's sync time.

#[expect(dead_code, reason = "each bench asks in ways of its own")]
mod backends;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use backends::{Backend, Site};
use db_bench::data::SMALL;
use db_bench::{Durability, GroupCommits, Operation, Request, Requests, disk, postgres};
use measure::report::{Benchmark, Report};
use measure::{Figure, Kind, Profile, Summary, Unit};

/// Callers of a store that several can ask.
const CALLERS: [u32; 4] = [1, 10, 20, 50];

/// Connections that such a store has.
const CONNECTIONS: u32 = 20;

/// What stands in the table of targets.
const TARGET: (Backend, u32) = (Backend::SqliteThreads, 20);

/// Reads by key in a measurement, of all callers together.
const READS: u32 = 20_000;

fn main() -> ExitCode {
    // Without a handler Ctrl-C would leave our schema in a database of somebody's.
    if let Err(error) = postgres::end_on_interrupt() {
        eprintln!("{error}");
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "throughput", name: "durable", run: durable },
            Benchmark { group: "throughput", name: "relaxed", run: relaxed },
            Benchmark { group: "throughput", name: "point_reads", run: point_reads },
        ],
    )
}

fn durable(report: &mut Report) -> Result<(), Box<dyn Error>> {
    inserts(report, Durability::Durable)
}

fn relaxed(report: &mut Report) -> Result<(), Box<dyn Error>> {
    inserts(report, Durability::Relaxed)
}

fn rate(value: f64) -> String {
    Figure { value, unit: Unit::PerSecond }.to_string()
}

/// Who asks: each backend, with each number of callers that it can have.
fn asked() -> Vec<(Backend, u32)> {
    let mut asked = Vec::new();
    for backend in Backend::available() {
        let callers = if backend == Backend::Rusqlite { &CALLERS[..1] } else { &CALLERS };
        asked.extend(callers.iter().map(|callers| (backend, *callers)));
    }
    asked
}

/// Adds messages, each in a transaction of its own.
fn inserts(report: &mut Report, durability: Durability) -> Result<(), Box<dyn Error>> {
    let site = Site::new()?;
    let mut rows = Vec::new();
    for (backend, callers) in asked() {
        // For each row anew: a disk has its hours, and its seconds.
        let syncs = disk::sync_times(site.folder(), samples(report).syncs)?;
        let Inserted { rates, together } = inserted(report, (backend, callers), &site, durability)?;
        rows.push(vec![
            backend.to_string(),
            callers.to_string(),
            rate(rates.median),
            rate(rates.min),
            rate(rates.max),
            together.map_or("-".to_owned(), |together| format!("{together:.1}")),
            ns(syncs.median),
            ns(syncs.p99),
        ]);
        let throughput = report.figure("throughput", Unit::PerSecond, 0.0).distribution(rates);
        let sync_time = syncs.median.as_nanos() as f64;
        let mut sync_time = report.figure("sync_time", Unit::Nanoseconds, sync_time);
        (sync_time.kind, sync_time.count) = (Kind::Latency, syncs.count as u64);
        for record in [throughput, sync_time] {
            if (backend, callers) == TARGET {
                report.record(&record)?;
            }
            let named = record.parameter("backend", backend).parameter("callers", callers);
            report.record(&named)?;
        }
    }
    report.table(
        &format!(
            "Messages a second, each a {durability} transaction (synchronous={}, on PostgreSQL\n\
             synchronous_commit={}); how many shared a commit; the disk's own time for 4 KiB just before",
            durability.synchronous(),
            durability.synchronous_commit()
        ),
        &["backend", "callers", "median", "slowest", "fastest", "a commit", "fdatasync", "its p99"],
        &rows,
    )?;
    Ok(())
}

fn ns(time: Duration) -> String {
    Figure { value: time.as_nanos() as f64, unit: Unit::Nanoseconds }.to_string()
}

/// How often something is measured.
struct Samples {
    rates: usize,
    syncs: usize,
}

fn samples(report: &Report) -> Samples {
    match report.profile() {
        Profile::Quick => Samples { rates: 3, syncs: 30 },
        Profile::Full => Samples { rates: 7, syncs: 200 },
    }
}

struct Inserted {
    rates: Summary,
    /// Transactions that shared a commit, on average.
    together: Option<f64>,
}

/// Adds messages to a new store, and counts what is there afterwards.
fn inserted(
    report: &Report,
    (backend, callers): (Backend, u32),
    site: &Site,
    durability: Durability,
) -> Result<Inserted, Box<dyn Error>> {
    let mut store = site.open(backend, &SMALL, durability, CONNECTIONS)?;
    let mut streams = streams(callers);
    let (mut rates, mut asked) = (Vec::new(), 0);
    // So many for each caller that all take about as long, found by a first try off the record.
    let mut each = 2;
    let window = match report.profile() {
        Profile::Quick => Duration::from_millis(100),
        Profile::Full => Duration::from_millis(500),
    };
    for sample in 0..=samples(report).rates {
        let lists = lists(&mut streams, each, Operation::Insert);
        let began = Instant::now();
        store.ask_lists(lists)?;
        let took = began.elapsed().as_secs_f64();
        asked += each * callers;
        if sample == 0 {
            let fits = f64::from(each) * window.as_secs_f64() / took;
            each = fits.clamp(2.0, 10_000.0) as u32;
        } else {
            rates.push(f64::from(each * callers) / took);
        }
    }
    let added = store.count_messages()? - SMALL.messages as i64;
    if added != i64::from(asked) {
        return Err(format!("{added} messages were added instead of {asked}").into());
    }
    let together = store.commits().map(together);
    store.close();
    Ok(Inserted { rates: Summary::of(&rates)?, together })
}

fn together(GroupCommits { commits, transactions, .. }: GroupCommits) -> f64 {
    transactions as f64 / commits as f64
}

fn streams(callers: u32) -> Vec<Requests> {
    (0..callers).map(|caller| Requests::new(&SMALL, caller.into())).collect()
}

/// What each caller asks next.
fn lists(streams: &mut [Requests], each: u32, operation: Operation) -> Vec<Vec<Request>> {
    let list = |stream: &mut Requests| (0..each).map(|_| stream.next(operation)).collect();
    streams.iter_mut().map(list).collect()
}

/// Reads agents by their keys, the backends in turn, and checks that all read the same.
fn point_reads(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let site = Site::new()?;
    let mut sides = Vec::new();
    for backend in [Backend::Rusqlite, Backend::SqliteThreads, Backend::SqlxSqlite] {
        let store = site.open(backend, &SMALL, Durability::Durable, CONNECTIONS)?;
        sides.push((backend, store, Vec::new()));
    }
    let rounds = 1 + 3 * samples(report).rates;
    for round in 0..rounds {
        let mut expected = None;
        for (_, store, rates) in &mut sides {
            let lists = lists(&mut streams(TARGET.1), READS / TARGET.1, Operation::PointRead);
            let began = Instant::now();
            let answer = store.ask_lists(lists)?;
            let took = began.elapsed().as_secs_f64();
            if *expected.get_or_insert(answer) != answer {
                return Err("the backends read different rows".into());
            }
            if round > 0 {
                rates.push(f64::from(READS) / took);
            }
        }
    }
    let direct = sides[0].2.clone();
    let mut rows = Vec::new();
    for (backend, _, rates) in sides {
        let callers = if backend == Backend::Rusqlite { 1 } else { TARGET.1 };
        let ratios: Vec<f64> = rates.iter().zip(&direct).map(|(rate, of)| rate / of).collect();
        let (rates, ratios) = (Summary::of(&rates)?, Summary::of(&ratios)?);
        let [low, high] = ratios.median_interval;
        rows.push(vec![
            backend.to_string(),
            callers.to_string(),
            rate(rates.median),
            rate(rates.min),
            rate(rates.max),
            format!("{:.2} [{low:.2}, {high:.2}]", ratios.median),
        ]);
        for record in [
            report.figure("throughput", Unit::PerSecond, 0.0).distribution(rates),
            report.figure("of_rusqlite", Unit::Ratio, 0.0).distribution(ratios),
        ] {
            let named = record.parameter("backend", backend).parameter("callers", callers);
            report.record(&named)?;
        }
    }
    report.table(
        "SQLite: agents read by key a second, warm and prepared; ratios of rounds in turn",
        &["backend", "callers", "median", "slowest", "fastest", "of rusqlite"],
        &rows,
    )?;
    Ok(())
}
