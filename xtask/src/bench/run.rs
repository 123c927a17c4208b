//! Running a plan, target by target, with the run file written as it grows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use measure::machine::{Machine, Toolchain};
use measure::noise::NoiseProbe;
use measure::run_file::{NoiseBracket, Selection, SuiteRun};
use measure::usage::Sampler;
use measure::{Outcome, Profile, Run};

use super::child::Interrupt;
use super::execute::{Job, Measured};
use super::plan::{Plan, PlannedSuite};
use super::progress::Progress;
use super::{BenchArguments, Finished};
use crate::failure::Failure;
use crate::results::Results;
use crate::workspace::Workspace;
use crate::{source, tools};

/// How often the machine is looked at while a suite runs.
const USE_INTERVAL: Duration = Duration::from_secs(1);

/// Runs everything that was planned.
pub fn run(
    workspace: &Workspace,
    plan: &Plan,
    arguments: &BenchArguments,
    results: &Results,
    interrupt: &Interrupt,
) -> Result<Finished, Failure> {
    let started = Timestamp::now();
    let probe_length = Duration::from_millis(match arguments.profile() {
        Profile::Quick => 300,
        Profile::Full => 1000,
    });
    let run = Run {
        schema: measure::run_file::SCHEMA_VERSION,
        id: String::new(),
        started: seconds(started),
        ended: seconds(started),
        source: source::of(&workspace.root),
        profile: arguments.profile(),
        selection: Selection {
            only: arguments.only.map(|kind| kind.to_string()),
            filter: arguments.filter.clone(),
        },
        outcome: Outcome::Partial,
        machine: Machine::of_this_host(),
        toolchain: Toolchain::of_this_host(&tools::rustflags()),
        noise: NoiseBracket { before: NoiseProbe::take(probe_length), after: None },
        suites: Vec::new(),
        records: Vec::new(),
    };
    let scratch = workspace.target_dir.join("xtask").join(format!(
        "{}-{}",
        started.as_millisecond(),
        std::process::id()
    ));
    let mut running = Running {
        run,
        results,
        path: None,
        scratch,
        runner: plan.runner.as_deref(),
        failures: Vec::new(),
        quiet: arguments.json,
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
        running.run.noise.after = Some(NoiseProbe::take(probe_length));
        let failed = running.run.suites.iter().any(|suite| suite.outcome == Outcome::Failed);
        running.run.outcome = if failed { Outcome::Failed } else { Outcome::Complete };
    }
    running.finish()
}

/// A run under way.
struct Running<'a> {
    run: Run,
    results: &'a Results,
    /// The run's own file, once there is a figure to keep.
    path: Option<PathBuf>,
    scratch: PathBuf,
    runner: Option<&'a Path>,
    failures: Vec<String>,
    quiet: bool,
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
                profile: self.run.profile,
                runner: self.runner,
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
            self.run.records.extend(measured.records);
            failures.extend(measured.failures);
            self.save();
            if interrupt.is_set() {
                break;
            }
        }
        let name = &planned.suite.name;
        self.failures.extend(failures.iter().map(|failure| format!("{name}: {failure}")));
        self.run.suites.push(SuiteRun {
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

    /// Keeps what there is so far, so that not even a crash of ours loses it. A failure is not
    /// the end here: `finish` tries again and says so.
    fn save(&mut self) {
        if self.run.records.is_empty() {
            return;
        }
        self.run.ended = seconds(Timestamp::now());
        if let Some(path) = &self.path {
            let _: Result<(), _> = self.run.write(path);
            return;
        }
        self.run.id = stem(&self.run);
        self.path = self.results.reserve(&mut self.run).ok();
    }

    fn finish(mut self) -> Result<Finished, Failure> {
        if self.run.records.is_empty() {
            for failure in &self.failures {
                eprintln!("failed: {failure}");
            }
            return Err(match self.run.outcome {
                Outcome::Partial => Failure::Interrupted,
                _ => Failure::Verdict("nothing was measured, so no run file was written".into()),
            });
        }
        self.save();
        let written = match &self.path {
            Some(path) => self.results.finish(&self.run, path).map(|()| path.clone()),
            None => Err(anyhow::anyhow!("no file could be made in the results folder")),
        };
        match written {
            Ok(path) => {
                if self.failures.is_empty() {
                    // Only logs and raw harness output; kept where something failed.
                    let _: std::io::Result<()> = fs::remove_dir_all(&self.scratch);
                }
                Ok(Finished { run: self.run, path, failures: self.failures })
            }
            Err(error) => Err(rescue(&self.run, &error)),
        }
    }
}

/// Puts a run that the results folder would not take where it can still be found.
fn rescue(run: &Run, error: &anyhow::Error) -> Failure {
    let place = std::env::temp_dir().join(format!("{}.json", run.id));
    match run.write(&place).context("nor in the temporary folder") {
        Ok(()) => Failure::environment(format!(
            "{error:#}; the run was saved as {}: move it to results/daily when there is room",
            place.display()
        )),
        Err(second) => {
            println!("{}", serde_json::to_string(run).unwrap_or_default());
            Failure::environment(format!(
                "{error:#}; {second:#}; so the run was printed to standard output"
            ))
        }
    }
}

/// `<date>_<commit>`; the results folder adds a number.
fn stem(run: &Run) -> String {
    let date = run.started.split('T').next().unwrap_or_default();
    let commit = run.source.commit.as_deref().map_or("nogit", |hash| hash.get(..8).unwrap_or(hash));
    format!("{date}_{commit}")
}

fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
