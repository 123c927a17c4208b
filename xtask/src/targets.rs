//! `cargo xtask targets`: which targets a run meets.

use std::path::PathBuf;

use measure::Run;

use crate::failure::Failure;
use crate::results::Results;
use crate::tables;
use crate::target_table::{Status, TargetTable};
use crate::workspace::Workspace;

/// The command. With `check`, a measured target that is missed is a failure.
pub fn command(run: Option<PathBuf>, check: bool, json: bool) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let table = TargetTable::read(&workspace.targets_file())?;
    let path = match run {
        Some(path) => path,
        None => {
            let latest = Results::latest(&workspace.results());
            if !latest.exists() {
                return Err(Failure::usage(format!(
                    "{} does not exist yet; take a run with 'cargo xtask bench'",
                    latest.display()
                )));
            }
            latest
        }
    };
    let run = Run::read(&path).map_err(|error| Failure::Usage(error.into()))?;
    let judged = table.judge(&run);
    if json {
        println!("{}", serde_json::to_string_pretty(&judged).map_err(anyhow::Error::from)?);
    } else {
        println!("run {} of {}", run.id, run.started);
        tables::print_targets(&judged);
    }
    let missed: Vec<_> = judged.iter().filter(|row| row.status == Status::Missed).collect();
    if check && !missed.is_empty() {
        let names: Vec<_> = missed.iter().map(|row| row.component.as_str()).collect();
        return Err(Failure::Verdict(format!("targets missed: {}", names.join(", "))));
    }
    Ok(())
}
