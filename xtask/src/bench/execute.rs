//! Running one bench target with the flags that fit its harness, and reading what it left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use measure::{Profile, Record};

use super::build::RUNNER_VARIABLE;
use super::child::{self, Ended, Interrupt, Line};
use super::listing::Listed;
use super::progress::Progress;
use crate::gather::{self, Gathered};
use crate::workspace::{BenchTarget, Suite, TargetKind};

/// criterion for a run that only shows that all works: short, but a sample all the same.
/// (criterion's own `--quick` leaves two samples, of which no interval can be had.)
const QUICK_CRITERION: [&str; 8] = [
    "--warm-up-time",
    "0.1",
    "--measurement-time",
    "0.4",
    "--sample-size",
    "20",
    "--nresamples",
    "1000",
];

/// criterion for history: its own sample size, somewhat shorter than its defaults.
const FULL_CRITERION: [&str; 4] = ["--warm-up-time", "1", "--measurement-time", "3"];

/// How benches that use a database are told; db-bench reads it.
const ALLOW_VARIABLE: &str = "DB_BENCH_ALLOW_EXISTING";

/// One target, ready to run.
pub struct Job<'a> {
    pub suite: &'a Suite,
    pub target: &'a BenchTarget,
    pub program: &'a Path,
    /// What of it to run, in its own order.
    pub benchmarks: &'a [Listed],
    /// Whether that is all it has.
    pub whole: bool,
    pub profile: Profile,
    /// What drives valgrind; only instruction counts need it.
    pub runner: Option<&'a Path>,
    /// Whether a database may be used that holds things of others.
    pub allow_existing: bool,
    /// A folder of this job's own for whatever the harness writes.
    pub scratch: PathBuf,
}

/// What a job gave.
#[derive(Default)]
pub struct Measured {
    pub records: Vec<Record>,
    /// One line for each thing that went wrong.
    pub failures: Vec<String>,
    /// What a report printed for people.
    pub tables: String,
    pub interrupted: bool,
}

impl Job<'_> {
    /// Runs the target and gathers its figures; what it gave before a failure or an interrupt
    /// is kept.
    pub fn run(&self, interrupt: &Interrupt, progress: &Progress) -> anyhow::Result<Measured> {
        fs::create_dir_all(&self.scratch)
            .with_context(|| format!("{}: cannot be created", self.scratch.display()))?;
        let mut measured = Measured::default();
        let log = self.scratch.join("output.log");
        for command in &mut self.commands() {
            let ended = child::run(command, &log, interrupt, |line| {
                self.follow(line, progress);
                if let (TargetKind::Report, Line::Stdout(text)) = (self.target.kind, line) {
                    measured.tables.push_str(text);
                    measured.tables.push('\n');
                }
            })?;
            match ended {
                Ended::Well => continue,
                Ended::Interrupted => measured.interrupted = true,
                Ended::Code(_) | Ended::Signal(_) => {
                    measured.failures.push(self.broke_off(&ended.to_string(), &log));
                }
            }
            break;
        }
        self.collect(&mut measured)?;
        Ok(measured)
    }

    /// One command for the whole target, or one for each benchmark that was chosen.
    fn commands(&self) -> Vec<Command> {
        if self.whole {
            vec![self.command(None)]
        } else {
            self.benchmarks.iter().map(|listed| self.command(Some(&listed.id))).collect()
        }
    }

    fn command(&self, single: Option<&str>) -> Command {
        let mut command = Command::new(self.program);
        command
            .arg("--bench")
            .current_dir(&self.suite.folder)
            .env("CARGO_MANIFEST_DIR", &self.suite.folder);
        if self.allow_existing {
            command.env(ALLOW_VARIABLE, "1");
        }
        match self.target.kind {
            TargetKind::Wall => {
                command.env("CRITERION_HOME", &self.scratch).arg("--noplot");
                match self.profile {
                    Profile::Quick => command.args(QUICK_CRITERION),
                    Profile::Full => command.args(FULL_CRITERION),
                };
            }
            TargetKind::Report => {
                command.env("MEASURE_RECORDS", self.records_file());
                if self.profile == Profile::Quick {
                    command.arg("--quick");
                }
            }
            TargetKind::Instructions => {
                command.env("GUNGRAUN_HOME", &self.scratch).env("GUNGRAUN_SAVE_SUMMARY", "json");
                // One benchmark per processor: a count does not depend on what runs beside it.
                command.env("GUNGRAUN_PARALLEL", "auto");
                // What it has not yet moved home when it is interrupted goes with the scratch.
                command.env("TMPDIR", &self.scratch);
                if let Some(runner) = self.runner {
                    command.env(RUNNER_VARIABLE, runner);
                }
                if let Some(id) = single {
                    command.env("GUNGRAUN_FILTER", id);
                }
            }
        }
        if let (Some(id), TargetKind::Wall | TargetKind::Report) = (single, self.target.kind) {
            command.args(["--exact", id]);
        }
        command
    }

    fn records_file(&self) -> PathBuf {
        self.scratch.join("records.jsonl")
    }

    /// Moves the progress bar when a line says that a benchmark begins or is done.
    fn follow(&self, line: &Line, progress: &Progress) {
        match line {
            Line::Stderr(text) => {
                if let Some(name) = text.strip_prefix("Benchmarking ") {
                    progress.at(self.suite, self.target, name.split(':').next().unwrap_or(name));
                }
            }
            Line::Stdout(text) => {
                let first = text.split([' ', ':']).next().unwrap_or_default();
                let is_done = match self.target.kind {
                    TargetKind::Wall => self.benchmarks.iter().any(|b| b.id == first),
                    TargetKind::Instructions => text.starts_with(&self.target.to_string()),
                    TargetKind::Report => false,
                };
                if is_done {
                    progress.advance();
                }
            }
        }
    }

    fn collect(&self, measured: &mut Measured) -> anyhow::Result<()> {
        let name = &self.suite.name;
        let gathered = match self.target.kind {
            TargetKind::Wall => gather::criterion::gather(name, &self.scratch)?,
            TargetKind::Instructions => gather::gungraun::gather(name, &self.scratch)?,
            TargetKind::Report => gather::report::gather(name, &self.records_file())?,
        };
        let is_expected = |found: &&Gathered| self.benchmarks.iter().any(|b| b.id == found.id);
        let (expected, strangers): (Vec<_>, Vec<_>) =
            gathered.iter().partition(|found| is_expected(found));
        for stranger in strangers {
            measured.failures.push(format!(
                "{}: figures for '{}', which the target does not list",
                self.target, stranger.id
            ));
        }
        let found: BTreeSet<_> = expected.iter().map(|found| found.id.as_str()).collect();
        if !measured.interrupted {
            for missing in self.benchmarks.iter().filter(|b| !found.contains(b.id.as_str())) {
                measured.failures.push(format!("{}: no figure for {missing}", self.target));
            }
        }
        for listed in self.benchmarks {
            if let Some(found) = expected.iter().find(|found| found.id == listed.id) {
                measured.records.extend(found.records.iter().cloned());
            }
        }
        Ok(())
    }

    fn broke_off(&self, how: &str, log: &Path) -> String {
        let last = fs::read_to_string(log).unwrap_or_default();
        let mut last: Vec<&str> =
            last.lines().rev().filter(|l| !l.trim().is_empty()).take(3).collect();
        last.reverse();
        format!(
            "{} ended with {how}: {} (all of it: {})",
            self.target,
            last.join(" | "),
            log.display()
        )
    }
}
