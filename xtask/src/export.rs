//! `cargo xtask export`: a run's figures in formats of other programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use measure::{Direction, Record, Run, Unit};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::page;
use crate::results::Results;
use crate::workspace::Workspace;

/// Which run, as what.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArguments {
    /// What is written
    #[arg(value_enum)]
    format: Format,
    /// The run: a file, `latest`, a release's name or a run's id; the last run if none is given
    run: Option<String>,
    /// Write to this file instead of the terminal
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A line for each figure, RFC 4180
    Csv,
    /// For Prometheus and what reads its text format: gauges in seconds and bytes
    OpenMetrics,
    /// Bencher Metric Format, for `bencher run --adapter json`
    Bencher,
    /// github-action-benchmark's customSmallerIsBetter: the figures of which less is better
    GithubSmaller,
    /// github-action-benchmark's customBiggerIsBetter: the others
    GithubBigger,
}

/// The command.
pub fn command(arguments: &ExportArguments) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let name = arguments.run.as_deref().unwrap_or("latest");
    let run = Results::find(&workspace.results(), name)?;
    let text = match arguments.format {
        Format::Csv => csv(&run),
        Format::OpenMetrics => open_metrics(&run)?,
        Format::Bencher => bencher(&run)?,
        Format::GithubSmaller => github(&run, Direction::LowerIsBetter)?,
        Format::GithubBigger => github(&run, Direction::HigherIsBetter)?,
    };
    page::write(&text, arguments.output.as_deref())
}

/// A record's benchmark with its suite, group and parameters: its series without the metric.
fn benchmark(record: &Record) -> String {
    let series = record.series().0;
    series.strip_suffix(&format!(":{}", record.metric)).map(str::to_owned).unwrap_or(series)
}

fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

fn csv(run: &Run) -> String {
    let header = [
        "run",
        "started",
        "commit",
        "suite",
        "group",
        "benchmark",
        "parameters",
        "metric",
        "unit",
        "kind",
        "direction",
        "estimate",
        "low",
        "high",
        "count",
    ];
    let mut text = format!("{}\r\n", header.join(","));
    for record in &run.records {
        let parameters: Vec<String> =
            record.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let end = |n: usize| record.interval.map(|ends| ends[n].to_string()).unwrap_or_default();
        let cells = [
            run.id.clone(),
            run.started.clone(),
            run.source.commit.clone().unwrap_or_default(),
            record.suite.clone(),
            record.group.clone(),
            record.benchmark.clone(),
            parameters.join(";"),
            record.metric.clone(),
            word(record.unit),
            word(record.kind),
            word(record.direction),
            record.estimate.to_string(),
            end(0),
            end(1),
            record.count.to_string(),
        ];
        let _ = write!(text, "{}\r\n", cells.map(quoted).join(","));
    }
    text
}

/// Quoted where it must be.
fn quoted(cell: String) -> String {
    match cell.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

/// The family of a unit, and how many of ours are one of its base unit.
fn family(unit: Unit) -> (&'static str, Option<&'static str>, f64) {
    match unit {
        Unit::Nanoseconds => ("benchmark_time_seconds", Some("seconds"), 1e9),
        Unit::Bytes => ("benchmark_memory_bytes", Some("bytes"), 1.0),
        Unit::Instructions => ("benchmark_instructions", None, 1.0),
        Unit::Blocks => ("benchmark_blocks", None, 1.0),
        Unit::PerSecond => ("benchmark_rate_per_second", None, 1.0),
        Unit::Ratio => ("benchmark_ratio", None, 1.0),
        Unit::Count => ("benchmark_count", None, 1.0),
    }
}

/// <https://prometheus.io/docs/specs/om/open_metrics_spec/>: families stand together.
fn open_metrics(run: &Run) -> Result<String, Failure> {
    let started: jiff::Timestamp =
        run.started.parse().with_context(|| format!("{}: '{}'", run.id, run.started))?;
    let mut families: BTreeMap<&str, (Option<&str>, Vec<String>)> = BTreeMap::new();
    for record in &run.records {
        let (name, unit, scale) = family(record.unit);
        let own = [
            ("suite", &record.suite),
            ("group", &record.group),
            ("benchmark", &record.benchmark),
            ("metric", &record.metric),
        ];
        let labels = own.into_iter().map(|(name, value)| label(name, value));
        let labels = labels.chain(
            record
                .parameters
                .iter()
                .map(|(name, value)| label(&format!("parameter_{name}"), value)),
        );
        let labels: Vec<String> = labels.collect();
        let value = record.estimate / scale;
        let line = format!("{name}{{{}}} {value} {}", labels.join(","), started.as_second());
        families.entry(name).or_insert_with(|| (unit, Vec::new())).1.push(line);
    }
    let mut text = String::new();
    for (name, (unit, lines)) in families {
        let _ = writeln!(text, "# TYPE {name} gauge");
        if let Some(unit) = unit {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        lines.iter().for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
    }
    text.push_str("# EOF\n");
    Ok(text)
}

fn label(name: &str, value: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let name: String = name.chars().map(fits).collect();
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

/// <https://bencher.dev/docs/reference/bencher-metric-format/>
fn bencher(run: &Run) -> Result<String, Failure> {
    let mut benchmarks: Map<String, Value> = Map::new();
    for record in &run.records {
        let mut figure = json!({ "value": record.estimate });
        if let Some([low, high]) = record.interval {
            figure["lower_value"] = low.into();
            figure["upper_value"] = high.into();
        }
        let measures = benchmarks.entry(benchmark(record)).or_insert_with(|| json!({}));
        measures[&record.metric] = figure;
    }
    pretty(&Value::Object(benchmarks))
}

/// <https://github.com/benchmark-action/github-action-benchmark>
fn github(run: &Run, direction: Direction) -> Result<String, Failure> {
    let figures = run.records.iter().filter(|record| record.direction == direction).map(|record| {
        let mut figure = json!({
            "name": record.series().0,
            "unit": word(record.unit),
            "value": record.estimate,
        });
        if let Some([low, high]) = record.interval {
            figure["range"] = format!("{low} to {high}").into();
        }
        figure
    });
    pretty(&Value::Array(figures.collect()))
}

fn pretty(value: &Value) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
    text.push('\n');
    Ok(text)
}
