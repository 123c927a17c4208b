//! How the time of a step grows: with states, outcomes, factors, horizon and agents.

mod growth;

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use agent_core::{Agent, GenerativeModel, Model, Options, Population, Profile, Workspace, models};
use growth::Growth;
use measure::report::{Benchmark, Report};
use measure::{Direction, Figure, Profile as Effort, Summary, Unit};

/// The seed of every model.
const SEED: u64 = 2026;

/// Of the agents whose number grows, what an agent holds and the reserve beside it, generously.
const BYTES_OF_MANY: u64 = 1_500;

fn main() -> ExitCode {
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "scaling", name: "states", run: states },
            Benchmark { group: "scaling", name: "outcomes", run: outcomes },
            Benchmark { group: "scaling", name: "factors", run: factors },
            Benchmark { group: "scaling", name: "horizon", run: horizon },
            Benchmark { group: "scaling", name: "agents", run: agents },
            Benchmark { group: "scaling", name: "many", run: many },
        ],
    )
}

/// One place on an axis.
struct Point {
    /// The value of the axis, as it is named and recorded.
    value: usize,
    /// The size that the work is held against.
    size: f64,
    /// Nanoseconds of one step.
    summary: Summary,
}

/// How long one place on an axis is looked at: samples, and the least time of each.
fn effort(report: &Report) -> (usize, Duration) {
    match report.profile() {
        Effort::Quick => (11, Duration::from_micros(500)),
        Effort::Full => (41, Duration::from_millis(5)),
    }
}

/// Times an operation in samples of many, each long enough for the clock.
fn timed(
    (samples, least): (usize, Duration),
    mut operation: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<Summary, Box<dyn Error>> {
    let mut batch = 1_u32;
    loop {
        let start = Instant::now();
        for _ in 0..batch {
            operation()?;
        }
        if start.elapsed() >= least {
            break;
        }
        batch *= 2;
    }
    let mut times = Vec::with_capacity(samples);
    for _ in 0..samples {
        let start = Instant::now();
        for _ in 0..batch {
            operation()?;
        }
        times.push(start.elapsed().as_nanos() as f64 / f64::from(batch));
    }
    Ok(Summary::of(&times)?)
}

/// The step of one agent of a model, over observations that go round.
fn step(
    report: &Report,
    model: &GenerativeModel,
    policy_len: usize,
) -> Result<Summary, Box<dyn Error>> {
    let options = Options { policy_len, ..Options::of(Profile::Modern) };
    let model = Model::new(model, options)?;
    let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let mut observation = vec![0; model.num_obs().len()];
    let mut number = 0;
    let summary = timed(effort(report), || {
        number += 1;
        for (seen, outcomes) in observation.iter_mut().zip(model.num_obs()) {
            *seen = number % outcomes;
        }
        agent.step(&observation, &mut workspace)?;
        Ok(())
    })?;
    let believed: f64 = agent.beliefs().iter().sum();
    let weighed: f64 = workspace.q_pi().iter().sum();
    if (believed - model.factors() as f64).abs() > 1e-9 || (weighed - 1.0).abs() > 1e-9 {
        return Err("the last step left no distributions".into());
    }
    Ok(summary)
}

fn ns(value: f64) -> String {
    Figure { value, unit: Unit::Nanoseconds }.to_string()
}

/// Records the points of an axis and their growth, and prints them.
fn conclude(
    report: &mut Report,
    axis: &str,
    against: &str,
    points: Vec<Point>,
) -> Result<(), Box<dyn Error>> {
    let logs: Vec<_> = points.iter().map(|p| (p.size, p.summary.median)).collect();
    let growth = Growth::of(&logs).ok_or("an axis needs two sizes")?;
    let mut rows = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for Point { value, size, summary } in points {
        let local = before.map(|(s, t)| (summary.median / t).ln() / (size / s).ln());
        before = Some((size, summary.median));
        rows.push(vec![
            value.to_string(),
            format!("{size:.0}"),
            ns(summary.median),
            ns(summary.median / size),
            local.map_or_else(|| "-".to_owned(), |exponent| format!("{exponent:.2}")),
        ]);
        let time = report.figure("time", Unit::Nanoseconds, 0.0).distribution(summary);
        report.record(&time.parameter(axis, value))?;
    }
    let Growth { exponent, interval: [low, high] } = growth;
    let mut record = report.figure("exponent", Unit::Ratio, exponent);
    record.direction = Direction::LowerIsBetter;
    record.interval = Some(growth.interval);
    record.count = rows.len() as u64;
    report.record(&record)?;
    report.table(
        &format!(
            "Time of a step by {axis}: as {against} to the {exponent:.2} ({low:.2} to {high:.2})"
        ),
        &[axis, against, "step", "for each", "exponent from above"],
        &rows,
    )?;
    Ok(())
}

/// As many of the values as the profile has time for.
fn up_to<'a>(report: &Report, quick: usize, all: &'a [usize]) -> &'a [usize] {
    match report.profile() {
        Effort::Quick => &all[..quick],
        Effort::Full => all,
    }
}

/// One dense factor with two actions, ten outcomes, two steps ahead. Transitions grow with the
/// square of the states, likelihoods with the states.
fn states(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut points = Vec::new();
    for &states in up_to(report, 5, &[10, 30, 100, 300, 1_000, 2_000]) {
        let summary = step(report, &models::random(&[states], &[10], &[2], SEED), 2)?;
        points.push(Point { value: states, size: states as f64, summary });
    }
    conclude(report, "states", "states", points)
}

/// One modality over twenty states.
fn outcomes(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut points = Vec::new();
    for &outcomes in up_to(report, 5, &[10, 30, 100, 300, 1_000, 3_000]) {
        let summary = step(report, &models::random(&[20], &[outcomes], &[2], SEED), 2)?;
        points.push(Point { value: outcomes, size: outcomes as f64, summary });
    }
    conclude(report, "outcomes", "outcomes", points)
}

/// Factors of four states, the first with three actions, under one modality of eight outcomes that
/// depends on all: joint states are what inference and planning go over.
fn factors(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut points = Vec::new();
    for factors in 1..=5_usize {
        let mut actions = vec![1; factors];
        actions[0] = 3;
        let model = models::random(&vec![4; factors], &[8], &actions, SEED);
        let summary = step(report, &model, 2)?;
        points.push(Point { value: factors, size: 4_f64.powi(factors as i32), summary });
    }
    conclude(report, "factors", "joint states", points)
}

/// Twenty states and four actions, from one step ahead to five: policies are what planning
/// weighs.
fn horizon(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let model = models::random(&[20], &[10], &[4], SEED);
    let mut points = Vec::new();
    for horizon in 1..=5_usize {
        let summary = step(report, &model, horizon)?;
        points.push(Point { value: horizon, size: 4_f64.powi(horizon as i32), summary });
    }
    conclude(report, "horizon", "policies", points)
}

/// What agent `agent` sees of some modalities: any outcomes, as long as they differ.
fn seen(num_obs: &[usize], agents: usize) -> Vec<usize> {
    let of_agent = |agent: usize| num_obs.iter().enumerate().map(move |(m, o)| (agent + m) % o);
    (0..agents).flat_map(of_agent).collect()
}

/// T-maze agents stepped together on one thread.
fn agents(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let options = Options { policy_len: 2, ..Options::of(Profile::Modern) };
    let model = Model::new(&models::tmaze(0.98), options)?;
    let mut points = Vec::new();
    for &agents in up_to(report, 5, &[1, 10, 100, 1_000, 10_000, 100_000]) {
        let mut population = Population::new(&model);
        population.reserve(agents);
        for agent in 0..agents {
            population.spawn(agent as u64);
        }
        let observations = seen(model.num_obs(), agents);
        let summary = timed(effort(report), || {
            population.step_all(&observations, 1)?;
            Ok(())
        })?;
        points.push(Point { value: agents, size: agents as f64, summary });
    }
    conclude(report, "agents", "agents", points)
}

/// A million grid agents, or a hundredth of them in the quick profile: spawned, stepped once and
/// dropped in one process.
fn many(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let agents = match report.profile() {
        Effort::Quick => 10_000,
        Effort::Full => 1_000_000,
    };
    let needed = agents as u64 * BYTES_OF_MANY;
    if let Some(free) = available_bytes().filter(|free| *free < needed) {
        return Err(format!(
            "{agents} grid agents need {needed} bytes and {free} are available; free memory first"
        )
        .into());
    }
    let model = Model::new(&models::grid(), Options::of(Profile::Modern))?;
    let observations = seen(model.num_obs(), agents);

    let start = Instant::now();
    let mut population = Population::new(&model);
    population.reserve(agents);
    for agent in 0..agents {
        population.spawn(agent as u64);
    }
    let spawned = start.elapsed();
    let start = Instant::now();
    let actions = population.step_all(&observations, 1)?.len();
    let stepped = start.elapsed();
    if actions != agents {
        return Err(format!("{actions} actions of {agents} agents").into());
    }
    let bytes = population.bytes();
    let start = Instant::now();
    drop(population);
    let dropped = start.elapsed();

    let mut rows = Vec::new();
    for (name, time) in [("spawn", spawned), ("step", stepped), ("drop", dropped)] {
        let all = time.as_nanos() as f64;
        let record = report.figure(&format!("{name}_time"), Unit::Nanoseconds, all);
        report.record(&record.parameter("agents", agents))?;
        rows.push(vec![name.to_owned(), ns(all), ns(all / agents as f64)]);
    }
    let held = bytes as f64 / agents as f64;
    let record = report.figure("agent_bytes", Unit::Bytes, held);
    report.record(&record.parameter("agents", agents))?;
    report.table(
        &format!("{agents} grid agents in one process, {held:.1} bytes each, each act done once"),
        &["act", "all", "per agent"],
        &rows,
    )?;
    Ok(())
}

/// Memory that may be used without swapping, where the system says.
fn available_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
