//! Parity: every run of every golden file, step by step against pymdp.

use std::fs;
use std::path::Path;

use agent_core::golden::{GoldenFile, replay};

#[test]
fn every_run_agrees_with_pymdp_to_rounding() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
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
                Err(error) => failures.push(format!("{} {name}: {error}", file.name)),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(replayed, 45);
}
