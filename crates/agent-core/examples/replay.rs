//! Replays a golden file and says how far this engine is from what the file records.
//!
//! `cargo run --release -p agent-core --example replay -- FILE.json [--profile legacy|modern]
//! [--json]`
//!
//! Exit codes: 0 all replayed runs agree; 1 one does not or records something that is not
//! computed, or none could be replayed; 2 the file or the command line is wrong. What a run
//! records beyond the format is named and changes nothing.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use agent_core::Profile;
use agent_core::golden::{GoldenFile, Replay, ReplayError, profile_of, replay};
use clap::{Parser, ValueEnum};

/// Replay a golden file through the engine and compare
#[derive(Parser)]
struct Arguments {
    /// The golden file
    file: PathBuf,
    /// Only the runs of this profile
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,
    /// Print the computed steps of each run instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    Legacy,
    Modern,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let file = match GoldenFile::read(&arguments.file) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let only = arguments.profile.map(|name| match name {
        ProfileName::Legacy => Profile::Legacy,
        ProfileName::Modern => Profile::Modern,
    });
    let mut replayed = 0;
    let mut failed = false;
    let mut computed = serde_json::Map::new();
    let mut out = String::new();
    for (name, run) in &file.runs {
        if only.is_some_and(|only| profile_of(name).ok() != Some(only)) {
            continue;
        }
        match replay(&file, name, run) {
            Ok(replay) => {
                replayed += 1;
                failed |= !replay.agrees();
                if arguments.json {
                    let mut run = serde_json::json!({ "steps": replay.steps });
                    if let Some(counts) = &replay.final_counts_d {
                        run["final_pD"] = serde_json::json!(counts);
                    }
                    computed.insert(name.clone(), run);
                } else {
                    out.push_str(&table(name, &replay));
                }
                complain(name, &replay);
            }
            Err(error @ ReplayError::Unsupported(_)) => eprintln!("{name}: {error}"),
            Err(error) => {
                eprintln!("{name}: {error}");
                failed = true;
            }
        }
    }
    if arguments.json {
        out = format!("{}\n", serde_json::json!({ "name": file.name, "runs": computed }));
    }
    // Whoever reads this may have read enough.
    let _ = std::io::stdout().write_all(out.as_bytes());
    if replayed == 0 {
        eprintln!("error: no run of {} could be replayed", arguments.file.display());
    }
    if failed || replayed == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn table(name: &str, replay: &Replay) -> String {
    let mut table = format!("{name} ({:?}, {} steps)\n", replay.profile, replay.steps.len());
    for difference in &replay.differences {
        let verdict = if difference.is_within() { "" } else { "  BEYOND" };
        table.push_str(&format!(
            "  {:18} {:9.1e}  tolerance {:.0e}{verdict}\n",
            difference.quantity.to_string(),
            difference.largest,
            difference.tolerance
        ));
    }
    table
}

/// Says what does not agree or was not compared.
fn complain(name: &str, replay: &Replay) {
    for difference in replay.differences.iter().filter(|difference| !difference.is_within()) {
        let (quantity, largest) = (difference.quantity, difference.largest);
        eprintln!("{name}: {quantity} differs by {largest:e}");
    }
    for quantity in &replay.uncomputed {
        eprintln!("{name}: {quantity} is recorded, but no such run computes it");
    }
    for key in &replay.unknown {
        eprintln!("{name}: '{key}' is not of the format and was not compared");
    }
}
