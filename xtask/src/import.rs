//! `cargo xtask import`: figures that other programs measured, as a run of the past.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use measure::machine::{Machine, Toolchain};
use measure::run_file::{NoiseBracket, Selection, Source, SuiteRun};
use measure::usage::{self, Usage};
use measure::{Outcome, Profile, Record, Run, Summary, Unit};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::gather;
use crate::open_run::{seconds, stem};
use crate::results::Results;
use crate::workspace::Workspace;

/// What is brought in.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportArguments {
    /// Who wrote it
    #[arg(value_enum)]
    format: Format,
    /// What `pytest --benchmark-json FILE` wrote, or criterion's folder, such as target/criterion
    path: PathBuf,
    /// The suite that its series are to be of
    #[arg(long, value_name = "NAME")]
    suite: String,
    /// The commit that was measured, where the file does not say
    #[arg(long, value_name = "HASH")]
    commit: Option<String>,
    /// It was measured on this machine, which criterion's folder does not say
    #[arg(long)]
    here: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// pytest-benchmark's JSON
    Pytest,
    /// criterion's folder of results
    Criterion,
}

/// The command: a run file among the daily ones, under the date when it was measured.
pub fn command(arguments: &ImportArguments) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let results = Results::open(workspace.results())?;
    let imported = match arguments.format {
        Format::Pytest => pytest(&arguments.path, &arguments.suite),
        Format::Criterion => criterion(&arguments.path, &arguments.suite),
    };
    let mut run = imported.map_err(Failure::Usage)?;
    if arguments.here {
        run.machine = Machine::of_this_host();
    }
    if let Some(commit) = &arguments.commit {
        run.source.commit = Some(commit.clone());
    }
    run.id = stem(&run);
    let path = results.reserve(&mut run)?;
    let shown = path.strip_prefix(&workspace.root).unwrap_or(&path).display();
    println!("{} figures of {} are {shown} now", run.records.len(), run.started);
    Ok(())
}

/// A run of which little more is known than its figures.
fn run_of(
    suite: &str,
    remark: String,
    started: String,
    machine: Machine,
    records: Vec<Record>,
) -> anyhow::Result<Run> {
    ensure!(!records.is_empty(), "it holds no figure");
    fn missing<T>() -> usage::Source<T> {
        usage::Source::Missing("measured by another program".to_owned())
    }
    let usage = Usage {
        seconds: 0.0,
        looks: 0,
        cpu: missing(),
        scheduler: missing(),
        memory: missing(),
        disk: missing(),
        network: missing(),
        pressure: missing(),
    };
    let (outcome, remarks) = (Outcome::Complete, vec![remark]);
    Ok(Run {
        schema: measure::run_file::SCHEMA_VERSION,
        id: String::new(),
        ended: started.clone(),
        started,
        source: Source { commit: None, branch: None, dirty: false },
        profile: Profile::Full,
        selection: Selection::default(),
        outcome,
        machine,
        toolchain: Toolchain {
            rustc: None,
            libc: None,
            valgrind: None,
            target_cpu: "unknown".to_owned(),
        },
        noise: NoiseBracket { before: None, after: None },
        suites: vec![SuiteRun { suite: suite.to_owned(), seconds: 0.0, outcome, remarks, usage }],
        records,
    })
}

/// A machine of which nothing was said.
fn unknown_machine() -> Machine {
    let unknown = || "unknown".to_owned();
    Machine {
        hash: String::new(),
        os: unknown(),
        kernel: None,
        arch: unknown(),
        cpu_model: None,
        cores: None,
        memory_bytes: None,
        governor: None,
        is_virtual: None,
    }
    .identified()
}

/// The file of pytest-benchmark 3 to 5, as far as it is read
/// (<https://pytest-benchmark.readthedocs.io>).
#[derive(Deserialize)]
struct Pytest {
    version: String,
    datetime: String,
    machine_info: MachineInfo,
    #[serde(default)]
    commit_info: CommitInfo,
    benchmarks: Vec<PytestBenchmark>,
}

#[derive(Deserialize)]
struct MachineInfo {
    machine: Option<String>,
    release: Option<String>,
    system: Option<String>,
    #[serde(default)]
    cpu: Cpu,
}

#[derive(Default, Deserialize)]
struct Cpu {
    brand_raw: Option<String>,
    count: Option<u64>,
}

#[derive(Default, Deserialize)]
struct CommitInfo {
    id: Option<String>,
    branch: Option<String>,
    dirty: Option<bool>,
}

#[derive(Deserialize)]
struct PytestBenchmark {
    group: Option<String>,
    name: String,
    fullname: String,
    params: Option<BTreeMap<String, Value>>,
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    median: f64,
    rounds: u64,
    /// Every round, where they were kept (`--benchmark-save-data`).
    data: Option<Vec<f64>>,
}

fn pytest(path: &Path, suite: &str) -> anyhow::Result<Run> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let file: Pytest = serde_json::from_str(&text)
        .with_context(|| format!("{}: not what pytest-benchmark writes", path.display()))?;
    let of_file = || path.display().to_string();
    let records: anyhow::Result<Vec<Record>> =
        file.benchmarks.iter().map(|benchmark| benchmark.record(suite)).collect();
    let MachineInfo { machine, release, system, cpu } = file.machine_info;
    let known = unknown_machine();
    let machine = Machine {
        os: system.map_or(known.os.clone(), |system| system.to_lowercase()),
        kernel: release,
        arch: machine.unwrap_or(known.arch.clone()),
        cpu_model: cpu.brand_raw,
        cores: cpu.count,
        ..known
    };
    let remark = format!("by pytest-benchmark {}", file.version);
    let started = time(&file.datetime).with_context(of_file)?;
    let mut run =
        run_of(suite, remark, started, machine.identified(), records.with_context(of_file)?)
            .with_context(of_file)?;
    let CommitInfo { id, branch, dirty } = file.commit_info;
    // What it writes outside of a repository.
    let known = |text: &String| text != "unversioned" && text != "(unknown)";
    run.source = Source {
        commit: id.filter(known),
        branch: branch.filter(known),
        dirty: dirty.unwrap_or(false),
    };
    Ok(run)
}

impl PytestBenchmark {
    /// Seconds of a round as nanoseconds of one benchmark; its group is pytest's, or its file.
    fn record(&self, suite: &str) -> anyhow::Result<Record> {
        let file = || self.fullname.split("::").next().unwrap_or_default().to_owned();
        let group = self.group.clone().unwrap_or_else(file);
        // The parameters stand in brackets behind the name.
        let name = match &self.params {
            Some(_) => self.name.split('[').next().unwrap_or(&self.name),
            None => &self.name,
        };
        let ns = |seconds: &f64| 1e9 * seconds;
        let mut record =
            Record::new(suite, &group, name, "time", Unit::Nanoseconds, ns(&self.stats.median));
        record.count = self.stats.rounds;
        if let Some(data) = &self.stats.data {
            let sample: Vec<f64> = data.iter().map(ns).collect();
            record = record.distribution(Summary::of(&sample).with_context(|| self.name.clone())?);
        }
        ensure!(
            record.estimate.is_finite() && record.estimate > 0.0,
            "{}: a median of {} s is no time",
            self.name,
            self.stats.median
        );
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parameters = self.params.iter().flatten();
        record.parameters = parameters.map(|(name, value)| (name.clone(), text(value))).collect();
        Ok(record)
    }
}

/// In UTC; pytest-benchmark says which zone its time is of, or means UTC.
fn time(written: &str) -> anyhow::Result<String> {
    let found: Timestamp = match written.parse() {
        Ok(time) => time,
        Err(_) => {
            format!("{written}Z").parse().with_context(|| format!("'{written}' is no time"))?
        }
    };
    Ok(seconds(found))
}

fn criterion(path: &Path, suite: &str) -> anyhow::Result<Run> {
    let gathered = gather::criterion::gather(suite, path)?;
    let records: Vec<Record> = gathered.into_iter().flat_map(|found| found.records).collect();
    let newest = newest(path)?.and_then(|time| Timestamp::try_from(time).ok());
    let started = seconds(newest.unwrap_or_else(Timestamp::now));
    let remark = format!("by criterion, in {}", path.display());
    run_of(suite, remark, started, unknown_machine(), records)
        .with_context(|| format!("{}", path.display()))
}

/// When the last sample of a folder was written.
fn newest(folder: &Path) -> anyhow::Result<Option<SystemTime>> {
    let samples = gather::files_ending(folder, "new/sample.json")?;
    let times = samples.iter().filter_map(|path| path.metadata().ok()?.modified().ok());
    Ok(times.max())
}
