//! Which pool to use for what, by the run's own figures.

mod overhead;

use std::alloc::System;
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use measure::report::{Benchmark, Report};
use measure::summary::{BOOTSTRAP_SEED, LEVEL, bootstrap_interval, quantile};
use measure::{Direction, Figure, Profile, Summary, Unit};
use memory_probe::workload::{self, Job, Workload};
use memory_probe::{Account, Counting};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

/// Patterns and objects, as jobs are named.
const USES: [&str; 6] = [
    "burst_message",
    "burst_agent",
    "churn_message",
    "churn_agent",
    "queue_message",
    "queue_agent",
];

/// How many times faster than no pool a pool must be, with the whole interval, to be recommended:
/// less does not pay for what it asks of the code around it.
const WORTH: f64 = 1.2;

fn main() -> ExitCode {
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "pools", name: "recommendation", run: recommendation },
            Benchmark { group: "pools", name: "overhead", run: overhead::run },
        ],
    )
}

/// A pool in one use: the times of its runs, and the bytes that it held at most.
struct Measured {
    pool: &'static str,
    ns: Vec<f64>,
    peak_bytes: i64,
}

fn recommendation(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let rounds = match report.profile() {
        Profile::Quick => 31,
        Profile::Full => 201,
    };
    let (mut rows, mut advice) = (Vec::new(), Vec::new());
    for used in USES {
        let all = measured(used, rounds)?;
        let none = all.iter().find(|one| one.pool == "none").ok_or("no job without a pool")?;
        let mut best: Option<(&str, f64, [f64; 2])> = None;
        for one in &all {
            let (ratio, interval) = faster(none, one);
            let times = Summary::of(&one.ns)?;
            rows.push(vec![
                used.replace('_', ", "),
                one.pool.to_owned(),
                Figure { value: times.median, unit: Unit::Nanoseconds }.to_string(),
                format!("{ratio:.2} [{:.2}, {:.2}]", interval[0], interval[1]),
                one.peak_bytes.to_string(),
            ]);
            let named =
                |record: measure::Record| record.parameter("use", used).parameter("pool", one.pool);
            let time = report.figure("time", Unit::Nanoseconds, 0.0).distribution(times);
            report.record(&named(time))?;
            let bytes = report.figure("peak_bytes", Unit::Bytes, one.peak_bytes as f64);
            report.record(&named(bytes))?;
            let mut times_faster = report.figure("times_faster", Unit::Ratio, ratio);
            times_faster.direction = Direction::HigherIsBetter;
            times_faster.interval = Some(interval);
            report.record(&named(times_faster))?;
            if interval[0] >= WORTH && best.is_none_or(|(_, most, _)| ratio > most) {
                best = Some((one.pool, ratio, interval));
            }
        }
        advice.push(vec![used.replace('_', ", "), advised(best)]);
    }
    report.table(
        "An object made and freed: time, times faster than no pool, most bytes held beyond before",
        &["use", "pool", "time", "times faster", "peak bytes"],
        &rows,
    )?;
    report.table("What to use under the system's allocator", &["use", "advice"], &advice)?;
    Ok(())
}

fn advised(best: Option<(&str, f64, [f64; 2])>) -> String {
    match best {
        Some((pool, ratio, [low, high])) => {
            format!("{pool}: {ratio:.1} [{low:.1}, {high:.1}] times as fast as no pool")
        }
        None => format!("no pool: none is {WORTH} times as fast for certain"),
    }
}

/// All pools of one use, in turns.
fn measured(used: &str, rounds: usize) -> Result<Vec<Measured>, Box<dyn Error>> {
    let jobs: Vec<(&'static Workload, &'static str)> = workload::of_group("pools")
        .filter_map(|job| Some((job, job.name.strip_prefix(used)?.strip_prefix('_')?)))
        .collect();
    let mut running: Vec<(&Workload, Box<dyn Job>, Measured)> = Vec::new();
    for (workload, pool) in jobs {
        Account::forget_peaks();
        let before = Account::now().live_bytes();
        let mut job = workload.start()?;
        job.run()?;
        let peak_bytes = Account::now().peak_bytes - before;
        running.push((workload, job, Measured { pool, ns: Vec::new(), peak_bytes }));
    }
    for round in 0..rounds {
        let first = round % running.len().max(1);
        running.rotate_left(first);
        for (workload, job, measured) in &mut running {
            let start = Instant::now();
            job.run()?;
            let elapsed = start.elapsed();
            workload.verify(job.answer())?;
            measured.ns.push(elapsed.as_nanos() as f64 / workload.operations as f64);
        }
        running.rotate_right(first);
    }
    Ok(running.into_iter().map(|(.., measured)| measured).collect())
}

/// The median over rounds of how many times faster `one` is, and its interval.
fn faster(none: &Measured, one: &Measured) -> (f64, [f64; 2]) {
    let ratios: Vec<f64> = none.ns.iter().zip(&one.ns).map(|(none, one)| none / one).collect();
    let median = |ratios: &mut [f64]| {
        ratios.sort_by(f64::total_cmp);
        quantile(ratios, 0.5)
    };
    let interval = bootstrap_interval(&ratios, LEVEL, BOOTSTRAP_SEED, median);
    (median(&mut ratios.clone()), interval)
}
