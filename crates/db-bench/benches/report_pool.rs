//! How many connections serve fifty callers best, and how long callers wait for one.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use db_bench::Durability;
use db_bench::data::{self, Random, SMALL};
use db_bench::postgres::{self, ExistingDatabase, Installation, SCHEMA, Server, Settings};
use db_bench::sqlite::{self, Place};
use db_bench::{SqlxPostgres, SqlxSqlite};
use measure::report::{Benchmark, Report};
use measure::{Direction, Figure, LatencyRecorder, Percentiles, Profile, Record, Summary, Unit};
use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool, Postgres, Sqlite};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Callers that all want a connection.
const CALLERS: u64 = 50;

/// Connections that they share.
const SIZES: [u32; 4] = [1, 10, 20, 50];

/// A pool that is slower than the best by less is as good, and a smaller one better.
const AS_GOOD: f64 = 0.95;

fn main() -> ExitCode {
    // Without a handler Ctrl-C would leave our schema in a database of somebody's.
    if let Err(error) = postgres::end_on_interrupt() {
        eprintln!("{error}");
    }
    let best = Benchmark { group: "pool", name: "best_size", run: best_size };
    measure::report::main(env!("CARGO_PKG_NAME"), &[best])
}

/// A pool of one size under its callers.
struct Measured {
    backend: &'static str,
    connections: u32,
    rates: Summary,
    /// From asking for a connection until it was there.
    wait: LatencyRecorder,
    /// From asking for a connection until the answer.
    response: LatencyRecorder,
}

/// Callers in a closed loop change a row each, durably on PostgreSQL, or read one on SQLite, which
/// lets one write at a time whatever the pool.
fn best_size(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let mut all = Vec::new();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("agents.db");
    data::fill_sqlite(&SMALL, &mut sqlite::open(Place::File(&path), Durability::Relaxed)?)?;
    for connections in SIZES {
        let store = SqlxSqlite::open(&path, Durability::Durable, connections);
        let pool = runtime.block_on(store)?.pool().clone();
        all.push(measured(report, &runtime, "sqlx_sqlite", connections, &pool, read)?);
    }
    match Installation::find() {
        Ok(_) => all.extend(on_postgres(report, &runtime)?),
        Err(missing) => eprintln!("{missing}; SQLite alone is measured"),
    }
    for measured in &all {
        record(report, measured)?;
    }
    let backend = all.last().map_or("", |measured| measured.backend);
    let own: Vec<_> = all.iter().filter(|measured| measured.backend == backend).collect();
    let most = own.iter().map(|measured| measured.rates.median).fold(0.0, f64::max);
    let best = own.iter().find(|measured| measured.rates.median >= AS_GOOD * most);
    let best = best.ok_or("no pool was measured")?.connections;
    report.record(&report.figure("connections", Unit::Count, best.into()))?;
    let header =
        ["backend", "pool", "rate", "wait p50", "p95", "p99", "response p50", "p95", "p99"];
    let title = format!(
        "{CALLERS} callers of one pool; the smallest as good as the best has {best} ({backend})"
    );
    report.table(&title, &header, &all.iter().map(row).collect::<Vec<_>>())?;
    Ok(())
}

fn on_postgres(report: &Report, runtime: &Runtime) -> Result<Vec<Measured>, Box<dyn Error>> {
    let server = Server::find(ExistingDatabase::Refused, Settings::default())?;
    let open = |connections| {
        runtime.block_on(SqlxPostgres::open(
            server.options(),
            SCHEMA,
            Durability::Durable,
            connections,
        ))
    };
    let filling = open(1)?;
    runtime.block_on(data::fill_postgres(&SMALL, filling.pool()))?;
    let one = |connections| {
        let store = open(connections)?;
        measured(report, runtime, "sqlx_postgres", connections, store.pool(), change)
    };
    SIZES.into_iter().map(one).collect()
}

async fn read(mut connection: PoolConnection<Sqlite>, agent: i64) -> sqlx::Result<()> {
    let read = sqlx::query("SELECT id, name, kind, steps FROM agents WHERE id = $1").bind(agent);
    read.fetch_one(&mut *connection).await.map(drop)
}

async fn change(mut connection: PoolConnection<Postgres>, agent: i64) -> sqlx::Result<()> {
    let change = sqlx::query("UPDATE agents SET steps = steps + 1 WHERE id = $1").bind(agent);
    change.execute(&mut *connection).await.map(drop)
}

/// Several windows of the same length, the first off the record.
fn measured<DB, F>(
    report: &Report,
    runtime: &Runtime,
    backend: &'static str,
    connections: u32,
    pool: &Pool<DB>,
    ask: fn(PoolConnection<DB>, i64) -> F,
) -> Result<Measured, Box<dyn Error>>
where
    DB: Database,
    F: Future<Output = sqlx::Result<()>> + Send + 'static,
{
    let (windows, length) = match report.profile() {
        Profile::Quick => (3, Duration::from_millis(200)),
        Profile::Full => (9, Duration::from_secs(1)),
    };
    let (mut wait, mut response) = (LatencyRecorder::new(), LatencyRecorder::new());
    let mut rates = Vec::new();
    for window in 0..=windows {
        let began = Instant::now();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (pool, seed) = (pool.clone(), window * CALLERS + caller);
            callers.spawn_on(calls(pool, ask, seed, began, length), runtime.handle());
        }
        let asked: Vec<_> =
            runtime.block_on(callers.join_all()).into_iter().collect::<Result<_, _>>()?;
        let took = began.elapsed().as_secs_f64();
        let asked: Vec<[Duration; 3]> = asked.into_iter().flatten().collect();
        if window > 0 {
            rates.push(asked.len() as f64 / took);
            for [wanted, got, answered] in asked {
                wait.record(wanted, wanted, got);
                response.record(wanted, wanted, answered);
            }
        }
    }
    Ok(Measured { backend, connections, rates: Summary::of(&rates)?, wait, response })
}

/// One caller until the window ends: when each connection was wanted, got, and the answer there.
async fn calls<DB, F>(
    pool: Pool<DB>,
    ask: fn(PoolConnection<DB>, i64) -> F,
    seed: u64,
    began: Instant,
    length: Duration,
) -> sqlx::Result<Vec<[Duration; 3]>>
where
    DB: Database,
    F: Future<Output = sqlx::Result<()>> + Send,
{
    let mut random = Random::new(seed);
    let mut asked = Vec::new();
    while began.elapsed() < length {
        let wanted = began.elapsed();
        let connection = pool.acquire().await?;
        let got = began.elapsed();
        ask(connection, 1 + random.below(SMALL.agents) as i64).await?;
        asked.push([wanted, got, began.elapsed()]);
    }
    Ok(asked)
}

fn record(report: &mut Report, measured: &Measured) -> Result<(), Box<dyn Error>> {
    let named = |record: Record| {
        record.parameter("backend", measured.backend).parameter("connections", measured.connections)
    };
    let rate = report.figure("throughput", Unit::PerSecond, 0.0);
    report.record(&named(rate.distribution(measured.rates.clone())))?;
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
    let times = [measured.wait.service(), measured.response.service()];
    let times = times.map(|Percentiles { p50, p95, p99, .. }| [p50, p95, p99].map(ns));
    let mut row = vec![measured.backend.to_owned(), measured.connections.to_string(), rate];
    row.extend(times.into_iter().flatten());
    row
}
