//! Whether agents, routers and histories leave memory behind, and whether verdicts can be trusted.

mod leaking;
mod overhead;
mod places;

use std::alloc::System;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use agent_core::{Agent, Model, Population, Workspace};
use db_bench::Durability;
use db_bench::rows::{Belief, NewMessage};
use db_bench::sqlite::{self, Place};
use leaking::{CASES, Case, Truth, Version};
use measure::Unit;
use measure::report::{Benchmark, Report};
use memory_probe::history::{History, Ring, Sealed, Traffic};
use memory_probe::leaks::{self, Cycles, Series, Verdict, Watched};
use memory_probe::{Counting, ProbeError};
use router::{Envelope, MailboxOptions, Router};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

/// Of the mission.
const CYCLES: Cycles = Cycles { warm_up: 100, watched: 10_000 };

fn main() -> ExitCode {
    if let Some(name) = places::asked() {
        return places::main(&name);
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "leaks", name: "spawn_step_drop", run: spawn_step_drop },
            Benchmark { group: "leaks", name: "cases", run: cases },
            Benchmark { group: "leaks", name: "places", run: places::run },
            Benchmark { group: "leaks", name: "overhead", run: overhead::run },
        ],
    )
}

/// A thing that is made, used and dropped in each cycle.
type Subject = (&'static str, Cycle);

/// It is given the model that all agents share, and its number.
type Cycle = fn(&Arc<Model>, usize) -> Result<(), Box<dyn Error>>;

const SUBJECTS: [Subject; 5] = [
    ("agent", agent),
    ("population", population),
    ("router", router),
    ("histories", histories),
    ("store", store),
];

/// What is still live after ten thousand cycles of each subject, which must be nothing. SQLite has an
/// allocator of its own, in C, whose account is read at both ends.
fn spawn_step_drop(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let job = agent_core::workload::find("step", "tmaze_h2").ok_or("no job step/tmaze_h2")?;
    let (model, mut rows, mut growth) = (job.model()?, Vec::new(), 0);
    for (subject, cycle) in SUBJECTS {
        let series = watched(&model, cycle)?;
        let verdict = series.verdict();
        growth += series.growth();
        if sqlite_bytes() != 0 {
            return Err(format!("{subject}: SQLite still holds {} bytes", sqlite_bytes()).into());
        }
        let record = report.figure("growth_bytes", Unit::Bytes, series.growth() as f64);
        report.record(&record.parameter("subject", subject))?;
        rows.push(vec![subject.to_owned(), series.growth().to_string(), verdict.to_string()]);
    }
    report.record(&report.figure("growth_bytes", Unit::Bytes, growth as f64))?;
    report.table(
        &format!("Live bytes after {} cycles, beside those before them", CYCLES.watched),
        &["made, used, dropped", "more bytes", "verdict"],
        &rows,
    )?;
    Ok(())
}

/// Live bytes of the process over many cycles, none of which may fail.
fn watched(model: &Arc<Model>, cycle: Cycle) -> Result<Series, Box<dyn Error>> {
    let mut failed = Ok(());
    let series = leaks::watch(Watched::Process, CYCLES, |number| {
        if failed.is_ok() {
            failed = cycle(model, number);
        }
    })?;
    failed.map(|()| series)
}

/// An agent takes three steps in a workspace of its own.
fn agent(model: &Arc<Model>, number: usize) -> Result<(), Box<dyn Error>> {
    let mut agent = Agent::with_seed(model, number as u64);
    let mut workspace = Workspace::new(model);
    for _ in 0..3 {
        agent.step(&vec![0; model.num_obs().len()], &mut workspace)?;
    }
    Ok(())
}

/// Twenty agents come, step together, and some go before the others.
fn population(model: &Arc<Model>, number: usize) -> Result<(), Box<dyn Error>> {
    let mut population = Population::new(model);
    let members: Vec<_> = (0..20).map(|seed| population.spawn(number as u64 + seed)).collect();
    population.step_all(&vec![0; 20 * model.num_obs().len()], 1)?;
    for member in members.into_iter().step_by(2) {
        population.remove(member)?;
    }
    population.step_all(&vec![0; 10 * model.num_obs().len()], 1)?;
    Ok(())
}

/// Ten agents in a router of their own get messages, receive some, and one leaves with the rest.
fn router(_: &Arc<Model>, number: usize) -> Result<(), Box<dyn Error>> {
    let router: Router<Box<[u64; 8]>> = Router::default();
    let agents = (0..10)
        .map(|_| router.register(MailboxOptions::default()))
        .collect::<Result<Vec<_>, _>>()?;
    for agent in &agents {
        for _ in 0..3 {
            router.send(*agent, Envelope::new(None, Box::new([number as u64; 8])))?;
        }
        router.try_receive(*agent)?;
    }
    router.remove(agents[0]);
    if !router.accounts().balance() {
        return Err(format!("messages are missing: {:?}", router.accounts()).into());
    }
    Ok(())
}

/// Messages in the ring and in sealed blocks, read once.
fn histories(_: &Arc<Model>, number: usize) -> Result<(), Box<dyn Error>> {
    let (mut ring, mut sealed) = (Ring::new(2_000), Sealed::default());
    for message in Traffic::new(number as u64).take(70) {
        ring.append(message.clone())?;
        sealed.append(message)?;
    }
    let read = (ring.get(ring.first()), sealed.get(0));
    match read {
        (Some(_), Some(_)) => Ok(()),
        _ => Err("a message that was kept is not there".into()),
    }
}

/// A store in memory gets two agents, a message and a belief, and is asked for them.
fn store(_: &Arc<Model>, number: usize) -> Result<(), Box<dyn Error>> {
    let connection = sqlite::open(Place::Memory, Durability::Relaxed)?;
    let scout = sqlite::add_agent(&connection, "scout", "scout")?;
    let guide = sqlite::add_agent(&connection, "guide", "guide")?;
    let message = NewMessage {
        sender: scout,
        receiver: guide,
        sent_ns: number as i64,
        topic: "north".to_owned(),
        tag: "north".to_owned(),
        body: "the wall is free".repeat(1 + number % 7),
    };
    let key = sqlite::add_message(&connection, &message)?;
    let posterior = vec![0.25; 4];
    sqlite::save_belief(&connection, &Belief { agent: scout, step: 1, posterior })?;
    match (sqlite::message(&connection, key)?, sqlite::latest_belief(&connection, scout)?) {
        (Some(_), Some(_)) => Ok(()),
        _ => Err("what was stored is not there".into()),
    }
}

/// What SQLite holds in this process, by its own account.
fn sqlite_bytes() -> i64 {
    // SAFETY: it takes nothing and reads a number under SQLite's own lock
    // (<https://www.sqlite.org/c3ref/memory_highwater.html>).
    unsafe { rusqlite::ffi::sqlite3_memory_used() }
}

/// Programs of which the verdict is known, as they were found and mended.
fn cases(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    for case in &CASES {
        for version in [Version::Found, Version::Mended] {
            let (right, verdict) = called(case, version)?;
            let record = report.figure("called_right", Unit::Count, f64::from(right));
            report.record(
                &record.parameter("case", case.name).parameter("version", version.name()),
            )?;
            let truth = match (version, case.truth) {
                (Version::Found, Truth::Leaks(_)) => "leaks",
                _ => "clean",
            };
            let row = [case.about, version.name(), truth, &verdict.to_string()];
            rows.push([&row.map(str::to_owned)[..], &[format!("{right} of {TIMES}")]].concat());
        }
    }
    let header = ["program", "version", "truth", "verdict", "right"];
    report.table("Programs of which the truth is known, and what was said", &header, &rows)?;
    Ok(())
}

/// Times that each program is judged, with another seed each.
const TIMES: u64 = 5;

/// How often a program was judged right, and the last verdict.
fn called(case: &Case, version: Version) -> Result<(u32, Verdict), ProbeError> {
    let mut right = 0;
    let mut last = Verdict::Returned;
    for seed in 1..=TIMES {
        last = (case.run)(version, seed)?.verdict();
        right += u32::from(case.is_right(version, last));
    }
    Ok((right, last))
}
