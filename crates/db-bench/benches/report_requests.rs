//! How long a query takes under load, from the moment it should have been asked.

#[expect(dead_code, reason = "each bench asks in ways of its own")]
mod backends;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use backends::{Backend, Opened, Site};
use db_bench::data::{DataSet, MEDIUM, SMALL};
use db_bench::workload::{WORKLOADS, Workload};
use db_bench::{Durability, StoreError};
use measure::pacing::{Arrivals, OpenLoop, run_open_loop};
use measure::report::{Benchmark, Report};
use measure::{Figure, Percentiles, Profile, Record, Unit};

/// Of the capacity, in percent.
const LOAD: u32 = 80;

/// What must be left of the capacity at the end for the load to have been what it was to be: a machine
/// that has become slower meanwhile was asked for more than it could do.
const STEADY: f64 = 0.9;

/// How often a query is tried until the machine was steady.
const TRIES: u32 = 3;

fn main() -> ExitCode {
    let slowest = Benchmark { group: "latency", name: "slowest_query", run: slowest_query };
    measure::report::main(env!("CARGO_PKG_NAME"), &[slowest])
}

/// A query under load.
struct Measured {
    query: &'static str,
    backend: Backend,
    data: &'static str,
    per_second: f64,
    /// Whether the capacity was still there at the end.
    is_steady: bool,
    run: OpenLoop,
}

/// What there is.
fn data_sets(profile: Profile) -> &'static [DataSet] {
    match profile {
        Profile::Quick => &[SMALL],
        Profile::Full => &[SMALL, MEDIUM],
    }
}

/// Every query of every backend at 80 % of what one caller can ask of one connection without pause,
/// at random moments; the one with the largest p95 stands for all.
fn slowest_query(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (site, backends) = (Site::new()?, Backend::available());
    let mut all = Vec::new();
    for data in data_sets(report.profile()) {
        for &backend in &backends {
            if data.name == SMALL.name {
                for workload in &WORKLOADS {
                    site.try_out(backend, workload)?;
                }
            }
            // Those that add come last.
            let mut store = site.open(backend, data, Durability::Durable, 1)?;
            for workload in &WORKLOADS {
                all.push(measured(workload, (backend, data), &mut store, report.profile())?);
            }
            store.close();
        }
    }
    for measured in &all {
        let named = |record: Record| {
            let record = record.parameter("query", measured.query);
            record.parameter("backend", measured.backend).parameter("data", measured.data)
        };
        let template = named(report.figure("time", Unit::Nanoseconds, 0.0));
        for record in measured.run.latency.records(&template) {
            report.record(&record)?;
        }
        let capacity = report.figure("capacity", Unit::PerSecond, measured.per_second);
        report.record(&named(capacity))?;
    }
    let p95 = |measured: &&Measured| measured.run.latency.response().p95;
    // Of a load that was more than it should have been nothing can be said.
    let steady = || all.iter().filter(|measured| measured.is_steady);
    let slowest = steady()
        .max_by(|a, b| p95(a).total_cmp(&p95(b)))
        .ok_or("the machine was not steady for any query; run it again when nothing else runs")?;
    let template = report.figure("time", Unit::Nanoseconds, 0.0);
    for record in slowest.run.latency.records(&template) {
        report.record(&record)?;
    }
    let unsteady = all.len() - steady().count();
    report.record(&report.figure("unsteady", Unit::Count, unsteady as f64))?;
    let title = format!(
        "Response time of one query, durable, at {LOAD} % of one connection's capacity\n\
         slowest by p95: {} by {} on the {} set; {unsteady} of {} not judged (*), since the machine \
         slowed down\nunder them {TRIES} times",
        slowest.query,
        slowest.backend,
        slowest.data,
        all.len()
    );
    let rows: Vec<_> = all.iter().map(row).collect();
    let header = ["query", "backend", "data", "capacity", "p50", "p95", "p99", "p99.9", "errors"];
    report.table(&title, &header, &rows)?;
    Ok(())
}

fn measured(
    workload: &'static Workload,
    (backend, data): (Backend, &DataSet),
    store: &mut Opened<'_>,
    profile: Profile,
) -> Result<Measured, Box<dyn Error>> {
    let (closed, open) = match profile {
        Profile::Quick => (Duration::from_millis(50), Duration::from_millis(200)),
        Profile::Full => (Duration::from_millis(500), Duration::from_secs(3)),
    };
    let mut requests = workload.requests(data, 2);
    let mut ask = || -> Result<(), StoreError> {
        requests.next().map_or(Ok(()), |request| store.ask(request).map(drop))
    };
    let mut per_second = capacity(closed, &mut ask)?;
    let mut tries = 1;
    loop {
        let load = per_second * f64::from(LOAD) / 100.0;
        let schedule = Arrivals::Poisson { per_second: load, seed: 1 }.schedule(open)?;
        let run = run_open_loop(schedule, |_| ask());
        let after = capacity(closed, &mut ask)?;
        let is_steady = after >= STEADY * per_second;
        if is_steady || tries == TRIES {
            let (query, data) = (workload.name, data.name);
            return Ok(Measured { query, backend, data, per_second, is_steady, run });
        }
        per_second = after;
        tries += 1;
    }
}

/// Requests a second of one who asks when answered.
fn capacity(
    length: Duration,
    mut ask: impl FnMut() -> Result<(), StoreError>,
) -> Result<f64, StoreError> {
    let (start, mut asked) = (Instant::now(), 0_u32);
    while start.elapsed() < length {
        ask()?;
        asked += 1;
    }
    Ok(f64::from(asked) / start.elapsed().as_secs_f64())
}

fn row(measured: &Measured) -> Vec<String> {
    let Percentiles { p50, p95, p99, p999 } = measured.run.latency.response();
    let ns = |value| Figure { value, unit: Unit::Nanoseconds }.to_string();
    vec![
        format!("{}{}", measured.query, if measured.is_steady { "" } else { " *" }),
        measured.backend.to_string(),
        measured.data.to_owned(),
        Figure { value: measured.per_second, unit: Unit::PerSecond }.to_string(),
        ns(p50),
        ns(p95),
        ns(p99),
        p999.map_or_else(|| "-".to_owned(), ns),
        measured.run.errors.to_string(),
    ]
}
