//! What is measured in a process of its own, and how it says so: a line a thing, words by spaces.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use memory_probe::workload::pools::{Size, Stage, Worn, wear as worn};
use memory_probe::workload::{self, Job, Workload};
use memory_probe::{Account, ProcessMemory};

use super::allocator::{Allocator, ensure_in_front};

/// A pool in one use.
pub struct Timed {
    pub used: String,
    pub pool: String,
    /// What it held at most.
    pub peak_bytes: i64,
    /// Of an object made and freed, by round.
    pub ns: Vec<f64>,
}

/// What a process holds at one stage.
pub struct Held {
    pub stage: Stage,
    /// Beyond what it held before there were objects.
    pub uss_bytes: u64,
    pub useful_bytes: u64,
}

/// Patterns and objects, as jobs are named.
const USES: [&str; 6] = [
    "burst_message",
    "burst_agent",
    "churn_message",
    "churn_agent",
    "queue_message",
    "queue_agent",
];

/// Times of all pools in all uses, those of one use together.
pub fn times(allocator: Allocator, rounds: usize) -> Result<Vec<Timed>, Box<dyn Error>> {
    let said = allocator.ask(&format!("times {rounds}"))?;
    let timed = |line: &str| {
        let mut words = line.split(' ');
        let (used, pool) = (words.next()?.to_owned(), words.next()?.to_owned());
        let peak_bytes = words.next()?.parse().ok()?;
        let ns: Vec<f64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        (ns.len() == rounds).then_some(Timed { used, pool, peak_bytes, ns })
    };
    let read = |line: &str| timed(line).ok_or_else(|| format!("a process said '{line}'").into());
    said.lines().map(read).collect()
}

/// What is held at each stage but the first; nothing on a system that does not tell.
pub fn wear(
    allocator: Allocator,
    pool: Worn,
    size: Size,
    objects: usize,
) -> Result<Option<Vec<Held>>, Box<dyn Error>> {
    if let Err(missing) = ProcessMemory::own() {
        eprintln!("no fragmentation: {missing}");
        return Ok(None);
    }
    let said = allocator.ask(&format!("wear {} {} {objects}", pool.name(), size.name()))?;
    let number = |word: Option<&str>| word.and_then(|word| word.parse::<u64>().ok());
    let figures = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (uss_bytes, useful_bytes) = (number(words.next()), number(words.next()));
        uss_bytes.zip(useful_bytes).ok_or_else(|| format!("a process said '{line}'"))
    };
    let stages = said.lines().map(figures).collect::<Result<Vec<_>, _>>()?;
    let [(begun, _), later @ ..] = &stages[..] else { return Err("a process said nothing".into()) };
    let held = Stage::ALL.into_iter().skip(1).zip(later).map(|(stage, (uss, useful))| Held {
        stage,
        uss_bytes: uss.saturating_sub(*begun),
        useful_bytes: *useful,
    });
    Ok(Some(held.collect()))
}

/// The child's side.
pub fn main(asked: &str) -> ExitCode {
    let words: Vec<&str> = asked.split(' ').collect();
    let done = ensure_in_front().and_then(|()| match words[..] {
        ["times", rounds] => say_times(rounds.parse()?),
        ["wear", pool, size, objects] => say_wear(pool, size, objects.parse()?),
        _ => Err("this variable is for the report's own use; unset it".into()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{asked}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say_times(rounds: usize) -> Result<(), Box<dyn Error>> {
    for used in USES {
        for Timed { pool, peak_bytes, ns, .. } in measured(used, rounds)? {
            let ns: Vec<String> = ns.iter().map(f64::to_string).collect();
            println!("{used} {pool} {peak_bytes} {}", ns.join(" "));
        }
    }
    Ok(())
}

/// All pools of one use, in turns.
fn measured(used: &str, rounds: usize) -> Result<Vec<Timed>, Box<dyn Error>> {
    let jobs: Vec<(&'static Workload, &'static str)> = workload::of_group("pools")
        .filter_map(|job| Some((job, job.name.strip_prefix(used)?.strip_prefix('_')?)))
        .collect();
    let mut running: Vec<(&Workload, Box<dyn Job>, Timed)> = Vec::new();
    for (workload, pool) in jobs {
        Account::forget_peaks();
        let before = Account::now().live_bytes();
        let mut job = workload.start()?;
        job.run()?;
        let peak_bytes = Account::now().peak_bytes - before;
        let (used, pool) = (used.to_owned(), pool.to_owned());
        running.push((workload, job, Timed { used, pool, peak_bytes, ns: Vec::new() }));
    }
    for round in 0..rounds {
        let first = round % running.len().max(1);
        running.rotate_left(first);
        for (workload, job, timed) in &mut running {
            let start = Instant::now();
            job.run()?;
            let elapsed = start.elapsed();
            workload.verify(job.answer())?;
            timed.ns.push(elapsed.as_nanos() as f64 / workload.operations as f64);
        }
        running.rotate_right(first);
    }
    Ok(running.into_iter().map(|(.., timed)| timed).collect())
}

fn say_wear(pool: &str, size: &str, objects: usize) -> Result<(), Box<dyn Error>> {
    let pool = Worn::ALL.into_iter().find(|known| known.name() == pool).ok_or("no such pool")?;
    let size = Size::ALL.into_iter().find(|known| known.name() == size).ok_or("no such object")?;
    let mut looked = Vec::new();
    worn(pool, size, objects, |stage, useful| {
        looked.push(ProcessMemory::own().map(|memory| (stage, memory.uss_bytes, useful)));
    });
    for seen in looked {
        let (stage, uss, useful) = seen?;
        println!("{} {uss} {useful}", stage.name());
    }
    Ok(())
}
