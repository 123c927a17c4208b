//! `xtask bench` and `xtask targets` as a user meets them, in a workspace they do not know.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use measure::{Outcome, Run};

use crate::fixture::{Fixture, assert_fails, is_running, stderr, stdout};

#[test]
fn a_crate_with_a_bench_joins_without_a_change_to_xtask() {
    let fixture = Fixture::new();
    let output = fixture.run(&["bench", "--quick"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let run = fixture.only_run();
    assert_eq!(run.outcome, Outcome::Complete);
    let suites: Vec<_> = run.suites.iter().map(|suite| suite.suite.as_str()).collect();
    assert_eq!(suites, ["alpha", "beta"]);
    assert_eq!(run.records.len(), 2 * 2 * 6);
    assert_eq!(Run::read(&fixture.path("results/latest.json")).unwrap(), run);
    let shown = stdout(&output);
    assert!(shown.contains("alpha/sums") && shown.contains("Nothing worth knowing."), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
}

#[test]
fn the_next_run_gets_the_next_number_and_json_is_the_run_file() {
    let fixture = Fixture::new();
    fixture.run(&["bench", "alpha", "--quick"]);
    let output = fixture.run(&["bench", "alpha", "--quick", "--json"]);
    let files = fixture.daily();
    assert_eq!(files.len(), 2);
    assert!(files[1].to_str().unwrap().ends_with("_nogit_2.json"), "{files:?}");
    assert_eq!(stdout(&output), fs::read_to_string(&files[1]).unwrap());
}

#[test]
fn a_filter_runs_what_it_names_and_nothing_else() {
    let fixture = Fixture::new();
    let output = fixture.run(&["bench", "--quick", "--filter", "alpha/sums/large"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let run = fixture.only_run();
    assert_eq!(run.records.len(), 6);
    assert!(run.records.iter().all(|record| record.benchmark == "large"));
    assert_eq!(run.suites.len(), 1);
}

#[test]
fn what_cannot_be_asked_for_is_a_usage_error_before_anything_runs() {
    let fixture = Fixture::new();
    assert_fails(&fixture.run(&["bench", "gamma"]), 2, &["'gamma'", "alpha, beta"]);
    let nothing = fixture.run(&["bench", "--quick", "--filter", "huge"]);
    assert_fails(&nothing, 2, &["'huge'", "alpha/sums/small"]);
    assert_fails(&fixture.run(&["bench", "--only", "wall"]), 2, &["wall"]);
    assert_fails(&fixture.run(&["bench", "--loudly"]), 2, &["--loudly"]);
    assert_eq!(fixture.daily(), [] as [PathBuf; 0]);
}

#[test]
fn a_broken_target_table_is_refused_with_its_line() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("benches")).unwrap();
    let table = "[[target]]\ncomponent = \"x\"\nmetric = \"y\"\nseries = \"a/b/c:d\"\n\
                 target = \"fast\"\nstretch = \"< 1 us\"\n";
    fs::write(fixture.path("benches/targets.toml"), table).unwrap();
    let output = fixture.run(&["bench", "--quick"]);
    assert_fails(&output, 2, &["targets.toml", "line 5", "'fast' is no bound"]);
    assert_eq!(fixture.daily(), [] as [PathBuf; 0]);
}

#[test]
fn targets_are_judged_and_a_missed_one_fails_only_where_asked() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("benches")).unwrap();
    let row = |series: &str, target: &str| {
        format!(
            "[[target]]\ncomponent = \"x\"\nmetric = \"y\"\nseries = \"{series}\"\n\
             target = \"{target}\"\nstretch = \"< 1 ns\"\n"
        )
    };
    let table = [
        row("alpha/sums/small{size=3}:time", "< 4 ns"),
        row("alpha/sums/small{size=4}:time", "< 4 ns"),
        row("gamma/sums/small:time", "< 4 ns"),
        row("alpha/sums/small{size=1}:time", "< 4 MB"),
    ];
    fs::write(fixture.path("benches/targets.toml"), table.concat()).unwrap();
    let output = fixture.run(&["bench", "alpha", "--quick"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(shown.contains("1 met, 1 missed, 2 not measured"), "{shown}");
    assert!(shown.contains("no suite gamma in this run"), "{shown}");
    assert!(shown.contains("another unit"), "{shown}");
    assert!(fixture.run(&["targets"]).status.success());
    assert_fails(&fixture.run(&["targets", "--check"]), 1, &["targets missed: x"]);
}

#[test]
fn a_run_file_of_a_newer_schema_is_refused_and_not_guessed() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("benches")).unwrap();
    fs::write(fixture.path("benches/targets.toml"), "target = []").unwrap();
    fs::write(fixture.path("future.json"), "{\"schema\": 3, \"surprise\": true}").unwrap();
    let output = fixture.run(&["targets", "future.json"]);
    assert_fails(&output, 2, &["future.json", "schema 3 is newer", "reads up to 2"]);
    assert_fails(&fixture.run(&["targets"]), 2, &["latest.json", "cargo xtask bench"]);
}

#[test]
fn a_results_folder_that_cannot_be_written_stops_the_run_before_it_starts() {
    let fixture = Fixture::new();
    fs::write(fixture.path("results"), "a file where the folder should be").unwrap();
    let output = fixture.run(&["bench", "--quick"]);
    assert_fails(&output, 3, &["results", "nothing was started"]);
    assert!(!fixture.path("target").exists());
}

/// A limit on the size of files stands in for a full disk: what is longer than 4 KiB cannot be
/// written, so the probe passes and the run file does not.
#[test]
fn a_disk_that_fills_up_loses_nothing() {
    let fixture = Fixture::new();
    assert!(fixture.run(&["bench", "alpha", "--quick"]).status.success());
    let before = fixture.daily();
    let program = env!("CARGO_BIN_EXE_xtask");
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{program}' bench alpha --quick --json");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(fixture.path("."))
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    assert_fails(&output, 3, &["cannot be written", "printed to standard output"]);
    let rescued = Run::parse(&stdout(&output), Path::new("standard output")).unwrap();
    assert_eq!(rescued.records.len(), 12);
    assert_eq!(fixture.daily(), before);
}

#[test]
fn a_suite_that_fails_is_named_and_the_others_run() {
    for (how, says) in [("fails", "exit code 7"), ("forgets", "no figure for sums/large")] {
        let fixture = Fixture::new();
        let mut command = fixture.xtask(&["bench", "--quick"]);
        let output = command.env("FIXTURE", format!("alpha:{how}")).output().unwrap();
        assert_fails(&output, 1, &["1 of 2 suites failed: alpha", says]);
        let run = fixture.only_run();
        assert_eq!(run.outcome, Outcome::Failed);
        let outcomes: Vec<_> = run.suites.iter().map(|suite| suite.outcome).collect();
        assert_eq!(outcomes, [Outcome::Failed, Outcome::Complete]);
        // What alpha measured before it failed is kept too.
        assert_eq!(run.records.len(), 6 + 12);
    }
}

#[test]
fn a_suite_is_told_that_it_may_use_a_database_of_somebody_only_if_that_was_said() {
    let fixture = Fixture::new();
    for (arguments, fails) in
        [(&["bench", "--quick"][..], true), (&["bench", "--quick", "--allow-existing"], false)]
    {
        let output = fixture.xtask(arguments).env("FIXTURE", "alpha:asks_leave").output().unwrap();
        assert_eq!(output.status.code(), Some(i32::from(fails)), "{}", stderr(&output));
    }
}

#[test]
fn a_suite_that_does_not_build_is_named_and_the_others_run() {
    let fixture = Fixture::new();
    fs::write(fixture.path("alpha/src/lib.rs"), "this is not Rust").unwrap();
    fs::write(fixture.path("beta/lib.rs"), "").unwrap();
    let manifest = fs::read_to_string(fixture.path("beta/Cargo.toml")).unwrap();
    let manifest = manifest.replace("../alpha/src/lib.rs", "lib.rs");
    fs::write(fixture.path("beta/Cargo.toml"), manifest).unwrap();
    let output = fixture.run(&["bench", "--quick"]);
    assert_fails(&output, 1, &["1 of 2 suites failed: alpha", "does not build"]);
    assert_eq!(fixture.only_run().records.len(), 12);
}

#[test]
fn an_interrupt_stops_the_child_and_keeps_what_was_measured() {
    let fixture = Fixture::new();
    assert!(fixture.run(&["bench", "beta", "--quick"]).status.success());
    fs::remove_dir_all(fixture.path("results")).unwrap();
    let mut command = fixture.xtask(&["bench", "--quick"]);
    command.env("FIXTURE", "beta:hangs").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The run file has all of alpha when that is done; beta then hangs for ten minutes. Before it there
    // are files for a moment that are no run, such as the one that proves that the folder can be written.
    let records = || {
        let run = fixture.daily().first().and_then(|path| Run::read(path).ok());
        run.map_or(0, |run| run.records.len())
    };
    while records() < 12 {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(20));
    }
    let xtask = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(xtask, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let run = fixture.only_run();
    assert_eq!(run.outcome, Outcome::Partial);
    assert!(run.records.len() >= 12, "{}", run.records.len());
    assert_eq!(Run::read(&fixture.path("results/latest.json")).unwrap(), run);
    assert!(!is_running(&fixture.path("target")), "the bench process outlived the run");
}

#[test]
fn the_doctor_names_every_tool_and_what_it_costs() {
    let fixture = Fixture::new();
    // With nothing in the path everything is missing, and the doctor still knows what to say.
    let mut command = fixture.xtask(&["doctor", "--json"]);
    let output = command.env("PATH", "/nowhere").env("CARGO", env!("CARGO")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    let subjects: Vec<_> = findings.iter().map(|f| f["subject"].as_str().unwrap()).collect();
    for subject in ["valgrind", "perf", "PostgreSQL", "pgbench", "CPU governor", "steal time"] {
        assert!(subjects.contains(&subject), "{subjects:?}");
    }
    let missing: Vec<_> = findings.iter().filter(|f| f["state"] == "missing").collect();
    assert!(missing.iter().any(|finding| finding["subject"] == "valgrind"), "{findings:?}");
    for finding in missing {
        assert!(!finding["remedy"].as_str().unwrap().is_empty(), "{finding}");
        assert!(!finding["costs"].as_str().unwrap().is_empty(), "{finding}");
    }
}
