//! `cargo xtask check`: whether anything got worse than the baseline, by exact counts.

use std::path::PathBuf;

use measure::comparison::{Comparison, Times, Verdict, obstacles_to_counts};
use measure::{Record, Run, SeriesId};

use crate::baseline::counted;
use crate::bench::Interrupt;
use crate::compare::named;
use crate::comparisons;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::Form;
use crate::results::Results;
use crate::workspace::Workspace;

/// What is checked against what.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CheckArguments {
    /// A run to check instead of counting: a file, `latest` or a run's id
    run: Option<String>,
    /// What it is checked against; results/baseline/counts.json if none is given
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Let nothing get worse at all, by one instruction or byte, and nothing be gone
    #[arg(long)]
    strict: bool,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the tables as Markdown, for a comment on a pull request
    #[arg(long)]
    markdown: bool,
}

/// The command: 1 if anything got worse, 3 if the baseline says nothing about this machine.
pub fn command(arguments: &CheckArguments, interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let limits = Limits::read(&workspace.limits_file())?;
    let path = match &arguments.baseline {
        Some(path) => path.clone(),
        None => Results::baseline(&workspace.results()),
    };
    if !path.exists() {
        return Err(Failure::usage(format!(
            "{} does not exist, so there is nothing to check against; take one with 'cargo xtask \
             baseline save'",
            path.display()
        )));
    }
    let before = Results::read(&path)?;
    let after = match &arguments.run {
        Some(name) => Results::find(&workspace.results(), name)?,
        None => counted(&workspace, interrupt)?,
    };
    let obstacles = obstacles_to_counts(&before, &after);
    if !obstacles.is_empty() {
        return Err(Failure::environment(format!(
            "the baseline was counted elsewhere, so it says nothing about this:\n  {}\ntake one here \
             with 'cargo xtask baseline save', at the commit to compare with",
            obstacles.join("\n  ")
        )));
    }
    let limit = |record: &_| if arguments.strict { 0.0 } else { limits.of(record) };
    let comparison = exact(&before, after.clone(), limit)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&comparison).map_err(anyhow::Error::from)?);
    } else {
        let form = if arguments.markdown { Form::Markdown } else { Form::Text };
        println!("{}, then {}\n", named(&before), named(&after));
        print!("{}", comparisons::shown(&comparison, form));
    }
    verdict(&comparison, &before, arguments.strict)
}

/// What CI asks of the counts it has just taken. A baseline of another toolchain or processor is said and
/// passes: CI must not fail for the machine it was given. (By the processor libraries choose among their
/// routines, under valgrind as well.)
pub fn beside_baseline(workspace: &Workspace, after: Run) -> Result<(), Failure> {
    let limits = Limits::read(&workspace.limits_file())?;
    let path = Results::baseline(&workspace.results());
    if !path.exists() {
        eprintln!("no baseline to compare with: {} does not exist", path.display());
        return Ok(());
    }
    let before = Results::read(&path)?;
    let mut obstacles = obstacles_to_counts(&before, &after);
    let processors = [&before, &after].map(|run| run.machine.cpu_model.as_deref());
    if processors[0] != processors[1] {
        let [old, new] = processors.map(|model| model.unwrap_or("unknown"));
        obstacles.push(format!("processor: {old}, then {new}"));
    }
    if !obstacles.is_empty() {
        eprintln!("not compared with the baseline, which was counted elsewhere:");
        obstacles.iter().for_each(|obstacle| eprintln!("  {obstacle}"));
        return Ok(());
    }
    let comparison = exact(&before, after, |record| limits.of(record))?;
    eprint!("{}", comparisons::shown(&comparison, Form::Text));
    verdict(&comparison, &before, false)
}

/// The exact figures of both, of the suites that the second ran.
fn exact(
    before: &Run,
    mut after: Run,
    limit: impl Fn(&Record) -> f64,
) -> Result<Comparison, Failure> {
    after.records.retain(|record| record.kind.is_exact());
    let mut comparison = Comparison::of(before, &after, limit, Times::Listed);
    let is_of = |SeriesId(series): &SeriesId, suite: &str| {
        series.strip_prefix(suite).is_some_and(|rest| rest.starts_with('/'))
    };
    // What was not asked for is not gone.
    let narrowed = after.selection.filter.is_some();
    comparison
        .gone
        .retain(|series| !narrowed && after.suites.iter().any(|suite| is_of(series, &suite.suite)));
    if comparison.pairs.is_empty() {
        return Err(Failure::Verdict(format!(
            "nothing was checked: {} and {} have no exact figure in common",
            before.id, after.id
        )));
    }
    Ok(comparison)
}

fn verdict(comparison: &Comparison, before: &Run, strict: bool) -> Result<(), Failure> {
    let worse = comparison.with(Verdict::Worse).len();
    let gone = if strict { comparison.gone.len() } else { 0 };
    if worse + gone == 0 {
        return Ok(());
    }
    let mut said = format!("{worse} of {} figures are worse", comparison.pairs.len());
    if gone > 0 {
        said.push_str(&format!(", {gone} are gone"));
    }
    Err(Failure::Verdict(format!("{said} than at {}", named(before))))
}
