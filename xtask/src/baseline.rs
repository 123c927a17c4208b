//! `cargo xtask baseline` and `cargo xtask release`: runs that are kept under a name.

use std::path::PathBuf;

use clap::Subcommand;
use measure::comparison::{Comparison, Times, obstacles_to_counts};
use measure::{Outcome, Run};

use crate::bench::{self, BenchArguments, Interrupt};
use crate::compare::named;
use crate::comparisons;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::Form;
use crate::results::Results;
use crate::workspace::{TargetKind, Workspace};

/// What to do with the baseline.
#[derive(Clone, Debug, Subcommand)]
pub enum BaselineVerb {
    /// Count, show what changed since the baseline, and make the counts the new one
    Save {
        /// A run to keep instead of counting: a file, `latest` or a run's id
        run: Option<String>,
    },
    /// Say which run the baseline is
    Show,
}

/// `baseline`.
pub fn command(verb: &BaselineVerb, interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    match verb {
        BaselineVerb::Save { run } => save(&workspace, run.as_deref(), interrupt),
        BaselineVerb::Show => show(&workspace),
    }
}

/// Every exact count of every suite, by this machine.
pub fn counted(workspace: &Workspace, interrupt: &Interrupt) -> Result<Run, Failure> {
    let arguments =
        BenchArguments { only: Some(TargetKind::Instructions), ..BenchArguments::default() };
    let finished = bench::measure(workspace, &arguments, interrupt)?;
    finished.verdict()?;
    Ok(finished.run)
}

fn save(workspace: &Workspace, run: Option<&str>, interrupt: &Interrupt) -> Result<(), Failure> {
    let limits = Limits::read(&workspace.limits_file())?;
    let path = Results::baseline(&workspace.results());
    // Read before the counting: one that is broken should be seen to first.
    let before = if path.exists() { Some(Results::read(&path)?) } else { None };
    let mut run = match run {
        Some(name) => Results::find(&workspace.results(), name)?,
        None => counted(workspace, interrupt)?,
    };
    whole(&run)?;
    // What does not repeat can be no baseline.
    run.records.retain(|record| record.kind.is_exact());
    if run.records.is_empty() {
        return Err(Failure::usage(format!("{} has no exact figure to keep", run.id)));
    }
    match before {
        None => println!("there was no baseline"),
        Some(before) => {
            for obstacle in obstacles_to_counts(&before, &run) {
                println!("counts are of different things: {obstacle}");
            }
            let limit = |record: &_| limits.of(record);
            let comparison = Comparison::of(&before, &run, limit, Times::Listed);
            println!("{}, then {}\n", named(&before), named(&run));
            println!("{}", comparisons::shown(&comparison, Form::Text));
        }
    }
    Results::make_folder_of(&path)?;
    run.write(&path).map_err(anyhow::Error::from)?;
    println!(
        "{} is the baseline now: {} figures in {}",
        named(&run),
        run.records.len(),
        path.display()
    );
    Ok(())
}

fn show(workspace: &Workspace) -> Result<(), Failure> {
    let run = Results::read(&Results::baseline(&workspace.results()))?;
    let unknown = || "unknown".to_owned();
    println!("{} of {}: {} figures", named(&run), run.started, run.records.len());
    println!(
        "{}, {}, {}, for {} processors",
        run.toolchain.rustc.clone().unwrap_or_else(unknown),
        run.toolchain.libc.clone().unwrap_or_else(unknown),
        run.toolchain.valgrind.clone().unwrap_or_else(unknown),
        run.toolchain.target_cpu
    );
    println!("{}", run.machine.describe());
    Ok(())
}

/// `release`: keeps a run for good.
pub fn release(name: &str, run: Option<&str>) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let run = Results::find(&workspace.results(), run.unwrap_or("latest"))?;
    whole(&run)?;
    if run.source.dirty {
        return Err(Failure::usage(format!(
            "{} was built from changed files, so nobody could build it again; commit and measure",
            named(&run)
        )));
    }
    let path: PathBuf = Results::release(&workspace.results(), name)?;
    Results::make_folder_of(&path)?;
    if !run.write_new(&path).map_err(anyhow::Error::from)? {
        return Err(Failure::usage(format!(
            "{} exists, and a release is never written over",
            path.display()
        )));
    }
    println!("{} is kept as {}", named(&run), path.display());
    Ok(())
}

/// Half a run is nothing to compare others with.
fn whole(run: &Run) -> Result<(), Failure> {
    if run.outcome == Outcome::Complete {
        return Ok(());
    }
    Err(Failure::usage(format!("{} did not complete; take another run", named(run))))
}
