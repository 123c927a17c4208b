//! `cargo xtask`: runs the suites, gathers their figures and judges them.
//!
//! One file per verb. Exit codes: 0 fine; 1 a regression, a target missed where asked, or a suite or a
//! check that failed; 2 usage; 3 the environment; 130 interrupted.

#![forbid(unsafe_code)]

mod ab;
mod baseline;
mod bench;
mod check;
mod checks;
mod compare;
mod comparisons;
mod doctor;
mod export;
mod failure;
mod gather;
mod heap;
mod import;
mod limits;
mod open_run;
mod page;
mod peers;
mod report;
mod results;
mod source;
mod tables;
mod target_table;
mod targets;
mod toml_file;
mod tools;
mod trends;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use ab::AbArguments;
use baseline::BaselineVerb;
use bench::{BenchArguments, Interrupt};
use check::CheckArguments;
use compare::CompareArguments;
use export::ExportArguments;
use failure::Failure;
use heap::HeapArguments;
use import::ImportArguments;
use peers::PeersArguments;
use report::ReportArguments;
use trends::TrendsArguments;

/// Runs the suites, gathers their figures and judges them
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build and run the suites, save the run, show the figures and the targets
    Bench(BenchArguments),
    /// Measure a suite and other software on the same problems, in pairs, and show the ratios
    Peers(PeersArguments),
    /// Run one job under dhat and show who allocates, how much and for how long
    Heap(HeapArguments),
    /// Count, and fail if anything got worse than the baseline
    Check(CheckArguments),
    /// Keep the counts that `check` compares with
    Baseline {
        #[command(subcommand)]
        verb: BaselineVerb,
    },
    /// Keep a run for good, as results/releases/NAME.json
    Release {
        /// Letters, digits, dots, dashes and underscores
        name: String,
        /// A run file or a run's id; the last run if none is given
        run: Option<String>,
    },
    /// Time two revisions in interleaved pairs, and say which is faster
    Ab(AbArguments),
    /// Show two runs side by side, series by series
    Compare(CompareArguments),
    /// Write a run as a page: targets, changes, figures, the machine meanwhile
    Report(ReportArguments),
    /// Write a run's figures in a format of other programs
    Export(ExportArguments),
    /// Bring in what pytest-benchmark or criterion measured, as a run of the past
    Import(ImportArguments),
    /// Show where series changed over the daily runs, and how they drift
    Trends(TrendsArguments),
    /// Show which targets a run meets
    Targets {
        /// A run file; the last run if none is given
        run: Option<PathBuf>,
        /// Exit with 1 if a measured target is missed
        #[arg(long)]
        check: bool,
        /// Print the rows as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what this machine lacks, how to get it, and which figures that costs
    Doctor {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Build the runner that a bare `cargo bench` needs for instruction counts
    Runner,
    /// Run every test
    Test,
    /// Run all that CI runs: format, clippy, documentation, tests, repeatable counts
    Ci,
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Bench(arguments) => bench::command(&arguments, &Interrupt::install()?),
        Verb::Peers(arguments) => peers::command(&arguments, &Interrupt::install()?),
        Verb::Heap(arguments) => heap::command(&arguments, &Interrupt::install()?),
        Verb::Check(arguments) => check::command(&arguments, &Interrupt::install()?),
        Verb::Baseline { verb } => baseline::command(&verb, &Interrupt::install()?),
        Verb::Release { name, run } => baseline::release(&name, run.as_deref()),
        Verb::Ab(arguments) => ab::command(&arguments, &Interrupt::install()?),
        Verb::Compare(arguments) => compare::command(&arguments),
        Verb::Trends(arguments) => trends::command(&arguments),
        Verb::Export(arguments) => export::command(&arguments),
        Verb::Import(arguments) => import::command(&arguments),
        Verb::Report(arguments) => report::command(&arguments),
        Verb::Targets { run, check, json } => targets::command(run, check, json),
        Verb::Doctor { json } => doctor::command(json),
        Verb::Runner => {
            let workspace = workspace::Workspace::discover()?;
            let path = bench::build::build_runner(&workspace)?;
            println!("{}", path.display());
            Ok(())
        }
        Verb::Test => checks::test(),
        Verb::Ci => checks::ci(&Interrupt::install()?),
    }
}
