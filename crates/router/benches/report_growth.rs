//! How a message, registration and memory grow with the number of agents.

#[path = "../../agent-core/benches/growth/mod.rs"]
mod growth;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dhat::HeapStats;
use growth::Growth;
use measure::report::{Benchmark, Report};
use measure::{Direction, Figure, Profile, Summary, Unit};
use router::workload::{self, Message, Random};
use router::{AgentId, Envelope, MailboxOptions, Router};

/// Counts only while its profiler lives, which is after everything was timed; until then it adds
/// a lock to every allocation, of which a warm router makes none.
#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Agents; the quick profile leaves the last out.
const SIZES: [u32; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// Least messages in a sample. More agents get two each: fewer, the same in every sample, would
/// stay in the caches.
const MESSAGES: u64 = 100_000;

/// Least agents that are registered in a sample, in several routers where one has fewer.
const REGISTERED: usize = 10_000;

fn main() -> ExitCode {
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "scaling", name: "routing", run: routing },
            Benchmark { group: "scaling", name: "registration", run: registration },
            Benchmark { group: "scaling", name: "footprint", run: footprint },
        ],
    )
}

fn sizes(report: &Report) -> &'static [u32] {
    match report.profile() {
        Profile::Quick => &SIZES[..5],
        Profile::Full => &SIZES,
    }
}

fn samples(report: &Report) -> usize {
    match report.profile() {
        Profile::Quick => 7,
        Profile::Full => 21,
    }
}

fn ns(value: f64) -> String {
    Figure { value, unit: Unit::Nanoseconds }.to_string()
}

/// One thread sends to agents chosen at random and receives.
fn routing(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let simple = workload::find("routing", "simple").ok_or("no job routing/simple")?;
    let (mut rows, mut times) = (Vec::new(), Vec::new());
    for &agents in sizes(report) {
        let resized = simple.resized(agents, MESSAGES.max(2 * u64::from(agents)));
        let mut job = resized.start()?;
        job.run()?;
        let mut rates = Vec::new();
        for _ in 0..samples(report) {
            let start = Instant::now();
            job.run()?;
            let elapsed = start.elapsed();
            resized.verify(job.answer())?;
            rates.push(resized.operations as f64 / elapsed.as_secs_f64());
        }
        let rates = Summary::of(&rates)?;
        let time = 1e9 / rates.median;
        times.push((f64::from(agents), time));
        let rate = |value| Figure { value, unit: Unit::PerSecond }.to_string();
        rows.push(vec![
            agents.to_string(),
            resized.operations.to_string(),
            rate(rates.median),
            rate(rates.min),
            rate(rates.max),
            ns(time),
        ]);
        let record = report.figure("throughput", Unit::PerSecond, rates.median);
        report.record(&record.distribution(rates).parameter("agents", agents))?;
    }
    let Growth { exponent, interval } = Growth::of(&times).ok_or("growth needs two sizes")?;
    let mut record = report.figure("exponent", Unit::Ratio, exponent);
    record.direction = Direction::LowerIsBetter;
    record.interval = Some(interval);
    record.count = times.len() as u64;
    report.record(&record)?;
    let [low, high] = interval;
    report.table(
        &format!(
            "One thread sends and receives; a message's time grows as agents to the {exponent:.2} \
             ({low:.2} to {high:.2})"
        ),
        &["agents", "messages", "median", "slowest", "fastest", "per message"],
        &rows,
    )?;
    Ok(())
}

/// Agents into new routers, and out of them in an order of their own.
fn registration(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    for &agents in sizes(report) {
        let (mut ins, mut outs) = (Vec::new(), Vec::new());
        for _ in 0..samples(report) {
            let (register, remove) = come_and_go(agents as usize)?;
            ins.push(register);
            outs.push(remove);
        }
        let mut row = vec![agents.to_string()];
        for (metric, sample) in [("register_time", ins), ("remove_time", outs)] {
            let summary = Summary::of(&sample)?;
            row.extend([ns(summary.median), ns(summary.min), ns(summary.max)]);
            let record = report.figure(metric, Unit::Nanoseconds, 0.0);
            report.record(&record.distribution(summary).parameter("agents", agents))?;
        }
        rows.push(row);
    }
    report.table(
        "To register one of so many agents in a new router, and to remove it again",
        &["agents", "register", "least", "most", "remove", "least", "most"],
        &rows,
    )?;
    Ok(())
}

/// Nanoseconds to register an agent in a router that is to have so many, and to remove it.
fn come_and_go(agents: usize) -> Result<(f64, f64), Box<dyn Error>> {
    let routers: Vec<Router<Message>> =
        (0..(REGISTERED / agents).max(1)).map(|_| Router::default()).collect();
    let all = routers.len() * agents;
    let mut ids: Vec<(usize, AgentId)> = Vec::with_capacity(all);
    let start = Instant::now();
    for (number, router) in routers.iter().enumerate() {
        for _ in 0..agents {
            ids.push((number, router.register(MailboxOptions::default())?));
        }
    }
    let registered = start.elapsed();
    if routers.iter().any(|router| router.agents() != agents) {
        return Err(format!("a router does not have the {agents} agents registered").into());
    }
    shuffle(&mut ids, agents);
    let mut removed = 0;
    let start = Instant::now();
    for (number, id) in &ids {
        removed += usize::from(routers[*number].remove(*id));
    }
    let left = start.elapsed();
    if removed != all || routers.iter().any(|router| router.agents() != 0) {
        return Err(format!("{removed} agents of {all} were removed").into());
    }
    let each = |time: Duration| time.as_nanos() as f64 / all as f64;
    Ok((each(registered), each(left)))
}

/// Fisher and Yates's shuffle of the agents of each router.
fn shuffle(ids: &mut [(usize, AgentId)], agents: usize) {
    let mut random = Random::new(1);
    for own in ids.chunks_mut(agents) {
        for last in (1..own.len()).rev() {
            own.swap(last, random.below(last + 1));
        }
    }
}

/// Bytes that the allocator holds for agents, and for agents with a message each.
fn footprint(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut rows = Vec::new();
    for &agents in sizes(report) {
        let before = HeapStats::get().curr_bytes;
        let held = || (HeapStats::get().curr_bytes - before) as f64 / f64::from(agents);
        let mut ids = Vec::with_capacity(agents as usize);
        let own = held();
        let router: Router<Message> = Router::default();
        for _ in 0..agents {
            ids.push(router.register(MailboxOptions::default())?);
        }
        let idle = held() - own;
        for id in &ids {
            router.send(*id, Envelope::new(None, [1; 8]))?;
        }
        let waiting = held() - own;
        if router.accounts().queued != u64::from(agents) {
            return Err(format!("{agents} messages do not wait: {:?}", router.accounts()).into());
        }
        drop((router, ids));
        if HeapStats::get().curr_bytes != before {
            return Err("a router that was dropped has left memory".into());
        }
        for (metric, bytes) in [("idle_bytes", idle), ("waiting_bytes", waiting)] {
            let record = report.figure(metric, Unit::Bytes, bytes);
            report.record(&record.parameter("agents", agents))?;
        }
        rows.push(vec![
            agents.to_string(),
            format!("{idle:.1}"),
            format!("{waiting:.1}"),
            format!("{:.1}", waiting - idle),
        ]);
    }
    report.table(
        "Bytes that the allocator holds for an agent (64-byte messages, one each)",
        &["agents", "idle", "with a message", "the message's part"],
        &rows,
    )?;
    Ok(())
}
