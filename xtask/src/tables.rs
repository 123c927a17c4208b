//! What people see of a run: figures per group, targets, and the doctor's findings.

use std::collections::BTreeSet;

use measure::machine::Machine;
use measure::{Figure, Kind, Outcome, Record, Run, table};

use crate::doctor::{Finding, State};
use crate::page::Grid;
use crate::target_table::{Judged, Status};
use crate::workspace::Workspace;

/// Prints every figure of a run, group by group, with what the group measures.
pub fn print_run(workspace: &Workspace, run: &Run) {
    println!("\n{}", run.id);
    println!("{}", wrapped(&run.machine.describe()));
    if let Some(before) = &run.noise.before {
        println!("{}", wrapped(&format!("before the run {}", before.describe())));
    }
    if let Some(after) = &run.noise.after {
        println!("{}", wrapped(&format!("after the run {}", after.describe())));
    }
    for ran in &run.suites {
        let suite = workspace.suites.iter().find(|suite| suite.name == ran.suite);
        let title = suite.map_or(ran.suite.as_str(), |suite| &suite.title);
        println!("\n{title} ({:.0} s)", ran.seconds);
        for remark in &ran.remarks {
            println!("{}", wrapped(remark));
        }
        let records: Vec<_> = run.records.iter().filter(|r| r.suite == ran.suite).collect();
        for group in in_order(records.iter().map(|record| record.group.as_str())) {
            println!("\n{}/{group}", ran.suite);
            if let Some(analysis) = suite.and_then(|suite| suite.groups.get(group)) {
                println!("{}", wrapped(analysis));
            }
            let of_group: Vec<_> = records.iter().copied().filter(|r| r.group == group).collect();
            for grid in self::of_group(&of_group) {
                println!("\n{}", grid.text());
            }
        }
        for finding in ran.usage.findings() {
            println!("{}", wrapped(&finding));
        }
    }
    println!("\noutliers: mild + severe, by Tukey's fences");
    if run.outcome == Outcome::Partial {
        println!("\nThis run is partial: it was interrupted.");
    }
}

/// The figures of one group: one table for each way in which figures are taken.
pub fn of_group(records: &[&Record]) -> Vec<Grid> {
    let of_kind = |wanted: &dyn Fn(&Record) -> bool| -> Vec<&Record> {
        records.iter().copied().filter(|record| wanted(record)).collect()
    };
    let sampled = of_kind(&|r| r.summary.is_some() && r.percentiles.is_none());
    let timed = of_kind(&|r| r.percentiles.is_some());
    let counted = of_kind(&|r| r.kind.is_exact());
    let single = of_kind(&|r| r.summary.is_none() && r.percentiles.is_none() && !r.kind.is_exact());
    let mut grids = vec![
        Grid::new(
            &["benchmark", "min", "max", "mean", "stddev", "median", "iqr", "outliers"],
            sampled.into_iter().filter_map(distribution_row).collect(),
        ),
        Grid::new(
            &["benchmark", "p50", "p95", "p99", "p99.9", "n"],
            timed.into_iter().filter_map(percentile_row).collect(),
        ),
    ];
    grids.extend(counts(&counted));
    grids.push(Grid::new(
        &["benchmark", "figure", "95 % interval"],
        single.into_iter().map(single_row).collect(),
    ));
    grids.retain(|grid| !grid.rows.is_empty());
    grids
}

fn distribution_row(record: &Record) -> Option<Vec<String>> {
    let summary = record.summary.as_ref()?;
    let figure = |value| Figure { value, unit: record.unit }.to_string();
    let outliers = &summary.outliers;
    Some(vec![
        name_and_metric(record),
        figure(summary.min),
        figure(summary.max),
        figure(summary.mean),
        figure(summary.stddev),
        figure(summary.median),
        figure(summary.iqr),
        format!(
            "{}+{}",
            outliers.low_mild + outliers.high_mild,
            outliers.low_severe + outliers.high_severe
        ),
    ])
}

fn percentile_row(record: &Record) -> Option<Vec<String>> {
    let percentiles = record.percentiles.as_ref()?;
    let figure = |value| Figure { value, unit: record.unit }.to_string();
    Some(vec![
        name_and_metric(record),
        figure(percentiles.p50),
        figure(percentiles.p95),
        figure(percentiles.p99),
        percentiles.p999.map_or_else(|| "-".to_owned(), figure),
        record.count.to_string(),
    ])
}

/// Exact figures: one row a benchmark, one column a metric, one table for each set of metrics.
fn counts(records: &[&Record]) -> Vec<Grid> {
    let mut tables: Vec<(Vec<&str>, Vec<Vec<String>>)> = Vec::new();
    for name in in_order(records.iter().map(|record| name(record)).collect::<Vec<_>>().iter()) {
        let of_name: Vec<_> = records.iter().filter(|record| self::name(record) == *name).collect();
        let metrics: Vec<_> = of_name.iter().map(|record| record.metric.as_str()).collect();
        let mut row = vec![name.clone()];
        row.extend(of_name.iter().map(|record| exact(record)));
        match tables.iter_mut().find(|(known, _)| *known == metrics) {
            Some((_, rows)) => rows.push(row),
            None => tables.push((metrics, vec![row])),
        }
    }
    let grid = |(metrics, rows): (Vec<&str>, Vec<Vec<String>>)| {
        let header: Vec<&str> = std::iter::once("benchmark").chain(metrics).collect();
        Grid::new(&header, rows)
    };
    tables.into_iter().map(grid).collect()
}

/// Exact figures are not rounded: a change of one is a change.
fn exact(record: &Record) -> String {
    let digits = format!("{}", record.estimate);
    let (whole, rest) =
        digits.split_once('.').map_or((digits.as_str(), None), |(w, r)| (w, Some(r)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

fn single_row(record: &Record) -> Vec<String> {
    let figure = |value| Figure { value, unit: record.unit }.to_string();
    let interval =
        record.interval.map(|[low, high]| format!("{} to {}", figure(low), figure(high)));
    vec![name_and_metric(record), figure(record.estimate), interval.unwrap_or_else(|| "-".into())]
}

fn name(record: &Record) -> String {
    let mut name = record.benchmark.clone();
    for (key, value) in &record.parameters {
        name.push_str(&format!(" {key}={value}"));
    }
    name
}

/// The metric is left out where it is the one that everybody expects.
fn name_and_metric(record: &Record) -> String {
    if record.kind == Kind::Wall && record.metric == "time" {
        name(record)
    } else {
        format!("{} {}", name(record), record.metric)
    }
}

/// Prints the target table.
pub fn print_targets(rows: &[Judged]) {
    let (title, grid, reasons) = of_targets(rows);
    println!("\n{title}\n{}", grid.text());
    for reason in reasons {
        println!("{}", wrapped(&reason));
    }
}

/// How many targets are met, which, and why others were not measured.
pub fn of_targets(rows: &[Judged]) -> (String, Grid, Vec<String>) {
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    let title = format!(
        "Targets: {} met, {} missed, {} not measured",
        count(Status::Met),
        count(Status::Missed),
        count(Status::NotMeasured)
    );
    let shown = |row: &Judged| {
        let stretch = match row.stretch_status {
            Status::NotMeasured => row.stretch.clone(),
            status => format!("{} ({status})", row.stretch),
        };
        vec![
            row.component.clone(),
            row.metric.clone(),
            row.target.clone(),
            row.shown.clone(),
            row.status.to_string(),
            stretch,
        ]
    };
    let header = ["component", "metric", "target", "current", "status", "our own target"];
    let reasons = in_order(rows.iter().filter_map(|row| row.reason.as_deref()));
    let reasons = reasons.into_iter().map(str::to_owned).collect();
    (title, Grid::new(&header, rows.iter().map(shown).collect()), reasons)
}

/// Prints what the doctor found.
pub fn print_doctor(machine: &Machine, findings: &[Finding]) {
    println!("{}", wrapped(&machine.describe()));
    let shown = |finding: &Finding| {
        let state = match finding.state {
            State::Good => "good",
            State::Doubtful => "doubtful",
            State::Missing => "missing",
        };
        vec![finding.subject.to_owned(), state.to_owned(), finding.found.clone()]
    };
    let header = ["subject", "state", "found"];
    println!("{}", table::render(&header, &findings.iter().map(shown).collect::<Vec<_>>()));
    for finding in findings.iter().filter(|finding| finding.state != State::Good) {
        let remedy = if finding.remedy.is_empty() { "nothing to do" } else { &finding.remedy };
        println!("{}: {remedy}", finding.subject);
        println!("{}", wrapped(&format!("what it costs: {}", finding.costs)));
    }
    if findings.iter().all(|finding| finding.state == State::Good) {
        println!("Nothing is missing: every bench can run here.");
    }
}

/// The distinct values in the order of their first appearance.
pub fn in_order<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    values.filter(|value| seen.insert(*value)).collect()
}

/// A paragraph broken at the width of the tables.
pub fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines.last().is_some_and(|line| {
            line.chars().count() + word.chars().count() < usize::from(table::WIDTH) - 2
        });
        match lines.last_mut() {
            Some(line) if fits || line.is_empty() => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
