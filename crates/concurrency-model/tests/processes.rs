//! Workers that are processes: this program, started again, so it has no test harness.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use concurrency_model::{Channel, Fault, Mishap, Plan, RunError, Task, Way, processes, run};
use rustix::process::{Pid, Signal, kill_process};

fn main() -> ExitCode {
    if let Some(code) = processes::serve_if_asked() {
        return code;
    }
    they_come_to_the_same_beliefs();
    a_worker_that_panics_or_aborts_ends_the_run();
    a_killed_worker_ends_the_run_at_any_moment();
    ExitCode::SUCCESS
}

fn they_come_to_the_same_beliefs() {
    for task in Task::ALL {
        for (agents, workers) in [(1, 1), (1, 4), (5, 2), (7, 3), (6, 6), (9, 1)] {
            for channel in [Channel::Open, Channel::Null] {
                let plan =
                    Plan { task, agents, steps: 15, channel, timed: true, ..Plan::default() };
                let outcome = run(&plan, Way::Processes { workers }).unwrap();
                let inline = run(&plan, Way::Inline).unwrap();
                assert_eq!(outcome.checksum, inline.checksum, "{plan:?} by {workers}");
                assert_eq!(outcome.step_ns.len() as u64, plan.agent_steps());
                assert!(children().is_empty());
            }
        }
        println!("ok: {task}");
    }
}

fn a_worker_that_panics_or_aborts_ends_the_run() {
    for what in [Mishap::Panic, Mishap::Abort] {
        let fault = Some(Fault { agent: 4, step: 7, what });
        let plan = Plan { agents: 6, steps: 100_000, fault, ..Plan::default() };
        let error = run(&plan, Way::Processes { workers: 3 }).unwrap_err();
        assert!(matches!(error, RunError::WorkerLost { worker: 2, .. }), "{error}");
        assert!(children().is_empty());
        println!("ok: {what:?} ends as '{error}'");
    }
}

fn a_killed_worker_ends_the_run_at_any_moment() {
    const WORKERS: usize = 3;
    for round in 0..30_u64 {
        // Long enough that nobody is done before somebody is killed.
        let plan = Plan { agents: 9, steps: 4_000_000, ..Plan::default() };
        let workers = Way::Processes { workers: WORKERS as u32 };
        let running = thread::spawn(move || run(&plan, workers));
        let found = until_there_are(WORKERS);
        thread::sleep(Duration::from_micros(round * 700));
        let victim = found[round as usize % WORKERS];
        kill_process(victim, Signal::KILL).unwrap();
        let error = running.join().unwrap().unwrap_err();
        let RunError::WorkerLost { reason, .. } = &error else { panic!("{error}") };
        assert!(reason.contains("signal: 9"), "{error}");
        assert!(children().is_empty(), "round {round}");
    }
    println!("ok: 30 workers were killed, and no run went on");
}

fn until_there_are(number: usize) -> Vec<Pid> {
    let began = Instant::now();
    loop {
        let found = children();
        if found.len() == number {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{} workers", found.len());
    }
}

/// Processes that this one started and that have not ended.
fn children() -> Vec<Pid> {
    let own = std::process::id().to_string();
    let is_child = |stat: &str| {
        // After the name in brackets: state, parent.
        let mut words = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        words.next() != Some("Z") && words.next() == Some(&own)
    };
    let Ok(processes) = fs::read_dir("/proc") else { panic!("no /proc to see children in") };
    processes
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let number: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            is_child(&stat).then(|| Pid::from_raw(number)).flatten()
        })
        .collect()
}
