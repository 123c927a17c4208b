//! `cargo xtask bench`: builds, runs and gathers the suites into one run file.

pub mod build;
pub mod child;
pub mod execute;
pub mod listing;
mod plan;
pub mod progress;
mod run;

use std::path::{Path, PathBuf};

use measure::{Outcome, Profile, Run};

pub use child::Interrupt;

use crate::failure::Failure;
use crate::results::Results;
use crate::tables;
use crate::target_table::TargetTable;
use crate::workspace::{TargetKind, Workspace};

/// What to measure, and how to show it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BenchArguments {
    /// The suites to run, by crate name; all of them if none is named
    pub suites: Vec<String>,
    /// Short runs: enough to see that all works, too noisy for history
    #[arg(long)]
    pub quick: bool,
    /// Run only this kind of bench target
    #[arg(long, value_enum)]
    pub only: Option<TargetKind>,
    /// Run only benchmarks whose suite/group/benchmark contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Work in the database that DATABASE_URL names even if it holds things of others: in a schema
    /// of its own, dropped at the end
    #[arg(long)]
    pub allow_existing: bool,
    /// Print the run file instead of tables
    #[arg(long)]
    pub json: bool,
}

impl BenchArguments {
    fn profile(&self) -> Profile {
        if self.quick { Profile::Quick } else { Profile::Full }
    }

    fn wants(&self, kind: TargetKind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }
}

/// A run that ended, and where it was written.
pub struct Finished {
    pub run: Run,
    pub path: PathBuf,
    /// What failed, a line each, with its suite.
    pub failures: Vec<String>,
}

/// The command: measures, saves, prints, and fails if a suite did.
pub fn command(arguments: &BenchArguments, interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    // Read before the measuring: a table that is broken should not cost a run.
    let targets = TargetTable::read_if_there(&workspace.targets_file())?;
    let finished = measure(&workspace, arguments, interrupt)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&finished.run).map_err(anyhow::Error::from)?);
    } else {
        tables::print_run(&workspace, &finished.run);
        match &targets {
            Some(targets) => tables::print_targets(&targets.judge(&finished.run)),
            None => println!("no target table: {} is missing", workspace.targets_file().display()),
        }
        println!("\nrun file: {}", relative(&workspace, &finished.path).display());
    }
    finished.verdict()
}

/// Measures what the arguments ask for; the run file is written when this returns.
pub fn measure(
    workspace: &Workspace,
    arguments: &BenchArguments,
    interrupt: &Interrupt,
) -> Result<Finished, Failure> {
    let suites = workspace.select(&arguments.suites)?;
    let results = Results::open(workspace.results())?;
    let plan = plan::plan(workspace, &suites, arguments, interrupt)?;
    run::run(workspace, &plan, arguments, &results, interrupt)
}

impl Finished {
    /// Success, or the failure that the exit code has to tell.
    pub fn verdict(&self) -> Result<(), Failure> {
        for failure in &self.failures {
            eprintln!("failed: {failure}");
        }
        if self.run.outcome == Outcome::Partial {
            eprintln!("the run is marked as partial and holds what was measured until then");
            return Err(Failure::Interrupted);
        }
        let failed = self.run.suites.iter().filter(|suite| suite.outcome == Outcome::Failed);
        let names: Vec<&str> = failed.map(|suite| suite.suite.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Failure::Verdict(format!(
            "{} of {} suites failed: {}; whatever else could be measured was",
            names.len(),
            self.run.suites.len(),
            names.join(", ")
        )))
    }
}

fn relative<'a>(workspace: &Workspace, path: &'a Path) -> &'a Path {
    path.strip_prefix(&workspace.root).unwrap_or(path)
}
