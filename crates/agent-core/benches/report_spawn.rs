//! What it takes to bring agents into being: one, ten at once, and up to ten thousand.

use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use agent_core::workload::{self, WorkloadError};
use agent_core::{Agent, Model, Workspace};
use measure::report::{Benchmark, Report};
use measure::{Figure, LatencyRecorder, Profile, Summary, Unit};

/// Agents of the scaling table.
const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// The kind that stands for all where kinds are not compared.
const KIND: &str = "grid10";

fn main() -> ExitCode {
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "spawn", name: "single", run: single },
            Benchmark { group: "spawn", name: "parallel", run: parallel },
            Benchmark { group: "spawn", name: "scaling", run: scaling },
            Benchmark { group: "spawn", name: "footprint", run: footprint },
        ],
    )
}

/// Every kind's model by its name.
fn kinds() -> Result<Vec<(&'static str, Arc<Model>)>, WorkloadError> {
    workload::of_group("spawn").map(|job| Ok((job.name, job.model()?))).collect()
}

fn model(kind: &str) -> Result<Arc<Model>, Box<dyn Error>> {
    let job = workload::find("spawn", kind).ok_or_else(|| format!("no kind named {kind}"))?;
    Ok(job.model()?)
}

/// Spawned agents count only if they are as new ones should be, and can take a step.
fn verify(agents: &mut [Agent], workspace: &mut Workspace) -> Result<(), Box<dyn Error>> {
    let Some(first) = agents.first() else { return Err("no agent was spawned".into()) };
    let fresh = Agent::new(first.model());
    let observation = vec![0; fresh.model().num_obs().len()];
    let expected = fresh.clone().step(&observation, workspace)?.to_vec();
    for agent in agents {
        if agent.beliefs() != fresh.beliefs() {
            return Err("a spawned agent does not believe what its model's D says".into());
        }
        if agent.step(&observation, workspace)? != expected {
            return Err("a spawned agent acts otherwise than a new one".into());
        }
    }
    Ok(())
}

fn ns(value: f64) -> String {
    Figure { value, unit: Unit::Nanoseconds }.to_string()
}

/// One agent at a time, each timed by itself, in a closed loop: service time only.
fn single(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let spawns = match report.profile() {
        Profile::Quick => 20_000,
        Profile::Full => 200_000,
    };
    let mut rows = Vec::new();
    for (kind, model) in kinds()? {
        let mut latency = LatencyRecorder::new();
        let mut workspace = Workspace::new(&model);
        let mut last = None;
        let origin = Instant::now();
        for _ in 0..spawns {
            let started = origin.elapsed();
            let agent = Agent::new(&model);
            let ended = origin.elapsed();
            latency.record(started, started, ended);
            last = Some(agent);
        }
        verify(last.as_mut_slice(), &mut workspace).map_err(|error| format!("{kind}: {error}"))?;
        let template = report.figure("service_time", Unit::Nanoseconds, 0.0);
        let mut record = latency.service_record(&template);
        // The row of the target table is the kind that stands for all.
        if kind != KIND {
            record = record.parameter("kind", kind);
        }
        report.record(&record)?;
        let p = latency.service();
        let p999 = p.p999.map_or_else(|| "-".to_owned(), ns);
        rows.push(vec![kind.to_owned(), ns(p.p50), ns(p.p95), ns(p.p99), p999]);
    }
    report.table(
        &format!("One agent at a time, {spawns} of each kind (two clock readings included)"),
        &["kind", "p50", "p95", "p99", "p99.9"],
        &rows,
    )?;
    Ok(())
}

/// Spawns `agents` over `threads` threads that start together; the time from the common start
/// to the last thread's end, and all the agents.
fn spawn_on(model: &Arc<Model>, agents: usize, threads: usize) -> (Duration, Vec<Agent>) {
    let barrier = Barrier::new(threads);
    let moments: Vec<(Instant, Instant, Vec<Agent>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let share = agents / threads + usize::from(worker < agents % threads);
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut spawned = Vec::with_capacity(share);
                    barrier.wait();
                    let start = Instant::now();
                    spawned.extend((0..share).map(|_| Agent::new(model)));
                    (start, Instant::now(), spawned)
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    let first = moments.iter().map(|(start, ..)| *start).min();
    let last = moments.iter().map(|(_, end, _)| *end).max();
    let elapsed = first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first);
    (elapsed, moments.into_iter().flat_map(|(_, _, agents)| agents).collect())
}

/// Repeats a spawn and summarises its time in nanoseconds, each repetition verified.
fn repeated(
    model: &Arc<Model>,
    agents: usize,
    threads: usize,
    repetitions: usize,
) -> Result<Summary, Box<dyn Error>> {
    let mut workspace = Workspace::new(model);
    let mut times = Vec::with_capacity(repetitions);
    for _ in 0..repetitions {
        let (elapsed, mut spawned) = spawn_on(model, agents, threads);
        if spawned.len() != agents {
            return Err(format!("{} agents instead of {agents}", spawned.len()).into());
        }
        verify(&mut spawned[..agents.min(100)], &mut workspace)?;
        times.push(elapsed.as_nanos() as f64);
    }
    Ok(Summary::of(&times)?)
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Ten agents on as many threads as there are processors.
fn parallel(report: &mut Report) -> Result<(), Box<dyn Error>> {
    const AGENTS: usize = 10;
    let repetitions = match report.profile() {
        Profile::Quick => 50,
        Profile::Full => 500,
    };
    let threads = processors();
    let summary = repeated(&model(KIND)?, AGENTS, threads, repetitions)?;
    let row = vec![
        format!("{AGENTS} on {threads} threads"),
        ns(summary.min),
        ns(summary.median),
        ns(summary.max),
    ];
    let record = report.figure("time", Unit::Nanoseconds, 0.0).distribution(summary);
    report.record(&record.parameter("agents", AGENTS))?;
    report.table(
        "Ten agents in parallel, from the common start to the last one's end",
        &["agents", "min", "median", "max"],
        &[row],
    )?;
    Ok(())
}

/// From one agent to ten thousand, on one thread and on all: time per agent, and how much of the
/// smallest time per agent is kept.
fn scaling(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let repetitions = match report.profile() {
        Profile::Quick => 20,
        Profile::Full => 100,
    };
    let model = model(KIND)?;
    let mut rows = Vec::new();
    for threads in [1, processors()] {
        let mut best = f64::INFINITY;
        let mut cells = Vec::new();
        for agents in SIZES {
            let summary = repeated(&model, agents, threads, repetitions)?;
            let per_agent = summary.median / agents as f64;
            best = best.min(per_agent);
            cells.push((agents, summary, per_agent));
        }
        for (agents, summary, per_agent) in cells {
            let efficiency = best / per_agent;
            let named = |record: measure::Record| {
                record.parameter("agents", agents).parameter("threads", threads)
            };
            rows.push(vec![
                agents.to_string(),
                threads.to_string(),
                ns(summary.median),
                ns(per_agent),
                format!("{:.0} %", efficiency * 100.0),
            ]);
            let time = report.figure("time", Unit::Nanoseconds, 0.0).distribution(summary);
            report.record(&named(time))?;
            report.record(&named(report.figure("efficiency", Unit::Ratio, efficiency)))?;
        }
        if processors() == 1 {
            break;
        }
    }
    report.table(
        &format!("Scaling, {KIND} agents, medians of {repetitions}; efficiency: best time per agent over this one"),
        &["agents", "threads", "all", "per agent", "efficiency"],
        &rows,
    )?;
    Ok(())
}

/// Bytes of each kind of agent beyond the model it shares, by the account that a test holds
/// against the allocator.
fn footprint(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut rows = Vec::new();
    for (kind, model) in kinds()? {
        let agent = Agent::new(&model);
        let states = model.num_states();
        let figure = report.figure("agent_bytes", Unit::Bytes, agent.bytes() as f64);
        report.record(&figure.parameter("kind", kind))?;
        rows.push(vec![kind.to_owned(), states.to_string(), agent.bytes().to_string()]);
    }
    report.table(
        "Bytes an agent holds beyond its shared model",
        &["kind", "states", "bytes"],
        &rows,
    )?;
    Ok(())
}
