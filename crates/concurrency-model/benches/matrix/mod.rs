//! One task in every way of running.

mod verdict;

use std::error::Error;
use std::time::Duration;

use concurrency_model::{Channel, Outcome, Plan, Task, Way, run as run_society};
use measure::report::Report;
use measure::{Figure, LatencyRecorder, Profile, Record, Summary, Unit};
use verdict::Row;

/// A measured window is to be about this long, inline.
const WINDOW: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(60)];

/// Steps of each agent, at least and at most.
const STEPS: std::ops::RangeInclusive<f64> = 10.0..=20_000.0;

/// Agents up to which each gets a process of its own.
const PROCESS_EACH: u32 = 10;

/// A way and what its runs came to.
struct Cell {
    way: Way,
    rates: Vec<f64>,
    start_ups: Vec<f64>,
    tear_downs: Vec<f64>,
    /// Nanoseconds that messages add to an agent's step, of each round.
    channel_costs: Vec<f64>,
}

/// Measures, checks, records and tells.
pub fn run(report: &mut Report, task: Task) -> Result<(), Box<dyn Error>> {
    let cores = std::thread::available_parallelism()?.get() as u32;
    let (agents, rounds, window) = match report.profile() {
        Profile::Quick => (&[1, 10, 100][..], 5, WINDOW[0]),
        Profile::Full => (&[1, 5, 10, 100, 1_000][..], 15, WINDOW[1]),
    };
    let mut told = Vec::new();
    for &agents in agents {
        let plan = planned(task, agents, window)?;
        let expected = run_society(&plan, Way::Inline)?.checksum;
        let cells = measured(&plan, &ways(cores, agents), rounds, expected)?;
        let rows = rows(report, &plan, cores, &cells)?;
        table(report, &plan, cores, &rows)?;
        told.push(verdict::advice(agents, &rows));
    }
    report.table(
        &format!("{task}: what to use"),
        &["agents", "advice, from the medians and intervals above"],
        &told,
    )?;
    if task == Task::Exploration {
        verdict::original(report)?;
    }
    Ok(())
}

fn ways(cores: u32, agents: u32) -> Vec<Way> {
    let mut ways = vec![
        Way::Inline,
        Way::ThreadPerAgent,
        Way::Pool { threads: cores },
        Way::Tasks { threads: 1 },
        Way::Tasks { threads: cores },
        Way::Processes { workers: cores },
    ];
    if agents <= PROCESS_EACH && agents > cores {
        ways.push(Way::Processes { workers: agents });
    }
    // One thread is a runtime, but two of the same are one way too many.
    ways.dedup();
    ways
}

/// As many steps as fill the window, inline.
fn planned(task: Task, agents: u32, window: Duration) -> Result<Plan, Box<dyn Error>> {
    let short = Plan { task, agents, steps: 20, ..Plan::default() };
    run_society(&short, Way::Inline)?;
    let step = run_society(&short, Way::Inline)?.steady.as_secs_f64() / f64::from(short.steps);
    let steps = (window.as_secs_f64() / step).clamp(*STEPS.start(), *STEPS.end());
    Ok(Plan { steps: steps as u32, ..short })
}

/// The ways take turns, so that what the machine does meanwhile falls on all of them.
fn measured(
    plan: &Plan,
    ways: &[Way],
    rounds: usize,
    expected: u64,
) -> Result<Vec<Cell>, Box<dyn Error>> {
    let empty = |way: &Way| Cell {
        way: *way,
        rates: Vec::new(),
        start_ups: Vec::new(),
        tear_downs: Vec::new(),
        channel_costs: Vec::new(),
    };
    let mut cells: Vec<Cell> = ways.iter().map(empty).collect();
    for _ in 0..rounds {
        for cell in &mut cells {
            let outcome = checked(plan, cell.way, expected)?;
            let steps = plan.agent_steps() as f64;
            cell.rates.push(steps / outcome.steady.as_secs_f64());
            cell.start_ups.push(outcome.start_up.as_nanos() as f64);
            cell.tear_downs.push(outcome.tear_down.as_nanos() as f64);
            if plan.task == Task::Coordination {
                let silent = run_society(&Plan { channel: Channel::Null, ..*plan }, cell.way)?;
                let [with, without] =
                    [outcome.steady, silent.steady].map(|time| time.as_nanos() as f64);
                cell.channel_costs.push((with - without) / steps);
            }
        }
    }
    Ok(cells)
}

/// Other beliefs than inline's are an error, never a figure.
fn checked(plan: &Plan, way: Way, expected: u64) -> Result<Outcome, Box<dyn Error>> {
    let outcome = run_society(plan, way)?;
    if outcome.checksum == expected {
        return Ok(outcome);
    }
    let Outcome { checksum, .. } = outcome;
    Err(format!("{way}: {plan:?} came to {checksum:#x} instead of {expected:#x}").into())
}

fn rows(
    report: &mut Report,
    plan: &Plan,
    cores: u32,
    cells: &[Cell],
) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for cell in cells {
        let named =
            |record: Record| record.parameter("way", cell.way).parameter("agents", plan.agents);
        let rate = Summary::of(&cell.rates)?;
        let [start_up, tear_down] =
            [&cell.start_ups, &cell.tear_downs].map(|times| Summary::of(times));
        let (start_up, tear_down) = (start_up?, tear_down?);
        let figure = report.figure("throughput", Unit::PerSecond, 0.0).distribution(rate.clone());
        report.record(&named(figure))?;
        for (metric, summary) in [("start_up", &start_up), ("tear_down", &tear_down)] {
            let figure = report.figure(metric, Unit::Nanoseconds, 0.0);
            report.record(&named(figure.distribution(summary.clone())))?;
        }
        let channel = match &cell.channel_costs[..] {
            [] => None,
            costs => {
                let summary = Summary::of(costs)?;
                let figure = report.figure("channel_cost", Unit::Nanoseconds, 0.0);
                report.record(&named(figure.distribution(summary.clone())))?;
                Some(summary.median)
            }
        };
        // Apart, because the clock is looked at for each step.
        let timed = run_society(&Plan { timed: true, ..*plan }, cell.way)?;
        let mut latency = LatencyRecorder::new();
        for time in &timed.step_ns {
            let time = Duration::from_nanos(u64::from(*time));
            latency.record(Duration::ZERO, Duration::ZERO, time);
        }
        let mut steps = latency.service_record(&report.figure("", Unit::Nanoseconds, 0.0));
        steps.metric = "step_time".to_owned();
        report.record(&named(steps))?;
        rows.push(Row {
            way: cell.way,
            rates: cell.rates.clone(),
            rate,
            start_up: start_up.median,
            steps: latency.service(),
            channel,
        });
    }
    let inline = rows.iter().find(|row| row.way == Way::Inline).map(|row| row.rate.median);
    for row in &rows {
        let efficiency = inline.map_or(0.0, |inline| row.rate.median / inline / f64::from(cores));
        let figure = report.figure("efficiency", Unit::Ratio, efficiency);
        let figure = figure.parameter("way", row.way).parameter("agents", plan.agents);
        report.record(&figure)?;
    }
    Ok(rows)
}

fn table(report: &mut Report, plan: &Plan, cores: u32, rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let figure = |value, unit| Figure { value, unit }.to_string();
    let time = |value| figure(value, Unit::Nanoseconds);
    let inline = rows.iter().find(|row| row.way == Way::Inline).map(|row| row.rate.median);
    let shown = |row: &Row| {
        vec![
            row.way.to_string(),
            figure(row.rate.median, Unit::PerSecond),
            inline.map_or("-".to_owned(), |inline| format!("{:.2}", row.rate.median / inline)),
            time(row.start_up),
            time(row.steps.p50),
            time(row.steps.p95),
            time(row.steps.p99),
            row.channel.map_or("-".to_owned(), time),
        ]
    };
    let Plan { task, agents, steps, .. } = *plan;
    report.table(
        &format!("{task}, {agents} agents, {steps} steps of each, {cores} processors"),
        &[
            "way",
            "steps",
            "x inline",
            "start-up",
            "tear-down",
            "step p50",
            "p95",
            "p99",
            "messages",
        ],
        &rows.iter().map(shown).collect::<Vec<_>>(),
    )?;
    Ok(())
}
