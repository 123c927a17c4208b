//! `check`, `baseline`, `release` and `compare` as a user meets them.

use std::fs;

use measure::{Outcome, Record, Run, Unit};

use crate::fixture::{Fixture, assert_fails, stderr, stdout};

const LIMITS: &str =
    "[default]\ninstructions = 1\nmemory = 1\nwall = 10\nlatency = 10\nrate = 10\n";

/// A workspace with limits, and a run to make others of.
fn prepared() -> (Fixture, Run) {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("benches")).unwrap();
    fs::write(fixture.path("benches/limits.toml"), LIMITS).unwrap();
    assert!(fixture.run(&["bench", "--quick"]).status.success());
    let mut run = fixture.only_run();
    let counts = ["small", "large"].map(|name| {
        Record::new("alpha", "sums", name, "instructions", Unit::Instructions, 1_000.0)
    });
    run.records.extend(counts);
    (fixture, run)
}

/// Writes the run with the counts of `small` and `large`.
fn write(fixture: &Fixture, run: &Run, file: &str, counts: [f64; 2]) {
    let mut run = run.clone();
    let exact = run.records.iter_mut().filter(|record| record.kind.is_exact());
    exact.zip(counts).for_each(|(record, count)| record.estimate = count);
    run.write(&fixture.path(file)).unwrap();
}

#[test]
fn a_count_that_got_worse_names_the_functions_whose_own_changed_most() {
    let (fixture, mut run) = prepared();
    let mut of = |functions: &[(&str, u64)], file: &str, count: f64| {
        let small = run.records.iter_mut().find(|record| record.kind.is_exact()).unwrap();
        small.functions = functions.iter().map(|(name, own)| ((*name).to_owned(), *own)).collect();
        write(&fixture, &run, file, [count, 1_000.0]);
    };
    of(&[("contract", 700), ("weigh", 200), ("gone", 20)], "before.json", 1_000.0);
    of(&[("contract", 900), ("weigh", 199), ("fresh", 60)], "after.json", 1_159.0);
    let output = fixture.run(&["check", "after.json", "--baseline", "before.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let shown = stdout(&output);
    let rows: Vec<Vec<&str>> = shown
        .lines()
        .skip_while(|line| !line.starts_with("Worse, by functions"))
        .take_while(|line| !line.is_empty())
        .filter(|line| line.contains("alpha/sums/small"))
        .map(|line| line.split_whitespace().skip(1).collect())
        .collect();
    let expected = [
        ["contract", "700", "900", "+200"],
        ["fresh", "few", "60", "+60"],
        ["gone", "20", "few", "-20"],
        ["weigh", "200", "199", "-1"],
    ];
    assert_eq!(rows, expected, "{shown}");
}

#[test]
fn a_count_beyond_its_limit_fails_and_one_within_does_only_when_strict() {
    let (fixture, run) = prepared();
    write(&fixture, &run, "before.json", [1_000.0, 1_000.0]);
    let saved = fixture.run(&["baseline", "save", "before.json"]);
    assert!(saved.status.success(), "{}", stderr(&saved));
    assert!(stdout(&saved).contains("2 figures in"), "{}", stdout(&saved));
    for (counts, lenient, strict) in
        [([1_000.0, 1_000.0], 0, 0), ([1_009.0, 900.0], 0, 1), ([1_011.0, 900.0], 1, 1)]
    {
        write(&fixture, &run, "after.json", counts);
        let output = fixture.run(&["check", "after.json"]);
        assert_eq!(output.status.code(), Some(lenient), "{counts:?}: {}", stderr(&output));
        let output = fixture.run(&["check", "after.json", "--strict"]);
        assert_eq!(output.status.code(), Some(strict), "{counts:?}: {}", stderr(&output));
    }
    let shown = stdout(&fixture.run(&["check", "after.json"]));
    assert!(shown.contains("Worse: 1") && shown.contains("Better: 1"), "{shown}");
    assert!(shown.contains("alpha/sums/small:instructions"), "{shown}");
    assert!(shown.contains("1011") && shown.contains("1.0110"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    let json = stdout(&fixture.run(&["check", "after.json", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["pairs"][0]["verdict"], "worse");
    let markdown = stdout(&fixture.run(&["check", "after.json", "--markdown"]));
    assert!(markdown.contains("| alpha/sums/small:instructions | 1000 | 1011 |"), "{markdown}");
}

#[test]
fn what_is_gone_is_listed_and_fails_when_strict() {
    let (fixture, run) = prepared();
    write(&fixture, &run, "before.json", [1_000.0, 1_000.0]);
    fixture.run(&["baseline", "save", "before.json"]);
    let mut fewer = run.clone();
    fewer.records.retain(|record| !record.kind.is_exact() || record.benchmark == "small");
    fewer.write(&fixture.path("after.json")).unwrap();
    let output = fixture.run(&["check", "after.json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("Gone: 1"), "{}", stdout(&output));
    assert_fails(&fixture.run(&["check", "after.json", "--strict"]), 1, &["1 are gone"]);
    // A run of another suite does not miss this one's.
    fewer.records.retain(|record| record.kind.is_exact());
    fewer.suites.retain(|suite| suite.suite == "beta");
    fewer.write(&fixture.path("beta.json")).unwrap();
    let output = fixture.run(&["check", "beta.json", "--strict"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn nothing_to_check_against_and_nothing_to_check_are_said() {
    let (fixture, run) = prepared();
    write(&fixture, &run, "run.json", [1.0, 1.0]);
    assert_fails(&fixture.run(&["check", "run.json"]), 2, &["counts.json", "baseline save"]);
    fixture.run(&["baseline", "save", "run.json"]);
    let mut times = run.clone();
    times.records.retain(|record| !record.kind.is_exact());
    times.write(&fixture.path("times.json")).unwrap();
    assert_fails(&fixture.run(&["check", "times.json"]), 1, &["nothing was checked"]);
    assert_fails(&fixture.run(&["baseline", "save", "times.json"]), 2, &["no exact figure"]);
    assert_fails(&fixture.run(&["check", "elsewhere"]), 2, &["'elsewhere' is no run"]);
    fs::write(fixture.path("results/baseline/counts.json"), "{\"schema\": 1,").unwrap();
    assert_fails(&fixture.run(&["check", "run.json"]), 2, &["counts.json:1"]);
}

#[test]
fn a_baseline_of_another_toolchain_says_nothing_here() {
    let (fixture, mut run) = prepared();
    write(&fixture, &run, "here.json", [1.0, 1.0]);
    run.toolchain.rustc = Some("rustc 1.0.0".into());
    write(&fixture, &run, "there.json", [1.0, 1.0]);
    fixture.run(&["baseline", "save", "there.json"]);
    let output = fixture.run(&["check", "here.json"]);
    assert_fails(&output, 3, &["counted elsewhere", "rustc 1.0.0", "baseline save"]);
}

#[test]
fn saving_over_a_baseline_shows_the_difference_first() {
    let (fixture, run) = prepared();
    write(&fixture, &run, "one.json", [1_000.0, 1_000.0]);
    write(&fixture, &run, "two.json", [1_500.0, 1_000.0]);
    let first = stdout(&fixture.run(&["baseline", "save", "one.json"]));
    assert!(first.contains("there was no baseline"), "{first}");
    let second = stdout(&fixture.run(&["baseline", "save", "two.json"]));
    assert!(second.contains("Worse: 1") && second.contains("1.5000"), "{second}");
    let shown = stdout(&fixture.run(&["baseline", "show"]));
    assert!(shown.contains(&run.id) && shown.contains("2 figures"), "{shown}");
    let mut half = run.clone();
    half.outcome = Outcome::Partial;
    half.write(&fixture.path("half.json")).unwrap();
    assert_fails(&fixture.run(&["baseline", "save", "half.json"]), 2, &["did not complete"]);
    let kept = Run::read(&fixture.path("results/baseline/counts.json")).unwrap();
    assert_eq!(kept.records[0].estimate, 1_500.0);
}

#[test]
fn a_release_is_kept_once_and_found_by_its_name() {
    let (fixture, run) = prepared();
    let output = fixture.run(&["release", "v1.0"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_fails(&fixture.run(&["release", "v1.0"]), 2, &["v1.0.json", "never written over"]);
    for wrong in ["", "../v1", ".hidden", "a b"] {
        assert_fails(&fixture.run(&["release", wrong]), 2, &["no name for a release"]);
    }
    let mut dirty = run.clone();
    dirty.source.dirty = true;
    dirty.write(&fixture.path("dirty.json")).unwrap();
    assert_fails(&fixture.run(&["release", "v2", "dirty.json"]), 2, &["changed files"]);
    let output = fixture.run(&["compare", "v1.0", "latest"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("24 series in both"), "{}", stdout(&output));
}

#[test]
fn quick_times_are_listed_and_judged_only_when_asked_to() {
    let (fixture, mut run) = prepared();
    let with_interval = |run: &mut Run, factor: f64| {
        for record in run.records.iter_mut().filter(|record| !record.kind.is_exact()) {
            record.estimate *= factor;
            record.interval = Some([record.estimate * 0.99, record.estimate * 1.01]);
        }
    };
    with_interval(&mut run, 1.0);
    run.write(&fixture.path("one.json")).unwrap();
    let slow = &mut run.records[3];
    slow.estimate *= 3.0;
    slow.interval = slow.interval.map(|interval| interval.map(|end| end * 3.0));
    run.write(&fixture.path("two.json")).unwrap();
    let output = fixture.run(&["compare", "one.json", "two.json"]);
    assert!(stderr(&output).contains("a quick run is too short"), "{}", stderr(&output));
    assert!(stdout(&output).contains("0 worse"), "{}", stdout(&output));
    let output = fixture.run(&["compare", "one.json", "two.json", "--any-times"]);
    let shown = stdout(&output);
    assert!(shown.contains("1 worse") && shown.contains("slower"), "{shown}");
    assert!(shown.contains("2.94 to 3.06"), "{shown}");
    let nothing = fixture.run(&["compare", "one.json", "nowhere.json"]);
    assert_fails(&nothing, 2, &["'nowhere.json' is no run"]);
}
