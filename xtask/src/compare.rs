//! `cargo xtask compare A B`: two runs, series by series.

use measure::Run;
use measure::comparison::{Comparison, Times, obstacles_to_counts, obstacles_to_times};

use crate::comparisons;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::Form;
use crate::results::Results;
use crate::workspace::Workspace;

/// Which runs, and how their comparison is shown.
#[derive(Clone, Debug, clap::Args)]
pub struct CompareArguments {
    /// The run before: a file, `baseline`, `latest`, a release's name or a run's id
    before: String,
    /// The run after, named likewise
    after: String,
    /// Judge times of different machines, or of quick runs, all the same
    #[arg(long)]
    any_times: bool,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the tables as Markdown
    #[arg(long)]
    markdown: bool,
}

/// The command. It judges nothing: that is `check`.
pub fn command(arguments: &CompareArguments) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let limits = Limits::read(&workspace.limits_file())?;
    let read = |name: &str| Results::find(&workspace.results(), name);
    let (before, after) = (read(&arguments.before)?, read(&arguments.after)?);
    let counts = obstacles_to_counts(&before, &after);
    let times = obstacles_to_times(&before, &after);
    for obstacle in &counts {
        eprintln!("counts are of different things: {obstacle}");
    }
    let judged =
        if times.is_empty() || arguments.any_times { Times::Judged } else { Times::Listed };
    for obstacle in &times {
        let what = match judged {
            Times::Judged => "times are compared all the same",
            Times::Listed => "times are not judged (--any-times)",
        };
        eprintln!("{what}: {obstacle}");
    }
    let comparison = Comparison::of(&before, &after, |record| limits.of(record), judged);
    if comparison.pairs.is_empty() {
        return Err(Failure::usage(format!(
            "{} and {} have no series in common",
            before.id, after.id
        )));
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&comparison).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    let form = if arguments.markdown { Form::Markdown } else { Form::Text };
    println!("{}, then {}\n", named(&before), named(&after));
    print!("{}", comparisons::shown(&comparison, form));
    Ok(())
}

/// A run's id, and its commit.
pub fn named(run: &Run) -> String {
    let commit = run
        .source
        .commit
        .as_deref()
        .map_or("no commit", |commit| commit.get(..12).unwrap_or(commit));
    let dirty = if run.source.dirty { ", with changes" } else { "" };
    format!("{} ({commit}{dirty})", run.id)
}
