//! `xtask heap` as a user meets it, in a workspace it does not know.

use std::fs;
use std::process::Output;

use crate::fixture::{Fixture, assert_fails, stderr, stdout};

fn heap(fixture: &Fixture, bytes: &str, arguments: &[&str]) -> Output {
    let mut command = fixture.xtask(&["heap"]);
    command.args(arguments).env("FIXTURE_BYTES", bytes).output().unwrap()
}

#[test]
fn a_job_is_profiled_and_shown_beside_its_last_profile() {
    let fixture = Fixture::new();
    let output = heap(&fixture, "10", &["alpha/sums/small"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(shown.contains("30 B in 3 blocks by 1 call site; at most 10 B"), "{shown}");
    assert!(shown.contains("alpha::sum (src/lib.rs:3:4)"), "{shown}");
    assert!(!shown.contains("Since the profile before"), "{shown}");
    let picture = fs::read_to_string(fixture.path("target/heap/alpha.sums.small.svg")).unwrap();
    assert!(picture.contains("alpha::sum") && picture.contains("30 bytes"), "{picture}");

    let output = heap(&fixture, "25", &["alpha/sums/small"]);
    let shown = stdout(&output);
    assert!(shown.contains("before: +45 bytes, +0 blocks; 1 call site changed"), "{shown}");
    assert!(
        shown.lines().filter(|line| !line.contains("/target/")).all(|l| l.chars().count() <= 100)
    );
    let before = fs::read_to_string(fixture.path("target/heap/alpha.sums.small.before.json"));
    assert!(before.unwrap().contains("\"tb\": 30"));

    let against = fixture.path("target/heap/alpha.sums.small.before.json");
    let arguments = ["alpha/sums/sm", "--json", "--against", against.to_str().unwrap()];
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&heap(&fixture, "7", &arguments))).unwrap();
    assert_eq!(json["totals"]["bytes"], 21);
    assert_eq!(json["changes"][0]["bytes"], serde_json::json!([30, 21]));
    assert_eq!(json["sites"][0]["owner"], "alpha::sum (src/lib.rs:3:4)");
}

#[test]
fn a_job_that_allocates_nothing_has_a_picture_that_says_so() {
    let fixture = Fixture::new();
    let output = heap(&fixture, "10", &["alpha/sums/large", "--output", "kept"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("0 B in 0 blocks"), "{}", stdout(&output));
    let picture = fs::read_to_string(fixture.path("kept/alpha.sums.large.svg")).unwrap();
    assert!(picture.contains("nothing was allocated"), "{picture}");
}

#[test]
fn what_names_no_single_job_is_answered_with_the_jobs() {
    let fixture = Fixture::new();
    let all = ["alpha/sums/small", "alpha/sums/large", "alpha/lists/small"];
    assert_fails(&fixture.run(&["heap", "gamma/sums"]), 2, &["'gamma'", "alpha, beta"]);
    assert_fails(&fixture.run(&["heap", "alpha"]), 2, &all);
    assert_fails(&fixture.run(&["heap", "alpha/small"]), 2, &["several jobs", all[0], all[2]]);
    assert_fails(&fixture.run(&["heap", "alpha/huge"]), 2, &["names no job", all[1]]);
    fs::write(fixture.path("broken.json"), "{}").unwrap();
    let broken = ["heap", "alpha/sums/small", "--against", "broken.json"];
    assert_fails(&fixture.run(&broken), 2, &["broken.json", "not a profile"]);
    assert_fails(&fixture.run(&["heap", "beta/sums"]), 3, &["beta has no example 'heap'"]);
}

#[test]
fn a_job_that_fails_keeps_the_last_profile() {
    let fixture = Fixture::new();
    assert!(heap(&fixture, "10", &["alpha/sums/small"]).status.success());
    let mut command = fixture.xtask(&["heap", "alpha/sums/small"]);
    let output = command.env("FIXTURE", "alpha:fails").output().unwrap();
    assert_fails(&output, 1, &["sums/small left no profile (exit code 7)", "the sum is wrong"]);
    let kept = fs::read_to_string(fixture.path("target/heap/alpha.sums.small.json")).unwrap();
    assert!(kept.contains("\"tb\": 30"), "{kept}");
    let left: Vec<_> = fs::read_dir(fixture.path("target/heap")).unwrap().collect();
    assert_eq!(left.len(), 2, "scratch is left behind: {left:?}");
}
