//! `ab` as a user meets it, in a repository whose bench says what its source says.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::fixture::{Fixture, assert_fails, stderr, stdout};

fn git(fixture: &Fixture, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b"])
        .args(arguments)
        .current_dir(fixture.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

fn set_time(fixture: &Fixture, time: &str) {
    fs::write(fixture.path("gamma/src/lib.rs"), format!("pub const TIME: f64 = {time};\n"))
        .unwrap();
}

/// Two commits, of which the second's small sum takes 110 instead of 100 ns.
fn prepared() -> Fixture {
    let fixture = Fixture::of("fixture_ab");
    fs::create_dir(fixture.path("benches")).unwrap();
    let limits = "[default]\ninstructions = 1\nmemory = 1\nwall = 3\nlatency = 3\nrate = 3\n";
    fs::write(fixture.path("benches/limits.toml"), limits).unwrap();
    fs::write(fixture.path(".gitignore"), "/target\n").unwrap();
    git(&fixture, &["init", "--quiet"]);
    set_time(&fixture, "100.0");
    git(&fixture, &["add", "--all"]);
    git(&fixture, &["commit", "--quiet", "--message", "one"]);
    set_time(&fixture, "110.0");
    git(&fixture, &["commit", "--quiet", "--all", "--message", "two"]);
    fixture
}

fn verdicts(fixture: &Fixture, arguments: &[&str]) -> Vec<(String, String)> {
    let mut all = vec!["ab", "--json", "--pairs", "6"];
    all.extend(arguments);
    let output = fixture.run(&all);
    assert!(output.status.success(), "{}", stderr(&output));
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = json.as_array().unwrap().iter();
    rows.map(|row| (text(&row["benchmark"]), text(&row["verdict"]))).collect()
}

fn of(large: &str, small: &str) -> Vec<(String, String)> {
    [("gamma/sums/large", large), ("gamma/sums/small", small)]
        .map(|(name, verdict)| (name.to_owned(), verdict.to_owned()))
        .to_vec()
}

#[test]
fn what_got_slower_is_named_and_what_did_not_is_not() {
    let fixture = prepared();
    assert_eq!(verdicts(&fixture, &["HEAD~1", "HEAD"]), of("same", "worse"));
    assert_eq!(verdicts(&fixture, &["HEAD", "HEAD~1"]), of("same", "better"));
    assert_eq!(verdicts(&fixture, &["HEAD", "HEAD"]), of("same", "same"));
    // The second side is the tree as it is, dirty.
    set_time(&fixture, "50.0");
    assert_eq!(verdicts(&fixture, &["HEAD"]), of("same", "better"));
    let output = fixture.run(&["ab", "HEAD", "--pairs", "5", "--filter", "small"]);
    let shown = stdout(&output);
    assert!(shown.contains("HEAD (") && shown.contains("then the working tree"), "{shown}");
    assert!(shown.contains("faster") && !shown.contains("gamma/sums/large"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
}

#[test]
fn what_cannot_be_compared_is_a_usage_error() {
    let fixture = prepared();
    assert_fails(&fixture.run(&["ab", "nowhere"]), 2, &["'nowhere' is no revision"]);
    let nothing = fixture.run(&["ab", "HEAD", "--filter", "huge"]);
    assert_fails(&nothing, 2, &["no wall benchmark", "gamma/sums/small"]);
    assert_fails(&fixture.run(&["ab", "HEAD", "--pairs", "2"]), 2, &["--pairs"]);
    assert_fails(&fixture.run(&["ab", "HEAD", "--suite", "delta"]), 2, &["'delta'", "gamma"]);
}
