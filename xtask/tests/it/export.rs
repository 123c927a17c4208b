//! `export` as a user meets it.

use std::fs;

use measure::{Direction, Record, Run, Unit};
use serde_json::Value;

use crate::fixture::{Fixture, assert_fails, stderr, stdout};

/// A workspace whose last run has awkward names, an interval, and each direction.
fn prepared() -> (Fixture, Run) {
    let fixture = Fixture::new();
    assert!(fixture.run(&["bench", "alpha", "--quick"]).status.success());
    let mut run = fixture.only_run();
    let awkward = Record::new("alpha", "g", "a \"b\", c\\d", "rate", Unit::PerSecond, 2.5)
        .parameter("way-of", "x|y");
    run.records.push(Record { interval: Some([2.0, 3.0]), ..awkward });
    run.write(&fixture.path("results/latest.json")).unwrap();
    (fixture, run)
}

fn exported(fixture: &Fixture, format: &str) -> String {
    let output = fixture.run(&["export", format]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// The cells of a line, by RFC 4180.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut is_quoted) = (vec![String::new()], false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.next_if_eq(&'"').is_some() => {
                cells.last_mut().unwrap().push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

#[test]
fn csv_has_every_figure_and_quotes_what_it_must() {
    let (fixture, run) = prepared();
    let text = exported(&fixture, "csv");
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + run.records.len());
    let header = cells(lines[0]);
    for (line, record) in lines[1..].iter().zip(&run.records) {
        let cells = cells(line);
        assert_eq!(cells.len(), header.len(), "{line}");
        let of = |name: &str| &cells[header.iter().position(|column| column == name).unwrap()];
        assert_eq!(*of("benchmark"), record.benchmark);
        assert_eq!(of("estimate").parse::<f64>().unwrap(), record.estimate);
    }
    assert!(lines.last().unwrap().contains(",way-of=x|y,rate,per_second,"), "{text}");
}

#[test]
fn open_metrics_has_base_units_and_families_that_stand_together() {
    let (fixture, run) = prepared();
    let text = exported(&fixture, "open-metrics");
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), run.records.len());
    assert!(text.contains("# UNIT benchmark_time_seconds seconds"), "{text}");
    let small = "benchmark_time_seconds{suite=\"alpha\",group=\"sums\",benchmark=\"small\",\
                 metric=\"time\",parameter_size=\"3\"} 0.0000000035 ";
    assert!(lines.iter().any(|line| line.starts_with(small)), "{text}");
    let awkward =
        "benchmark=\"a \\\"b\\\", c\\\\d\",metric=\"rate\",parameter_way_of=\"x|y\"} 2.5 ";
    assert!(lines.iter().any(|line| line.contains(awkward)), "{text}");
    let families: Vec<&str> = lines.iter().map(|line| line.split_once('{').unwrap().0).collect();
    let mut once = families.clone();
    once.dedup();
    let mut distinct = families;
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(once.len(), distinct.len(), "{text}");
}

#[test]
fn json_formats_have_every_figure_of_theirs() {
    let (fixture, run) = prepared();
    let json = |format| serde_json::from_str::<Value>(&exported(&fixture, format)).unwrap();
    let bencher = json("bencher");
    assert_eq!(bencher["alpha/sums/small{size=3}"]["time"]["value"], 3.5);
    let rate = &bencher["alpha/g/a \"b\", c\\d{way-of=x|y}"]["rate"];
    assert_eq!((&rate["lower_value"], &rate["upper_value"]), (&2.0.into(), &3.0.into()));
    let figures: usize =
        bencher.as_object().unwrap().values().map(|b| b.as_object().unwrap().len()).sum();
    assert_eq!(figures, run.records.len());
    let count = |direction| run.records.iter().filter(|r| r.direction == direction).count();
    let smaller = json("github-smaller");
    assert_eq!(smaller.as_array().unwrap().len(), count(Direction::LowerIsBetter));
    let bigger = json("github-bigger");
    assert_eq!(bigger.as_array().unwrap().len(), count(Direction::HigherIsBetter));
    assert_eq!(bigger[0]["range"], "2 to 3");
}

#[test]
fn a_file_is_written_and_an_unknown_format_is_refused() {
    let (fixture, _) = prepared();
    let output = fixture.run(&["export", "csv", "latest", "-o", "figures.csv"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let written = fs::read_to_string(fixture.path("figures.csv")).unwrap();
    assert_eq!(written, exported(&fixture, "csv"));
    assert_fails(&fixture.run(&["export", "xml"]), 2, &["xml", "open-metrics"]);
}
