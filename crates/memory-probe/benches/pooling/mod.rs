//! Which pool to use for what, under an allocator, by the run's own figures.

pub mod allocator;
mod child;

use std::error::Error;

use measure::report::Report;
use measure::summary::{BOOTSTRAP_SEED, LEVEL, bootstrap_interval, quantile};
use measure::{Direction, Figure, Profile, Record, Summary, Unit};
use memory_probe::workload::pools::{Size, Stage, Worn};

use allocator::Allocator;
pub use child::main;
use child::{Held, Timed};

/// How many times faster than no pool a pool must be, with the whole interval, to be recommended:
/// less does not pay for what it asks of the code around it.
const WORTH: f64 = 1.2;

/// Objects whose memory is looked at.
const OBJECTS: usize = 30_000;

/// Times of every pool in every use, and what to use, under each of these allocators that is there.
pub fn recommendation(report: &mut Report, allocators: &[Allocator]) -> Result<(), Box<dyn Error>> {
    let rounds = match report.profile() {
        Profile::Quick => 31,
        Profile::Full => 201,
    };
    let mut advice = Vec::new();
    for allocator in there(allocators) {
        let all = child::times(allocator, rounds)?;
        let mut rows = Vec::new();
        for of_use in all.chunk_by(|one, next| one.used == next.used) {
            let none =
                of_use.iter().find(|one| one.pool == "none").ok_or("no job without a pool")?;
            let mut best: Option<Faster> = None;
            for one in of_use {
                let faster = Faster::than(none, one);
                rows.push(timed_row(one, &faster)?);
                record_times(report, allocator, one, &faster)?;
                if faster.interval[0] >= WORTH
                    && best.as_ref().is_none_or(|best| faster.ratio > best.ratio)
                {
                    best = Some(faster);
                }
            }
            let used = none.used.replace('_', ", ");
            advice.push(vec![allocator.name().to_owned(), used, advised(best.as_ref())]);
        }
        report.table(
            &format!(
                "An object made and freed under {}: time, times faster than no pool, most bytes held \
                 beyond before",
                allocator.name()
            ),
            &["use", "pool", "time", "times faster", "peak bytes"],
            &rows,
        )?;
    }
    report.table("What to use", &["allocator", "use", "advice"], &advice)?;
    Ok(())
}

/// Those that this machine has; of the others it is said what is missing.
fn there(allocators: &[Allocator]) -> impl Iterator<Item = Allocator> {
    allocators.iter().copied().filter(|allocator| match allocator.obstacle() {
        Some(obstacle) => {
            eprintln!("{obstacle}");
            false
        }
        None => true,
    })
}

/// How many times faster one pool is than none.
struct Faster {
    pool: String,
    /// The median over rounds.
    ratio: f64,
    interval: [f64; 2],
}

impl Faster {
    fn than(none: &Timed, one: &Timed) -> Self {
        let ratios: Vec<f64> = none.ns.iter().zip(&one.ns).map(|(none, one)| none / one).collect();
        let median = |ratios: &mut [f64]| {
            ratios.sort_by(f64::total_cmp);
            quantile(ratios, 0.5)
        };
        let interval = bootstrap_interval(&ratios, LEVEL, BOOTSTRAP_SEED, median);
        Self { pool: one.pool.clone(), ratio: median(&mut ratios.clone()), interval }
    }
}

fn timed_row(one: &Timed, faster: &Faster) -> Result<Vec<String>, Box<dyn Error>> {
    let [low, high] = faster.interval;
    Ok(vec![
        one.used.replace('_', ", "),
        one.pool.clone(),
        Figure { value: Summary::of(&one.ns)?.median, unit: Unit::Nanoseconds }.to_string(),
        format!("{:.2} [{low:.2}, {high:.2}]", faster.ratio),
        one.peak_bytes.to_string(),
    ])
}

fn record_times(
    report: &mut Report,
    allocator: Allocator,
    one: &Timed,
    faster: &Faster,
) -> Result<(), Box<dyn Error>> {
    let named = |record: Record| {
        let record = record.parameter("allocator", allocator.name());
        record.parameter("use", &one.used).parameter("pool", &one.pool)
    };
    let time = report.figure("time", Unit::Nanoseconds, 0.0).distribution(Summary::of(&one.ns)?);
    report.record(&named(time))?;
    let bytes = report.figure("peak_bytes", Unit::Bytes, one.peak_bytes as f64);
    report.record(&named(bytes))?;
    let mut times_faster = report.figure("times_faster", Unit::Ratio, faster.ratio);
    times_faster.direction = Direction::HigherIsBetter;
    times_faster.interval = Some(faster.interval);
    Ok(report.record(&named(times_faster))?)
}

fn advised(best: Option<&Faster>) -> String {
    match best {
        Some(Faster { pool, ratio, interval: [low, high] }) => {
            format!("{pool}: {ratio:.1} [{low:.1}, {high:.1}] times as fast as no pool")
        }
        None => format!("no pool: none is {WORTH} times as fast for certain"),
    }
}

/// What the system holds for a byte that is of use, once objects of many sizes were made, were
/// replaced many times, and half of them died.
pub fn fragmentation(report: &mut Report, allocators: &[Allocator]) -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    for allocator in there(allocators) {
        for size in Size::ALL {
            for pool in Worn::ALL {
                let Some(stages) = child::wear(allocator, pool, size, OBJECTS)? else {
                    return Ok(());
                };
                let mut row =
                    [allocator.name(), size.name(), pool.name()].map(str::to_owned).to_vec();
                for Held { stage, uss_bytes, useful_bytes } in stages {
                    let ratio = uss_bytes as f64 / useful_bytes as f64;
                    row.push(format!("{ratio:.2}"));
                    let mut record = report.figure("held_for_useful", Unit::Ratio, ratio);
                    record.direction = Direction::LowerIsBetter;
                    let record = record.parameter("allocator", allocator.name());
                    let record = record.parameter("object", size.name());
                    let record = record.parameter("pool", pool.name());
                    report.record(&record.parameter("stage", stage.name()))?;
                }
                rows.push(row);
            }
        }
    }
    let mut header = vec!["allocator", "object", "pool"];
    header.extend(Stage::ALL[1..].iter().map(|stage| stage.name()));
    report.table(
        &format!(
            "Bytes that a process of {OBJECTS} objects holds for each that is of use; a pool's places \
             are as large as the largest object"
        ),
        &header,
        &rows,
    )?;
    Ok(())
}
