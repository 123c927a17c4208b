//! How many connections serve fifty callers best, how long callers wait for one, and who waits longest.

mod pools;

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use db_bench::data::{Random, SMALL};
use db_bench::postgres;
use measure::report::{Benchmark, Report};
use measure::{Direction, Figure, LatencyRecorder, Percentiles, Profile, Record, Summary, Unit};
use pools::{Failed, Kind, Pool, Site};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Callers that all want a connection.
const CALLERS: u64 = 50;

/// Connections that they share.
const SIZES: [u32; 4] = [1, 10, 20, 50];

/// A pool that is slower than the best by less is as good, and a smaller one better.
const AS_GOOD: f64 = 0.95;

/// Calls that are given up, and the connections of the pool.
const CANCELLED: u64 = 1_000;
const CANCELLED_CONNECTIONS: u32 = 10;

/// How long a connection that is of use may take to answer after that.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    // Without a handler Ctrl-C would leave our schema in a database of somebody's.
    if let Err(error) = postgres::end_on_interrupt() {
        eprintln!("{error}");
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "pool", name: "best_size", run: best_size },
            Benchmark { group: "pool", name: "cancelled", run: cancelled },
        ],
    )
}

/// A pool of one size under its callers.
struct Measured {
    kind: Kind,
    connections: u32,
    rates: Summary,
    /// Of the calls of the caller with the most, those of the one with the fewest.
    fairness: f64,
    /// From asking for a connection until it was there.
    wait: LatencyRecorder,
    /// From asking for a connection until the answer.
    response: LatencyRecorder,
}

/// Callers in a closed loop change a row each, durably on PostgreSQL, or read one on SQLite, which
/// lets one write at a time whatever the pool.
fn best_size(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let site = Site::new()?;
    let mut all = Vec::new();
    for kind in site.kinds() {
        for connections in SIZES {
            let pool = site.pool(kind, connections)?;
            all.push(measured(report, &site.runtime, (kind, connections), &pool)?);
        }
    }
    for measured in &all {
        record(report, measured)?;
    }
    let judged = if site.kinds().contains(&Kind::Own) { Kind::Own } else { Kind::SqlxSqlite };
    let own: Vec<_> = all.iter().filter(|measured| measured.kind == judged).collect();
    let most = own.iter().map(|measured| measured.rates.median).fold(0.0, f64::max);
    let best = own.iter().find(|measured| measured.rates.median >= AS_GOOD * most);
    let best = best.ok_or("no pool was measured")?.connections;
    report.record(&report.figure("connections", Unit::Count, best.into()))?;
    let header =
        ["pool", "size", "rate", "fairness", "wait p50", "p95", "p99", "response p50", "p99"];
    let title = format!(
        "{CALLERS} callers of one pool; the smallest as good as the best has {best} ({judged})"
    );
    report.table(&title, &header, &all.iter().map(row).collect::<Vec<_>>())?;
    Ok(())
}

/// Several windows of the same length, the first off the record.
fn measured(
    report: &Report,
    runtime: &Runtime,
    (kind, connections): (Kind, u32),
    pool: &Pool,
) -> Result<Measured, Box<dyn Error>> {
    let (windows, length) = match report.profile() {
        Profile::Quick => (2, Duration::from_millis(100)),
        Profile::Full => (7, Duration::from_millis(500)),
    };
    let (mut wait, mut response) = (LatencyRecorder::new(), LatencyRecorder::new());
    let (mut rates, mut each) = (Vec::new(), vec![0; CALLERS as usize]);
    for window in 0..=windows {
        let began = Instant::now();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (pool, seed) = (pool.clone(), window * CALLERS + caller);
            let calls = calls(pool, seed, began, length);
            callers.spawn_on(async move { (caller, calls.await) }, runtime.handle());
        }
        let asked = runtime.block_on(callers.join_all());
        let took = began.elapsed().as_secs_f64();
        if window == 0 {
            continue;
        }
        let mut answered = 0;
        for (caller, calls) in asked {
            let calls = calls.map_err(|error| format!("{kind} of {connections}: {error}"))?;
            each[caller as usize] += calls.len();
            answered += calls.len();
            for [wanted, got, answered] in calls {
                wait.record(wanted, wanted, got);
                response.record(wanted, wanted, answered);
            }
        }
        rates.push(answered as f64 / took);
    }
    let [fewest, most] =
        [each.iter().min(), each.iter().max()].map(|calls| calls.map_or(0, |n| *n));
    let fairness = fewest as f64 / (most as f64).max(1.0);
    Ok(Measured { kind, connections, rates: Summary::of(&rates)?, fairness, wait, response })
}

/// One caller until the window ends: when each connection was wanted, got, and the answer there.
async fn calls(
    pool: Pool,
    seed: u64,
    began: Instant,
    length: Duration,
) -> Result<Vec<[Duration; 3]>, Failed> {
    let mut random = Random::new(seed);
    let mut asked = Vec::new();
    while began.elapsed() < length {
        let wanted = began.elapsed();
        let got = Arc::new(OnceLock::new());
        let there = Arc::clone(&got);
        let note = move || {
            there.get_or_init(|| began.elapsed());
        };
        pool.ask(1 + random.below(SMALL.agents) as i64, note).await?;
        let got = got.get().copied().ok_or("no connection was got")?;
        asked.push([wanted, got, began.elapsed()]);
    }
    Ok(asked)
}

/// Many calls are given up after a random time, while they wait or while they are at work; then all
/// connections are used at once.
fn cancelled(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let site = Site::new()?;
    let mut rows = Vec::new();
    for kind in site.kinds() {
        let pool = site.pool(kind, CANCELLED_CONNECTIONS)?;
        let (given_up, lost) = site.runtime.block_on(give_up(&pool))?;
        let lost_record = report.figure("cancelled_lost", Unit::Count, f64::from(lost));
        report.record(&lost_record.parameter("pool", kind))?;
        rows.push(vec![kind.to_string(), given_up.to_string(), lost.to_string()]);
    }
    report.table(
        &format!("Of {CANCELLED} calls some are given up; of {CANCELLED_CONNECTIONS} connections"),
        &["pool", "given up", "of no use afterwards"],
        &rows,
    )?;
    Ok(())
}

/// How many calls were given up, and how many connections are of no use then.
async fn give_up(pool: &Pool) -> Result<(usize, u32), Box<dyn Error>> {
    let mut callers = JoinSet::new();
    for caller in 0..CANCELLED {
        let pool = pool.clone();
        callers.spawn(async move {
            let mut random = Random::new(caller);
            let patience = Duration::from_nanos(random.below(5_000_000));
            timeout(patience, pool.ask(1 + random.below(SMALL.agents) as i64, || ())).await.is_err()
        });
    }
    let given_up = callers.join_all().await.into_iter().filter(|given_up| *given_up).count();
    let (held, mut all) = (Arc::new(Held::default()), JoinSet::new());
    for agent in 0..CANCELLED_CONNECTIONS {
        let (pool, held) = (pool.clone(), Arc::clone(&held));
        all.spawn(async move {
            // Each holds on to its own until all have one, and then asks.
            let leased = timeout(PATIENCE, pool.lease(held.all())).await;
            let asked = timeout(PATIENCE, pool.ask(1 + i64::from(agent), || ())).await;
            leased.is_ok_and(|leased| leased.is_ok()) && asked.is_ok_and(|asked| asked.is_ok())
        });
    }
    let of_use = all.join_all().await.into_iter().filter(|of_use| *of_use).count() as u32;
    let of_use = of_use.min(held.count.load(Ordering::Relaxed));
    Ok((given_up, CANCELLED_CONNECTIONS - of_use))
}

/// How many connections are held at once.
#[derive(Default)]
struct Held {
    count: AtomicU32,
    full: Notify,
}

impl Held {
    /// One more is held, until all are.
    async fn all(&self) {
        let full = self.full.notified();
        if 1 + self.count.fetch_add(1, Ordering::Relaxed) == CANCELLED_CONNECTIONS {
            self.full.notify_waiters();
        } else {
            full.await;
        }
    }
}

fn record(report: &mut Report, measured: &Measured) -> Result<(), Box<dyn Error>> {
    let named = |record: Record| {
        record.parameter("pool", measured.kind).parameter("connections", measured.connections)
    };
    let rate = report.figure("throughput", Unit::PerSecond, 0.0);
    report.record(&named(rate.distribution(measured.rates.clone())))?;
    let mut fairness = report.figure("fairness", Unit::Ratio, measured.fairness);
    fairness.direction = Direction::HigherIsBetter;
    report.record(&named(fairness))?;
    for (metric, times) in [("wait_time", &measured.wait), ("response_time", &measured.response)] {
        let mut record = times.service_record(&report.figure("", Unit::Nanoseconds, 0.0));
        record.metric = metric.to_owned();
        record.direction = Direction::LowerIsBetter;
        report.record(&named(record))?;
    }
    Ok(())
}

fn row(measured: &Measured) -> Vec<String> {
    let ns = |value| Figure { value, unit: Unit::Nanoseconds }.to_string();
    let rate = Figure { value: measured.rates.median, unit: Unit::PerSecond }.to_string();
    let Percentiles { p50, p95, p99, .. } = measured.wait.service();
    let response = measured.response.service();
    let mut row = vec![measured.kind.to_string(), measured.connections.to_string(), rate];
    row.push(format!("{:.2}", measured.fairness));
    row.extend([p50, p95, p99, response.p50, response.p99].map(ns));
    row
}
