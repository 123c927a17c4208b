//! `xtask peers` with a shell script for a peer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use measure::{Kind, Outcome, Run, Unit};

use crate::fixture::{Fixture, assert_fails, is_running, stderr, stdout};

/// Compares while the peer misbehaves in this way.
fn compare(fixture: &Fixture, misbehaviour: &str) -> Output {
    let mut command = fixture.xtask(&["peers", "alpha", "--quick"]);
    command.env("FIXTURE", format!("peer:{misbehaviour}")).output().unwrap()
}

/// Changes the file that says what alpha is compared with.
fn declare(fixture: &Fixture, from: &str, to: &str) {
    let file = fixture.path("peers/alpha.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn a_ratio_is_measured_in_pairs_recorded_and_judged() {
    let fixture = Fixture::new();
    let output = fixture.run(&["peers", "alpha", "--quick", "--pairs", "4", "--check"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("quietly (4 pairs)"), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    for part in ["sum numbers=2", "shell", "1 ms", "30 ms", "30.0 [30.0, 30.0]", "30 met"] {
        assert!(shown.contains(part), "'{part}' is not in:\n{shown}");
    }

    let run = fixture.only_run();
    assert_eq!(run.outcome, Outcome::Complete);
    assert_eq!(run.selection.only.as_deref(), Some("peers"));
    let series: Vec<_> = run.records.iter().map(|record| record.series().0).collect();
    let named = |metric: &str| format!("alpha/peers/sum{{numbers=2,peer=shell}}:{metric}");
    assert_eq!(series, [named("our_time"), named("peer_time"), named("ratio")]);
    let ratio = &run.records[2];
    assert_eq!((ratio.unit, ratio.kind, ratio.count), (Unit::Ratio, Kind::Ratio, 4));
    assert_eq!((ratio.estimate, ratio.interval), (30.0, Some([30.0, 30.0])));
    assert_eq!(run.suites[0].remarks, ["sum numbers=2 shell: quietly"]);
    // The last run of the suites is still the last one.
    assert!(!fixture.path("results/latest.json").exists());
}

#[test]
fn it_can_be_shown_as_a_run_file_and_for_a_readme() {
    let fixture = Fixture::new();
    let json = fixture.run(&["peers", "alpha", "--quick", "--json"]);
    assert_eq!(stdout(&json), fs::read_to_string(&fixture.daily()[0]).unwrap());
    let markdown = stdout(&fixture.run(&["peers", "alpha", "--quick", "--markdown"]));
    let run = Run::read(&fixture.daily()[1]).unwrap();
    let date = run.started.split('T').next().unwrap();
    assert!(markdown.starts_with(&format!("Measured {date} at no commit on ")), "{markdown}");
    assert!(markdown.contains(&run.machine.describe()), "{markdown}");
    let row = "| sum numbers=2 | shell | 1 ms | 30 ms | 30.0 [30.0, 30.0] | 30 met |";
    assert!(markdown.lines().any(|line| line == row), "{markdown}");
}

#[test]
fn a_missed_bar_fails_only_where_asked() {
    let fixture = Fixture::new();
    declare(&fixture, "shell = 30", "shell = 30.5");
    let output = fixture.run(&["peers", "alpha", "--quick"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("30.5 missed"), "{}", stdout(&output));
    let output = fixture.run(&["peers", "alpha", "--quick", "--check"]);
    assert_fails(&output, 1, &["bars missed: sum numbers=2 shell"]);
}

#[test]
fn a_wrong_answer_is_an_error_and_never_a_figure() {
    let fixture = Fixture::new();
    let output = compare(&fixture, "lies");
    assert_fails(&output, 1, &["the answers differ: choice 1 of life 0 is 3 instead of 2"]);
    declare(&fixture, "ANSWER = \"3\"", "ANSWER = \"3.001\"");
    let output = compare(&fixture, "");
    assert_fails(&output, 1, &["the answers differ: sums: number 0 is 3.001 instead of 3"]);
    assert_eq!(fixture.daily(), [] as [PathBuf; 0]);
    // Beyond a looser tolerance it is no longer wrong.
    declare(&fixture, "1e-9", "1e-2");
    assert!(compare(&fixture, "").status.success());
}

#[test]
fn a_peer_that_cannot_is_named_with_what_it_said() {
    let fixture = Fixture::new();
    let refused = compare(&fixture, "refuses");
    assert_fails(&refused, 1, &["shell cannot answer: it is too hard"]);
    let died = compare(&fixture, "dies");
    assert_fails(&died, 1, &["shell ended when it should measure: out of numbers"]);
    fs::remove_file(fixture.path("peers/peer.sh")).unwrap();
    assert_fails(&compare(&fixture, ""), 1, &["peer.sh could not be started"]);
}

#[test]
fn a_peer_that_is_too_slow_is_left_out_with_the_reason() {
    let fixture = Fixture::new();
    declare(
        &fixture,
        "[[comparison]]",
        "[[peer]]\nname = \"snail\"\nscript = \"snail.sh\"\n\
             tolerance = 0\n\n[[comparison]]",
    );
    declare(&fixture, "peers = [\"shell\"]", "peers = [\"shell\", \"snail\"]");
    let script = fs::read_to_string(fixture.path("peers/peer.sh")).unwrap();
    let snail = script.replace("$verb:$FIXTURE", "$verb:peer:dawdles");
    fs::copy(fixture.path("peers/peer.sh"), fixture.path("peers/snail.sh")).unwrap();
    fs::write(fixture.path("peers/snail.sh"), snail).unwrap();
    let output = fixture.run(&["peers", "alpha", "--quick"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let says = "sum numbers=2 snail: not measured: a pair takes 20 s";
    assert!(stdout(&output).contains(says), "{}", stdout(&output));
    let run = fixture.only_run();
    assert_eq!(run.records.len(), 3);
    assert!(run.suites[0].remarks[1].starts_with(says), "{:?}", run.suites[0].remarks);
}

#[test]
fn a_percentile_does_not_hide_how_long_it_took() {
    let fixture = Fixture::new();
    let output = compare(&fixture, "waits");
    let says = "sum numbers=2 shell: not measured: a pair takes 20 s";
    assert!(stderr(&output).contains(says), "{}", stderr(&output));
}

/// Has a package for a peer besides.
fn with_package() -> Fixture {
    let fixture = Fixture::new();
    declare(
        &fixture,
        "[[comparison]]",
        "[[peer]]\nname = \"rust\"\npackage = \"rust/Cargo.toml\"\n\
             arguments = [\"from a package\"]\n\n[[comparison]]",
    );
    declare(&fixture, "peers = [\"shell\"]", "peers = [\"shell\", \"rust\"]");
    fixture
}

#[test]
fn a_peer_can_be_a_package_outside_the_workspace() {
    let fixture = with_package();
    let output = fixture.run(&["peers", "alpha", "--quick"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("20.0 [20.0, 20.0]"), "{}", stdout(&output));
    let remarks = &fixture.only_run().suites[0].remarks;
    assert_eq!(
        remarks[..],
        ["sum numbers=2 shell: quietly", "sum numbers=2 rust: from a package, processors: 1"]
    );
    assert!(fixture.path("target/peers/alpha/target/release/rust-peer").exists());
    assert!(!fixture.path("peers/rust/target").exists());
}

#[test]
fn a_package_is_built_as_its_lock_file_says_or_not_at_all() {
    let fixture = with_package();
    fs::remove_file(fixture.path("peers/rust/Cargo.lock")).unwrap();
    let output = fixture.run(&["peers", "alpha", "--quick"]);
    assert_fails(&output, 3, &["--locked", "rust/Cargo.toml", "does not build"]);
    assert!(!fixture.path("peers/rust/Cargo.lock").exists());
}

#[test]
fn a_package_with_several_executables_is_refused() {
    let fixture = with_package();
    fs::create_dir(fixture.path("peers/rust/src/bin")).unwrap();
    let second = fixture.path("peers/rust/src/bin/second.rs");
    fs::copy(fixture.path("peers/rust/src/main.rs"), second).unwrap();
    let output = fixture.run(&["peers", "alpha", "--quick"]);
    assert_fails(&output, 3, &["rust/Cargo.toml", "2 executables instead of one"]);
}

#[test]
fn concurrent_work_gets_the_processors_it_takes_or_is_left_out() {
    let fixture = with_package();
    declare(&fixture, "workload =", "processors = 2\nworkload =");
    let output = fixture.run(&["peers", "alpha", "--quick", "--filter", "rust"]);
    let there = std::thread::available_parallelism().unwrap().get();
    let says = if there < 2 { "it takes 2 processors" } else { "from a package, processors: 2" };
    assert!(stderr(&output).contains(says), "{}", stderr(&output));

    declare(&fixture, "processors = 2", "processors = 5000");
    let output = fixture.run(&["peers", "alpha", "--quick", "--filter", "rust"]);
    let says = format!("it takes 5000 processors, and there is {there} to be used");
    assert!(stderr(&output).contains(&says), "{}", stderr(&output));
}

#[test]
fn without_python_one_line_says_so_and_how_to_get_it() {
    let fixture = Fixture::new();
    declare(&fixture, "tolerance", "requirements = \"alpha.txt\"\ntolerance");
    fs::write(fixture.path("peers/alpha.txt"), "nothing==1.0\n").unwrap();
    // Cargo needs rustc, which stands beside it.
    let path = Path::new(env!("CARGO")).parent().unwrap();
    let mut command = fixture.xtask(&["peers", "alpha", "--quick"]);
    let output = command.env("PATH", path).env("CARGO", env!("CARGO")).output().unwrap();
    assert_fails(&output, 3, &["python3 is not installed", "install python3)"]);
}

#[test]
fn what_cannot_be_asked_for_is_a_usage_error() {
    let fixture = Fixture::new();
    assert_fails(&fixture.run(&["peers"]), 2, &["SUITE"]);
    assert_fails(&fixture.run(&["peers", "gamma"]), 2, &["'gamma'", "alpha, beta"]);
    assert_fails(&fixture.run(&["peers", "beta"]), 2, &["beta", "[package.metadata.suite]"]);
    let nothing = fixture.run(&["peers", "alpha", "--filter", "snake"]);
    assert_fails(&nothing, 2, &["'snake'", "sum numbers=2 shell"]);
    assert_fails(&fixture.run(&["peers", "alpha", "--pairs", "0"]), 2, &["--pairs"]);
    assert_fails(&fixture.run(&["peers", "alpha", "--json", "--markdown"]), 2, &["--markdown"]);
    declare(&fixture, "workload", "work");
    assert_fails(&fixture.run(&["peers", "alpha"]), 2, &["alpha.toml", "line 13"]);
}

#[test]
fn an_interrupt_ends_both_sides() {
    let fixture = Fixture::new();
    let mut command = fixture.xtask(&["peers", "alpha", "--quick"]);
    command.env("FIXTURE", "peer:hangs").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !fixture.path("target/peers/alpha/problem.json").exists() {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(Duration::from_millis(20));
    }
    let xtask = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(xtask, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!is_running(&fixture.path("target")), "our side outlived the comparison");
}
