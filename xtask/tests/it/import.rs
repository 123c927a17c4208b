//! `import` as a user meets it.

use std::fs;
use std::path::Path;

use measure::{Run, Unit};
use serde_json::{Value, json};

use crate::fixture::{Fixture, assert_fails, stderr};

/// What pytest-benchmark 5.3.1 wrote, with fewer rounds.
fn pytest() -> Value {
    json!({
        "machine_info": {
            "node": "here", "processor": "", "machine": "x86_64", "python_version": "3.11.2",
            "release": "6.1.0", "system": "Linux",
            "cpu": { "brand_raw": "AMD EPYC", "count": 2, "arch": "X86_64" }
        },
        "commit_info": {
            "id": "0123456789abcdef0123456789abcdef01234567", "time": null, "author_time": null,
            "dirty": true, "project": "agents", "branch": "main"
        },
        "benchmarks": [
            {
                "group": null, "name": "test_step[100-small]",
                "fullname": "tests/test_step.py::test_step[100-small]",
                "params": { "n": 100, "kind": "small" }, "param": "100-small",
                "stats": {
                    "min": 3e-6, "max": 5e-6, "mean": 4e-6, "stddev": 1e-6, "rounds": 3,
                    "median": 4e-6, "iqr": 1e-6, "outliers": "0;0",
                    "data": [3e-6, 4e-6, 5e-6]
                }
            },
            {
                "group": "spawn", "name": "test_spawn", "fullname": "tests/test_spawn.py::test_spawn",
                "params": null, "param": null,
                "stats": { "median": 2e-3, "rounds": 17, "mean": 2e-3 }
            }
        ],
        "datetime": "2024-03-05T23:30:00.610055+02:00",
        "version": "5.3.1"
    })
}

fn imported(fixture: &Fixture, arguments: &[&str]) -> Run {
    let output = fixture.run(&[&["import"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    fixture.only_run()
}

#[test]
fn rounds_of_pytest_are_times_of_a_run_of_the_past() {
    let fixture = Fixture::new();
    fs::write(fixture.path("past.json"), pytest().to_string()).unwrap();
    let run = imported(&fixture, &["pytest", "past.json", "--suite", "python"]);
    assert_eq!(run.id, "2024-03-05_01234567_1");
    assert_eq!(run.started, "2024-03-05T21:30:00Z");
    assert_eq!((run.machine.os.as_str(), run.machine.cores), ("linux", Some(2)));
    assert!(run.source.dirty && run.source.branch.as_deref() == Some("main"));
    let [step, spawn] = &run.records[..] else { panic!("{:?}", run.records) };
    assert_eq!(
        step.series().to_string(),
        "python/tests/test_step.py/test_step{kind=small,n=100}:time"
    );
    assert_eq!((step.unit, step.estimate, step.count), (Unit::Nanoseconds, 4e3, 3));
    assert!(step.interval.is_some_and(|[low, high]| low >= 2_999.0 && high <= 5_001.0));
    assert_eq!(spawn.series().to_string(), "python/spawn/test_spawn:time");
    assert_eq!((spawn.estimate, spawn.count, spawn.interval), (2e6, 17, None));
    // The rest of the commands take it as a run.
    for arguments in
        [&["report", &run.id][..], &["export", "csv", &run.id], &["trends", "--days", "100000"]]
    {
        let output = fixture.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_folder_of_criterion_is_a_run_of_when_it_was_written() {
    let fixture = Fixture::new();
    let folder = fixture.path("target/criterion/step/grid/100/new");
    fs::create_dir_all(&folder).unwrap();
    let benchmark = json!({
        "group_id": "step", "function_id": "grid", "value_str": "100", "throughput": null,
        "full_id": "step/grid/100", "directory_name": "step/grid/100", "title": "step/grid/100"
    });
    let sample = json!({ "sampling_mode": "Flat", "iters": [10.0, 10.0, 20.0],
                         "times": [1_000.0, 1_200.0, 2_200.0] });
    fs::write(folder.join("benchmark.json"), benchmark.to_string()).unwrap();
    fs::write(folder.join("sample.json"), sample.to_string()).unwrap();
    let written = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    let file = fs::File::options().append(true).open(folder.join("sample.json")).unwrap();
    file.set_modified(written).unwrap();
    let arguments =
        ["criterion", "target/criterion", "--suite", "old", "--commit", "abcdef0123456"];
    let run = imported(&fixture, &arguments);
    assert_eq!(
        (run.id.as_str(), run.started.as_str()),
        ("2020-09-13_abcdef01_1", "2020-09-13T12:26:40Z")
    );
    assert_eq!(run.records[0].series().to_string(), "old/step/grid{value=100}:time");
    assert_eq!(run.records[0].estimate, 110.0);
    // Nobody said where it was measured.
    assert_eq!(run.machine.os, "unknown");
    fs::remove_file(fixture.daily()[0].clone()).unwrap();
    let here = imported(&fixture, &[&arguments[..], &["--here"]].concat());
    assert_eq!(here.machine.os, std::env::consts::OS);
}

#[test]
fn what_cannot_be_meant_is_refused_by_its_name_and_leaves_no_run() {
    let fixture = Fixture::new();
    let refused = |name: &str, text: &str, says: &str| {
        fs::write(fixture.path(name), text).unwrap();
        let output = fixture.run(&["import", "pytest", name, "--suite", "python"]);
        assert_fails(&output, 2, &[name, says]);
    };
    let file = pytest();
    refused("broken.json", &file.to_string()[..300], "not what pytest-benchmark writes");
    refused("foreign.json", "{\"benchmarks\": []}", "not what pytest-benchmark writes");
    let with = |pointer: &str, value: Value| {
        let mut file = pytest();
        *file.pointer_mut(pointer).unwrap() = value;
        file.to_string()
    };
    refused("empty.json", &with("/benchmarks", json!([])), "no figure");
    refused("when.json", &with("/datetime", json!("yesterday")), "'yesterday' is no time");
    refused("zero.json", &with("/benchmarks/1/stats/median", json!(0.0)), "no time");
    let missing = fixture.run(&["import", "pytest", "missing.json", "--suite", "python"]);
    assert_fails(&missing, 2, &["missing.json"]);
    let nothing = fixture.run(&["import", "criterion", "target/nowhere", "--suite", "old"]);
    assert_fails(&nothing, 2, &["target/nowhere", "no figure"]);
    assert_eq!(fixture.daily(), [] as [&Path; 0]);
}
