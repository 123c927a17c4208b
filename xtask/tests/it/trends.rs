//! `trends` as a user meets it.

use std::fs;

use jiff::{Span, Timestamp};
use measure::{Profile, Record, Run, Unit};
use serde_json::Value;

use crate::fixture::{Fixture, assert_fails, stderr, stdout};

/// Days of history, and when the two series change.
const DAYS: i64 = 28;
const STEP: i64 = 20;

/// A workspace with a run a day until today: one time and one count step on a day, others do not.
fn prepared() -> (Fixture, Run) {
    let fixture = Fixture::new();
    assert!(fixture.run(&["bench", "alpha", "--quick"]).status.success());
    let template = fixture.only_run();
    fs::remove_file(&fixture.daily()[0]).unwrap();
    for day in 0..DAYS {
        let ago = Span::new().hours((DAYS - 1 - day) * 24 + 1);
        let started = Timestamp::now().checked_sub(ago).unwrap();
        let mut run = template.clone();
        run.id = format!("day_{day:02}");
        run.started = started.to_string();
        run.profile = Profile::Full;
        run.source.commit = Some(format!("{:08}{day:032}", 10_000_000 + day));
        // Noise within one part in a hundred.
        let noise = |salt: i64| {
            let mixed = (day * 64 + salt + 1).wrapping_mul(0x2545_f491_4f6c_dd1d);
            1.0 + 0.01 * ((mixed >> 33) % 1_000) as f64 / 1_000.0
        };
        let level = if day >= STEP { 1.2 } else { 1.0 };
        let time = |name: &str, time: f64| {
            Record::new("alpha", "g", name, "time", Unit::Nanoseconds, time)
        };
        let count = |name: &str, count: f64| {
            Record::new("alpha", "g", name, "instructions", Unit::Instructions, count)
        };
        run.records = vec![
            time("steps", 100.0 * level * noise(1)),
            time("flat", 100.0 * noise(2)),
            count("counted", if day >= STEP { 1_010.0 } else { 1_000.0 }),
            count("constant", 1_000.0),
        ];
        run.write(&fixture.path(&format!("results/daily/day_{day:02}.json"))).unwrap();
    }
    (fixture, template)
}

#[test]
fn a_step_is_shown_with_the_commits_that_it_lies_between() {
    let (fixture, _) = prepared();
    let output = fixture.run(&["trends"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(shown.contains("28 runs") && shown.contains("4 series, 2 of which changed"), "{shown}");
    assert_eq!(shown.matches("10000019 to").count(), 2, "{shown}");
    assert!(shown.contains("worse") && !shown.contains("better"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    let json = stdout(&fixture.run(&["trends", "--json", "--filter", "alpha/g/steps"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    let [series] = &json.as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(series["changes"][0]["at"], STEP);
    assert_eq!(series["figures"].as_array().unwrap().len(), DAYS as usize);
    let few = stdout(&fixture.run(&["trends", "--days", "3"]));
    assert!(few.contains("3 runs") && few.contains("0 of which changed"), "{few}");
    let none = fixture.run(&["trends", "--suite", "beta"]);
    assert!(stdout(&none).contains("0 series"), "{}", stdout(&none));
}

#[test]
fn what_is_no_run_is_named_and_left_out() {
    let (fixture, template) = prepared();
    let daily = |name: &str| fixture.path(&format!("results/daily/{name}.json"));
    fs::write(daily("broken"), "{").unwrap();
    fs::write(daily("future"), "{\"schema\": 99}").unwrap();
    fs::write(daily("foreign"), "[1, 2, 3]").unwrap();
    fs::copy(daily("day_03"), daily("zz_again")).unwrap();
    let mut timeless = template;
    timeless.started = "yesterday".into();
    timeless.write(&daily("timeless")).unwrap();
    let output = fixture.run(&["trends"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    for name in ["broken", "future", "foreign", "zz_again", "timeless"] {
        assert!(said.contains(&format!("{name}.json")), "{name} is not in:\n{said}");
    }
    assert!(stdout(&output).contains("28 runs"), "{}", stdout(&output));
}

#[test]
fn times_of_other_machines_and_quick_runs_are_not_followed_and_counts_are() {
    let (fixture, _) = prepared();
    for day in 0..DAYS - 1 {
        let path = fixture.path(&format!("results/daily/day_{day:02}.json"));
        let mut run = Run::read(&path).unwrap();
        if day % 2 == 0 {
            run.machine.hash = "f".repeat(16);
        } else {
            run.profile = Profile::Quick;
        }
        run.write(&path).unwrap();
    }
    let json = stdout(&fixture.run(&["trends", "--json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    let figures = |name: &str| {
        let series = json.as_array().unwrap().iter().find(|s| s["series"] == name).unwrap();
        series["figures"].as_array().unwrap().len()
    };
    assert_eq!(figures("alpha/g/steps:time"), 1);
    assert_eq!(figures("alpha/g/counted:instructions"), DAYS as usize);
    fs::remove_dir_all(fixture.path("results/daily")).unwrap();
    assert_fails(
        &fixture.run(&["trends"]),
        2,
        &["no run of the last 30 days", "cargo xtask bench"],
    );
}
