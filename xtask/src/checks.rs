//! `cargo xtask test` and `cargo xtask ci`: the same checks for people and for CI.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use measure::{Kind, Run};

use crate::baseline::counted;
use crate::bench::Interrupt;
use crate::check::beside_baseline;
use crate::failure::Failure;
use crate::tools;
use crate::workspace::Workspace;

/// A check of CI by its name and what cargo is called with.
struct Check {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const TEST: Check = Check { name: "test", arguments: &["test", "--workspace"], environment: &[] };

const CHECKS: [Check; 4] = [
    Check { name: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Check {
        name: "clippy",
        arguments: &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
        environment: &[],
    },
    Check {
        name: "documentation",
        arguments: &["doc", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "--deny warnings")],
    },
    TEST,
];

/// `test`: every test of the workspace.
pub fn test() -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    run(&TEST, &workspace)
}

/// `ci`: format, clippy, documentation, tests, that instruction counts repeat, and that none got worse
/// than the baseline.
pub fn ci(interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    for check in &CHECKS {
        run(check, &workspace)?;
    }
    counts_repeat(&workspace, interrupt)
}

fn run(check: &Check, workspace: &Workspace) -> Result<(), Failure> {
    let began = Instant::now();
    eprintln!("== {}: cargo {}", check.name, check.arguments.join(" "));
    let status = Command::new("cargo")
        .args(check.arguments)
        .envs(check.environment.iter().copied())
        .current_dir(&workspace.root)
        .status()
        .context("cargo could not be started")?;
    if !status.success() {
        return Err(Failure::Verdict(format!("{} failed", check.name)));
    }
    eprintln!("== {}: passed in {:.0} s", check.name, began.elapsed().as_secs_f64());
    Ok(())
}

/// Takes every instruction count twice: a count that does not repeat can gate nothing.
fn counts_repeat(workspace: &Workspace, interrupt: &Interrupt) -> Result<(), Failure> {
    eprintln!("== instruction counts: taken twice, compared exactly");
    if tools::valgrind().is_none() {
        return Err(Failure::environment(format!(
            "instruction counts need valgrind ({})",
            tools::how_to_get("valgrind")
        )));
    }
    let run = counted(workspace, interrupt)?;
    let (first, second) = (exact_figures(&run), exact_figures(&counted(workspace, interrupt)?));
    let moved: Vec<String> = first
        .iter()
        .filter(|(series, value)| second.get(*series) != Some(value))
        .map(|(series, value)| format!("{series}: {value}, then {:?}", second.get(series)))
        .collect();
    if !moved.is_empty() {
        return Err(Failure::Verdict(format!(
            "counts of one binary differ between two runs:\n  {}",
            moved.join("\n  ")
        )));
    }
    eprintln!("== instruction counts: passed, {} figures identical", first.len());
    beside_baseline(workspace, run)
}

fn exact_figures(run: &Run) -> BTreeMap<String, f64> {
    let exact = run
        .records
        .iter()
        .filter(|record| matches!(record.kind, Kind::Instructions | Kind::Memory));
    exact.map(|record| (record.series().0, record.estimate)).collect()
}
