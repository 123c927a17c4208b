//! Running a plan, target by target, with the run file written as it grows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;
use measure::Outcome;
use measure::run_file::{Selection, SuiteRun};
use measure::usage::Sampler;

use super::child::Interrupt;
use super::execute::{Job, Measured};
use super::plan::{Plan, PlannedSuite};
use super::progress::Progress;
use super::{BenchArguments, Finished};
use crate::failure::Failure;
use crate::open_run::{OpenRun, USE_INTERVAL};
use crate::results::Results;
use crate::workspace::Workspace;

/// Runs everything that was planned.
pub fn run(
    workspace: &Workspace,
    plan: &Plan,
    arguments: &BenchArguments,
    results: &Results,
    interrupt: &Interrupt,
) -> Result<Finished, Failure> {
    let started = Timestamp::now();
    let selection = Selection {
        only: arguments.only.map(|kind| kind.to_string()),
        filter: arguments.filter.clone(),
    };
    let open = OpenRun::begin(workspace, arguments.profile(), selection, results);
    let scratch = workspace.target_dir.join("xtask").join(format!(
        "{}-{}",
        started.as_millisecond(),
        std::process::id()
    ));
    let mut running = Running {
        open,
        scratch,
        runner: plan.runner.as_deref(),
        failures: Vec::new(),
        quiet: arguments.json,
        allow_existing: arguments.allow_existing,
        done: 0,
    };
    let progress = Progress::over(plan.benchmarks());
    for planned in &plan.suites {
        running.suite(planned, interrupt, &progress);
        if interrupt.is_set() {
            break;
        }
    }
    drop(progress);
    if !interrupt.is_set() {
        running.open.complete();
    }
    running.finish()
}

/// A run under way.
struct Running<'a> {
    open: OpenRun<'a>,
    scratch: PathBuf,
    runner: Option<&'a Path>,
    failures: Vec<String>,
    quiet: bool,
    allow_existing: bool,
    done: usize,
}

impl Running<'_> {
    fn suite(&mut self, planned: &PlannedSuite, interrupt: &Interrupt, progress: &Progress) {
        let began = Instant::now();
        let sampler = Sampler::start(USE_INTERVAL);
        let mut failures = planned.failures.clone();
        for target in &planned.targets {
            let job = Job {
                suite: planned.suite,
                target: &target.target,
                program: &target.program,
                benchmarks: &target.benchmarks,
                whole: target.whole,
                profile: self.open.run.profile,
                runner: self.runner,
                allow_existing: self.allow_existing,
                scratch: self.scratch.join(&planned.suite.name).join(target.target.to_string()),
            };
            let measured = job.run(interrupt, progress).unwrap_or_else(|error| Measured {
                failures: vec![format!("{}: {error:#}", target.target)],
                ..Measured::default()
            });
            self.done += target.benchmarks.len();
            progress.reached(self.done);
            if !self.quiet && !measured.tables.is_empty() {
                progress.suspend(|| println!("{}", measured.tables));
            }
            self.open.run.records.extend(measured.records);
            failures.extend(measured.failures);
            self.open.save();
            if interrupt.is_set() {
                break;
            }
        }
        let name = &planned.suite.name;
        self.failures.extend(failures.iter().map(|failure| format!("{name}: {failure}")));
        self.open.run.suites.push(SuiteRun {
            suite: name.clone(),
            seconds: began.elapsed().as_secs_f64(),
            outcome: match (interrupt.is_set(), failures.is_empty()) {
                (true, _) => Outcome::Partial,
                (false, true) => Outcome::Complete,
                (false, false) => Outcome::Failed,
            },
            remarks: planned.remarks.iter().cloned().chain(failures).collect(),
            usage: sampler.stop(),
        });
    }

    fn finish(self) -> Result<Finished, Failure> {
        if self.open.run.records.is_empty() {
            for failure in &self.failures {
                eprintln!("failed: {failure}");
            }
        }
        let (run, path) = self.open.close(Results::finish)?;
        if self.failures.is_empty() {
            // Only logs and raw harness output; kept where something failed.
            let _: std::io::Result<()> = fs::remove_dir_all(&self.scratch);
        }
        Ok(Finished { run, path, failures: self.failures })
    }
}
