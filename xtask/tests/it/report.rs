//! `report` as a user meets it.

use std::fs;

use measure::{Record, Run, Unit};

use crate::fixture::{Fixture, assert_fails, stderr, stdout};

const LIMITS: &str =
    "[default]\ninstructions = 1\nmemory = 1\nwall = 10\nlatency = 10\nrate = 10\n";

/// A workspace with a target, a baseline, and a last run that is worse than it by a tenth.
fn prepared() -> (Fixture, Run) {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("benches")).unwrap();
    fs::write(fixture.path("benches/limits.toml"), LIMITS).unwrap();
    let target = "[[target]]\ncomponent = \"<b>Sums\"\nmetric = \"a|b\"\n\
                  series = \"alpha/sums/small{size=3}:time\"\ntarget = \"< 1 ns\"\nstretch = \"< 1 ns\"\n";
    fs::write(fixture.path("benches/targets.toml"), target).unwrap();
    assert!(fixture.run(&["bench", "--quick"]).status.success());
    let mut run = fixture.only_run();
    let count =
        |count| Record::new("alpha", "sums", "small", "instructions", Unit::Instructions, count);
    run.records.push(count(1_000.0));
    run.write(&fixture.path("before.json")).unwrap();
    assert!(fixture.run(&["baseline", "save", "before.json"]).status.success());
    run.records.pop();
    run.records.push(count(1_100.0));
    run.write(&fixture.path("results/latest.json")).unwrap();
    (fixture, run)
}

#[test]
fn a_page_has_targets_changes_figures_and_the_environment() {
    let (fixture, run) = prepared();
    let output = fixture.run(&["report"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let expected = [
        run.id.as_str(),
        "a quick run",
        "0 met, 1 missed",
        "Worse: 1",
        "1.1000",
        "alpha/sums\n",
        "Nothing worth knowing.",
        "Environment and method",
        "rustc",
    ];
    for part in expected {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let markdown = stdout(&fixture.run(&["report", "--markdown"]));
    assert!(markdown.contains("# Run ") && markdown.contains("## Worse: 1"), "{markdown}");
    assert!(markdown.contains("| a\\|b |"), "a bar ends its cell:\n{markdown}");
    // Rows are as wide as their headers.
    let tables = markdown.lines().filter(|line| line.starts_with('|'));
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut width = 0;
    let lines: Vec<&str> = tables.collect();
    for (at, line) in lines.iter().enumerate() {
        if lines.get(at + 1).is_some_and(|next| next.starts_with("| ---")) {
            width = bars(line);
        }
        assert_eq!(bars(line), width, "{line}");
    }
}

#[test]
fn a_short_page_has_what_is_news() {
    let (fixture, _) = prepared();
    let short = stdout(&fixture.run(&["report", "--short", "--markdown"]));
    assert!(short.contains("Worse: 1") && short.contains("<b>Sums"), "{short}");
    assert!(!short.contains("Environment") && !short.contains("alpha/sums\n"), "{short}");
    let same = fixture.run(&["report", "latest", "--against", "latest", "--short"]);
    assert!(stdout(&same).contains("nothing got worse or better"), "{}", stdout(&same));
    fs::remove_file(fixture.path("results/baseline/counts.json")).unwrap();
    let alone = stdout(&fixture.run(&["report", "--short"]));
    assert!(alone.contains("there is no baseline"), "{alone}");
}

#[test]
fn a_page_for_a_browser_is_written_whole_and_escaped() {
    let (fixture, run) = prepared();
    let output = fixture.run(&["report", "--html", "-o", "page.html"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    let page = fs::read_to_string(fixture.path("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"), "{page}");
    assert!(page.contains("&lt;b&gt;Sums") && !page.contains("<b>Sums"), "{page}");
    assert!(page.contains(&run.id) && page.contains("Worse: 1"), "{page}");
    assert!(!page.contains("http"), "it fetches something:\n{page}");
    for tag in ["table", "tr", "section", "p"] {
        let [open, close] = [format!("<{tag}>"), format!("</{tag}>")];
        assert_eq!(page.matches(&open).count(), page.matches(&close).count(), "{tag}");
    }
    assert_fails(&fixture.run(&["report", "nowhere"]), 2, &["'nowhere' is no run"]);
    assert_fails(&fixture.run(&["report", "-o", "no/such/page.md"]), 3, &["no/such/page.md"]);
}
