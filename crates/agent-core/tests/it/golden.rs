//! Parity: every run of every golden file, step by step against pymdp.

use std::fs;
use std::path::{Path, PathBuf};

use agent_core::golden::{GoldenFile, Quantity, ReplayError, replay};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Replays every run of a folder's files, and says how many there were.
fn assert_all_agree(name: &str) -> usize {
    let mut files: Vec<_> =
        fs::read_dir(folder(name)).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut failures = Vec::new();
    let mut replayed = 0;
    for path in &files {
        let file = GoldenFile::read(path).unwrap();
        for (name, run) in &file.runs {
            match replay(&file, name, run) {
                Ok(replay) => {
                    replayed += 1;
                    if !replay.agrees() || !replay.unknown.is_empty() {
                        failures.push(format!("{} {name}: {:?}", file.name, replay.differences));
                        failures.push(format!("{:?} {:?}", replay.uncomputed, replay.unknown));
                    }
                }
                Err(error) => failures.push(format!("{} {name}: {error}", file.name)),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    replayed
}

#[test]
fn every_run_agrees_with_pymdp_to_rounding() {
    assert_eq!(assert_all_agree("golden"), 45);
}

#[test]
fn runs_of_random_models_agree_as_well() {
    assert_eq!(assert_all_agree("generated"), 19);
}

#[test]
fn nothing_that_is_recorded_is_passed_over() {
    let path = folder("golden/tiny_2x2.json");
    let text = fs::read_to_string(&path).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let step = &mut json["runs"]["pymdp-1.0.4"]["steps"][3];
    step["fpi_iters"] = 4.into();
    step["mood"] = "good".into();
    step["terms"] = serde_json::json!({ "joy": [1.0], "inductive_value": [0.0, 0.0, 0.0, 0.0] });
    json["runs"]["pymdp-1.0.4"]["author"] = "nobody".into();
    let file = GoldenFile::parse(&json.to_string(), &path).unwrap();
    let replay_of = |name: &str| replay(&file, name, &file.runs[name]).unwrap();
    assert!(replay_of("pymdp-0.0.7.1").agrees());
    let replayed = replay_of("pymdp-1.0.4");
    assert!(!replayed.agrees());
    assert_eq!(replayed.uncomputed, [Quantity::Sweeps, Quantity::InductiveValue]);
    assert_eq!(replayed.unknown, ["author", "mood", "terms.joy"]);
}

#[test]
fn what_pymdp_cannot_run_is_unsupported() {
    let path = folder("golden/mmp_1f4s.json");
    let text = fs::read_to_string(&path).unwrap();
    let file = GoldenFile::parse(&text.replacen("\"learn_A\":false", "\"learn_A\":true", 1), &path);
    let file = file.unwrap();
    for (name, run) in &file.runs {
        let error = replay(&file, name, run).unwrap_err();
        assert!(matches!(error, ReplayError::Unsupported(_)), "{name}: {error}");
    }
}
