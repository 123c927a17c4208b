//! `cargo xtask heap`: one job of a suite under dhat, apart from any timing, and what that shows.

mod flame;
mod shown;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use measure::HeapProfile;
use tempfile::TempDir;

use crate::bench::Interrupt;
use crate::bench::build::build_example;
use crate::bench::child::{self, Ended, Line};
use crate::failure::Failure;
use crate::workspace::{Suite, Workspace};

/// The example of a suite that runs its jobs under a profiler.
const EXAMPLE: &str = "heap";

/// What to profile, and what to show it beside.
#[derive(Clone, Debug, clap::Args)]
pub struct HeapArguments {
    /// The job, as SUITE/GROUP/NAME or a part of that which names one; with SUITE/ alone, all are
    /// listed
    #[arg(value_name = "SUITE/GROUP/NAME")]
    bench: String,
    /// The profile to compare with; the job's last one if none is given
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Where the profile and its picture go
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// How many call sites each table shows
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Print the totals, sites and changes as JSON
    #[arg(long)]
    json: bool,
}

/// The files of one job.
struct Files {
    /// dhat's own.
    profile: PathBuf,
    /// The one before it.
    before: PathBuf,
    picture: PathBuf,
}

/// The command.
pub fn command(arguments: &HeapArguments, interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let (suite, part) = suite_of(&workspace, &arguments.bench)?;
    // Read before the profiling: a file that is none should not cost a run.
    let against = arguments.against.as_deref().map(HeapProfile::read).transpose();
    let against = against.map_err(|error| Failure::Usage(error.into()))?;
    let program = build_example(&workspace, suite, EXAMPLE)
        .with_context(|| format!("{} has no example '{EXAMPLE}' to profile", suite.name))?;
    let job = chosen(&jobs(suite, &program)?, suite, part)?;
    let folder = arguments.output.clone().unwrap_or_else(|| workspace.target_dir.join("heap"));
    let files = Files::of(&folder, suite, &job);
    let scratch = fs::create_dir_all(&folder).and_then(|()| TempDir::new_in(&folder));
    let scratch = scratch.with_context(|| format!("{}: cannot be written", folder.display()))?;
    let fresh = scratch.path().join("profile.json");
    profiled(&program, &job, &fresh, scratch.path(), interrupt)?;
    let profile = HeapProfile::read(&fresh).context("dhat's own file")?;
    let before = match against {
        Some(against) => Some(against),
        // A last one that cannot be read any more is replaced like any other.
        None => HeapProfile::read(&files.profile).ok(),
    };
    let picture = flame::graph(&profile, &format!("{}/{job}", suite.name))?;
    files.keep(&fresh, &picture, scratch.path())?;
    let shown = shown::Shown { profile: &profile, before: before.as_ref(), top: arguments.top };
    if arguments.json {
        println!("{}", shown.json()?);
        return Ok(());
    }
    println!("{}", shown.tables());
    println!("profile (opens in DHAT's viewer): {}", files.profile.display());
    println!("allocation flame graph:           {}", files.picture.display());
    if before.is_some() && arguments.against.is_none() {
        println!("the profile before:               {}", files.before.display());
    }
    Ok(())
}

/// The suite that a bench's name begins with, and the rest of the name.
fn suite_of<'a, 'b>(
    workspace: &'a Workspace,
    bench: &'b str,
) -> Result<(&'a Suite, &'b str), Failure> {
    let (suite, part) = bench.split_once('/').unwrap_or((bench, ""));
    let suites = workspace.select(&[suite.to_owned()])?;
    let suite = suites.first().copied().ok_or_else(|| Failure::usage("no such suite"))?;
    Ok((suite, part))
}

/// What the example can run.
fn jobs(suite: &Suite, program: &Path) -> Result<Vec<String>, Failure> {
    let output = Command::new(program)
        .arg("--list")
        .current_dir(&suite.folder)
        .output()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let jobs: Vec<String> = text.lines().map(str::to_owned).collect();
    if !output.status.success() || jobs.is_empty() {
        return Err(Failure::Verdict(format!(
            "{}: its example '{EXAMPLE}' lists no jobs ({})",
            suite.name, output.status
        )));
    }
    Ok(jobs)
}

/// The one job that is named, wholly or in part.
fn chosen(jobs: &[String], suite: &Suite, part: &str) -> Result<String, Failure> {
    if let Some(exact) = jobs.iter().find(|job| *job == part) {
        return Ok(exact.clone());
    }
    let named: Vec<&String> = jobs.iter().filter(|job| job.contains(part)).collect();
    match &named[..] {
        [one] => Ok((*one).clone()),
        several => {
            let (listed, problem) = match several {
                [] => (jobs.iter().collect(), "names no job"),
                several if part.is_empty() => (several.to_vec(), "names a suite, not a job of it"),
                several => (several.to_vec(), "names several jobs"),
            };
            let full: Vec<String> =
                listed.iter().map(|job| format!("{}/{job}", suite.name)).collect();
            Err(Failure::usage(format!(
                "'{}/{part}' {problem}; there is:\n  {}",
                suite.name,
                full.join("\n  ")
            )))
        }
    }
}

fn profiled(
    program: &Path,
    job: &str,
    file: &Path,
    scratch: &Path,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut said = Vec::new();
    let mut command = Command::new(program);
    command.arg(job).arg(file);
    let ended = child::run(&mut command, &scratch.join("log"), interrupt, |line| {
        let (Line::Stdout(text) | Line::Stderr(text)) = line;
        said.push(text.clone());
    })?;
    match ended {
        Ended::Well if file.is_file() => Ok(()),
        Ended::Interrupted => Err(Failure::Interrupted),
        ended => Err(Failure::Verdict(format!(
            "{job} left no profile ({ended}); it said:\n  {}",
            said.join("\n  ")
        ))),
    }
}

impl Files {
    fn of(folder: &Path, suite: &Suite, job: &str) -> Self {
        let stem = format!("{}.{}", suite.name, job.replace('/', "."));
        let file = |end: &str| folder.join(format!("{stem}.{end}"));
        Self { profile: file("json"), before: file("before.json"), picture: file("svg") }
    }

    /// Moves what is new into place, and what was there aside.
    fn keep(&self, fresh: &Path, picture: &str, scratch: &Path) -> anyhow::Result<()> {
        let drawn = scratch.join("picture.svg");
        fs::write(&drawn, picture)
            .and_then(|()| match fs::rename(&self.profile, &self.before) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            })
            .and_then(|()| fs::rename(fresh, &self.profile))
            .and_then(|()| fs::rename(&drawn, &self.picture))
            .with_context(|| format!("{}: cannot be written", self.profile.display()))
    }
}
