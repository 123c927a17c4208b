//! `cargo xtask trends`: series over the daily runs, where they changed, and how they drift.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{Span, Timestamp};
use measure::change_points::{self, ChangePoint, Drift};
use measure::machine::Toolchain;
use measure::{Direction, Figure, Kind, Profile, Record, Run};
use rayon::prelude::*;
use serde::Serialize;

use crate::failure::Failure;
use crate::page::{Form, Grid, Page, Part, Section};
use crate::results::Results;
use crate::workspace::Workspace;

/// How often a change may be none, of all that are shown (Benjamini and Hochberg, 1995).
const FALSE_DISCOVERIES: f64 = 0.05;

/// Figures that a sparkline shows, the last ones.
const SPARKS: usize = 30;

/// The least change of a time that is worth a look, by part.
const LEAST_CHANGE: f64 = 0.02;

const SECONDS_A_MONTH: f64 = 30.0 * 86_400.0;

/// Which runs and series.
#[derive(Clone, Debug, clap::Args)]
pub struct TrendsArguments {
    /// Runs of so many days until now
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Only this suite
    #[arg(long)]
    suite: Option<String>,
    /// Only series whose name contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Print every series, also those without a change, as JSON
    #[arg(long)]
    json: bool,
}

/// What is kept of a run besides its figures.
struct Measured {
    started: Timestamp,
    commit: String,
    toolchain: Toolchain,
    machine: String,
    profile: Profile,
}

/// One figure of a series.
#[derive(Clone, Copy)]
struct Point {
    /// The number of its run.
    run: usize,
    figure: f64,
}

/// A series over its runs.
struct Series {
    record: Record,
    points: Vec<Point>,
    changes: Vec<ChangePoint>,
    drift: Option<Drift>,
}

/// All runs, the earliest first, and the series they have.
#[derive(Default)]
struct History {
    runs: Vec<Measured>,
    series: BTreeMap<String, Series>,
}

/// Runs that are in memory at once.
const AT_ONCE: usize = 256;

#[derive(Serialize)]
struct SeriesAsJson<'a> {
    series: String,
    figures: Vec<f64>,
    commits: Vec<&'a str>,
    changes: Vec<ChangeAsJson>,
    drift_per_month: Option<f64>,
    drift_interval: Option<[f64; 2]>,
}

#[derive(Serialize)]
struct ChangeAsJson {
    at: usize,
    before: f64,
    after: f64,
    p: f64,
    after_commit: String,
    by_commit: String,
}

/// The command.
pub fn command(arguments: &TrendsArguments) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let now = Timestamp::now();
    let since = now
        .checked_sub(Span::new().hours(i64::from(arguments.days) * 24))
        .map_err(|error| Failure::usage(format!("--days {}: {error}", arguments.days)))?;
    let mut history = History::read(&workspace.results(), since, arguments)?;
    if history.runs.is_empty() {
        return Err(Failure::usage(format!(
            "no run of the last {} days in {}/daily; take one with 'cargo xtask bench'",
            arguments.days,
            workspace.results().display()
        )));
    }
    history.look();
    if arguments.json {
        let json: Vec<_> = history.series.values().map(|one| one.json(&history.runs)).collect();
        println!("{}", serde_json::to_string_pretty(&json).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    print!("{}", page(arguments, &history).shown(Form::Text));
    Ok(())
}

/// The files of the daily runs, in the order of their names.
fn paths(results: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = results.join("daily");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(anyhow::Error::from(error).context(folder.display().to_string()).into());
        }
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A run, and those of its figures that were asked for, by the names of their series.
fn read(path: &Path, arguments: &TrendsArguments) -> Result<(Run, Vec<(String, Record)>), Failure> {
    let mut run = Results::read(path)?;
    let records = std::mem::take(&mut run.records).into_iter().filter(|record| {
        arguments.suite.as_ref().is_none_or(|suite| *suite == record.suite)
            && record.kind != Kind::Ratio
    });
    let named = records.map(|mut record| {
        record.functions.clear();
        (record.series().0, record)
    });
    let is_asked =
        |name: &str| arguments.filter.as_ref().is_none_or(|filter| name.contains(filter));
    let figures = named.filter(|(name, _)| is_asked(name)).collect();
    Ok((run, figures))
}

impl History {
    /// Every run since then. What is no run is named and left out. Files are read by all processors, and
    /// of each little is kept.
    fn read(
        results: &Path,
        since: Timestamp,
        arguments: &TrendsArguments,
    ) -> Result<Self, Failure> {
        let (mut history, mut ids) = (Self::default(), BTreeSet::new());
        for paths in paths(results)?.chunks(AT_ONCE) {
            let read: Vec<_> = paths.par_iter().map(|path| read(path, arguments)).collect();
            for (path, read) in paths.iter().zip(read) {
                let (run, figures) = match read {
                    Ok(read) => read,
                    Err(error) => {
                        eprintln!("left out: {error}");
                        continue;
                    }
                };
                let Ok(started) = run.started.parse::<Timestamp>() else {
                    eprintln!("left out: {}: '{}' is no time", path.display(), run.started);
                    continue;
                };
                if !ids.insert(run.id.clone()) {
                    eprintln!("left out: {}: {} was read already", path.display(), run.id);
                } else if started >= since {
                    history.add(started, run, figures);
                }
            }
        }
        history.sort();
        Ok(history)
    }

    fn add(&mut self, started: Timestamp, run: Run, figures: Vec<(String, Record)>) {
        let number = self.runs.len();
        for (name, record) in figures {
            let point = Point { run: number, figure: record.estimate };
            let unit = record.unit;
            let series = self.series.entry(name).or_insert_with(|| Series {
                record,
                points: Vec::new(),
                changes: Vec::new(),
                drift: None,
            });
            if series.record.unit == unit {
                series.points.push(point);
            }
        }
        let commit = run.source.commit.as_deref().unwrap_or("no commit");
        self.runs.push(Measured {
            started,
            commit: commit.get(..8).unwrap_or(commit).to_owned(),
            toolchain: run.toolchain,
            machine: run.machine.hash,
            profile: run.profile,
        });
    }

    /// Puts points in the order of time. Times are those of the machine of the last run, and not of quick
    /// runs.
    fn sort(&mut self) {
        let runs = &self.runs;
        let machine = runs.iter().max_by_key(|run| run.started).map(|run| run.machine.as_str());
        let is_timed =
            |run: &Measured| Some(run.machine.as_str()) == machine && run.profile == Profile::Full;
        self.series.retain(|_, series| {
            let is_exact = series.record.kind.is_exact();
            series.points.retain(|point| is_exact || is_timed(&runs[point.run]));
            series.points.sort_by_key(|point| runs[point.run].started);
            !series.points.is_empty()
        });
    }

    /// Looks for changes.
    fn look(&mut self) {
        let runs = &self.runs;
        let mut all: Vec<&mut Series> = self.series.values_mut().collect();
        all.par_iter_mut().for_each(|series| series.look(runs));
        discard_chance(&mut all);
    }
}

impl Series {
    fn figures(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.figure).collect()
    }

    fn look(&mut self, runs: &[Measured]) {
        let figures = self.figures();
        self.changes = match self.record.kind.is_exact() {
            true => change_points::of_exact(&figures),
            false => change_points::of_noisy(&figures, FALSE_DISCOVERIES),
        };
        if !self.record.kind.is_exact() {
            self.changes.retain(|change| {
                (change.after - change.before).abs() >= LEAST_CHANGE * change.before.abs()
            });
        }
        let last = self.changes.last().map_or(0, |change| change.at);
        let month = |point: &Point| runs[point.run].started.as_second() as f64 / SECONDS_A_MONTH;
        let times: Vec<f64> = self.points[last..].iter().map(month).collect();
        self.drift = change_points::drift(&times, &figures[last..]);
    }

    /// Between which commits a change lies, and what else changed there.
    fn place(&self, change: &ChangePoint, runs: &[Measured]) -> String {
        let [before, after] = [change.at - 1, change.at].map(|at| &runs[self.points[at].run]);
        let other = if before.toolchain == after.toolchain { "" } else { ", another toolchain" };
        format!("{} to {}{other}", before.commit, after.commit)
    }

    fn json<'r>(&self, runs: &'r [Measured]) -> SeriesAsJson<'r> {
        let commit = |at: usize| runs[self.points[at].run].commit.as_str();
        let change = |change: &ChangePoint| ChangeAsJson {
            at: change.at,
            before: change.before,
            after: change.after,
            p: change.p,
            after_commit: commit(change.at - 1).to_owned(),
            by_commit: commit(change.at).to_owned(),
        };
        SeriesAsJson {
            series: self.record.series().0,
            figures: self.figures(),
            commits: (0..self.points.len()).map(commit).collect(),
            changes: self.changes.iter().map(change).collect(),
            drift_per_month: self.drift.map(|drift| drift.rate),
            drift_interval: self.drift.map(|drift| drift.interval),
        }
    }
}

/// Among hundreds of series some change by chance: so many changes are kept that few of them are none.
fn discard_chance(all: &mut [&mut Series]) {
    let is_noisy = |series: &&&mut Series| !series.record.kind.is_exact();
    let tests = all.iter().filter(is_noisy).count();
    let mut chances: Vec<f64> = all
        .iter()
        .filter(is_noisy)
        .flat_map(|series| series.changes.iter().map(|change| change.p))
        .collect();
    chances.sort_by(f64::total_cmp);
    let is_rare = |(rank, p): (usize, &f64)| {
        *p <= FALSE_DISCOVERIES * (rank + 1) as f64 / tests.max(chances.len()) as f64
    };
    let kept = (0..chances.len()).rev().find(|rank| is_rare((*rank, &chances[*rank])));
    let most = kept.map_or(-1.0, |rank| chances[rank]);
    for series in all.iter_mut().filter(|series| !series.record.kind.is_exact()) {
        series.changes.retain(|change| change.p <= most);
    }
}

fn page(arguments: &TrendsArguments, history: &History) -> Page {
    let (runs, all) = (&history.runs, &history.series);
    let mut changes = Vec::new();
    let mut drifts = Vec::new();
    for series in all.values() {
        for change in &series.changes {
            let figure = |value| Figure { value, unit: series.record.unit }.to_string();
            changes.push(vec![
                series.record.series().0,
                sparkline(&series.figures()),
                format!("{} to {}", figure(change.before), figure(change.after)),
                word(series.record.direction, change).to_owned(),
                series.place(change, runs),
            ]);
        }
        if let Some(Drift { rate, interval: [low, high] }) = series.drift
            && (low > 0.0 || high < 0.0)
        {
            drifts.push(vec![
                series.record.series().0,
                sparkline(&series.figures()),
                format!("{:+.1} %", rate * 100.0),
                format!("{:+.1} to {:+.1} %", low * 100.0, high * 100.0),
            ]);
        }
    }
    let changed = all.values().filter(|series| !series.changes.is_empty()).count();
    let mut sections = Vec::new();
    if !changes.is_empty() {
        let header = ["series", "history", "change", "which is", "between commits"];
        let parts = vec![Part::Table(Grid::new(&header, changes))];
        sections.push(Section { title: "Changes".to_owned(), parts });
    }
    if !drifts.is_empty() {
        let header = ["series", "history", "a month", "95 % interval"];
        let parts = vec![Part::Table(Grid::new(&header, drifts))];
        sections.push(Section { title: "Drifts since the last change".to_owned(), parts });
    }
    let said = format!(
        "{} series, {changed} of which changed. Times are those of full runs on the machine of the last \
         run; of the changes of times that are shown, one in twenty may be chance.",
        all.len()
    );
    sections.push(Section { title: "In all".to_owned(), parts: vec![Part::Text(said)] });
    Page { title: format!("{} runs of the last {} days", runs.len(), arguments.days), sections }
}

fn word(direction: Direction, change: &ChangePoint) -> &'static str {
    match (change.after > change.before) == (direction == Direction::LowerIsBetter) {
        true => "worse",
        false => "better",
    }
}

/// The last figures as bars between the least and the most of them.
fn sparkline(figures: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &figures[figures.len().saturating_sub(SPARKS)..];
    let least = last.iter().copied().fold(f64::INFINITY, f64::min);
    let most = last.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |figure: &f64| match most > least {
        true => BARS[((figure - least) / (most - least) * 7.0).round() as usize],
        false => BARS[0],
    };
    last.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_go_from_the_least_to_the_most() {
        assert_eq!(sparkline(&[1.0, 2.0, 8.0]), "▁▂█");
        assert_eq!(sparkline(&[5.0, 5.0]), "▁▁");
        assert_eq!(sparkline(&[0.0; 100]).chars().count(), SPARKS);
        assert_eq!(sparkline(&[]), "");
    }
}
