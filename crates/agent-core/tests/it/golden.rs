//! Parity: every run of every golden file, step by step against pymdp.

use std::fs;
use std::path::Path;

use agent_core::golden::{GoldenFile, ReplayError, replay};

/// Runs that need what the engine does not do yet, and what that is.
const UNSUPPORTED: [(&str, &str, &str); 6] = [
    ("inductive_grid4", "pymdp-1.0.4", "inductive inference"),
    ("learn_1f", "pymdp-0.0.7.1", "parameter information gain"),
    ("learn_1f", "pymdp-1.0.4", "parameter information gain"),
    ("mmp_tmaze", "pymdp-0.0.7.1", "legacy MMP"),
    ("mmp_tmaze", "pymdp-1.0.4-mmp", "message passing over a window"),
    ("mmp_tmaze", "pymdp-1.0.4-vmp", "message passing over a window"),
];

#[test]
fn every_run_agrees_with_pymdp_to_rounding() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut unsupported = Vec::new();
    let mut failures = Vec::new();
    let mut replayed = 0;
    for path in &files {
        let file = GoldenFile::read(path).unwrap();
        for (name, run) in &file.runs {
            match replay(&file, name, run) {
                Ok(replay) => {
                    replayed += 1;
                    for difference in replay.differences.iter().filter(|d| !d.is_within()) {
                        failures.push(format!("{} {name}: {difference:?}", file.name));
                    }
                }
                Err(ReplayError::Unsupported(why)) => {
                    unsupported.push((file.name.clone(), name.clone(), why));
                }
                Err(error) => failures.push(format!("{} {name}: {error}", file.name)),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let expected = UNSUPPORTED.map(|(file, run, why)| (file.to_owned(), run.to_owned(), why));
    assert_eq!(unsupported, expected);
    assert_eq!(replayed, 33);
}
