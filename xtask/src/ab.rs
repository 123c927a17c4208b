//! `cargo xtask ab REV [REV]`: two revisions, timed in interleaved pairs of fresh processes.

mod judged;
mod side;

use std::collections::BTreeMap;

use measure::comparison::Verdict;
use measure::{Figure, Kind, Profile, Record, Unit};
use serde::Serialize;

use crate::bench::Interrupt;
use crate::bench::build::{Executables, build_targets};
use crate::bench::execute::Job;
use crate::bench::listing::{Listed, list};
use crate::bench::progress::Progress;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::{Form, Grid, Page, Part, Section};
use crate::workspace::{BenchTarget, Suite, TargetKind, Workspace};
use judged::Judged;
use side::Side;

/// Which revisions, and how much of them.
#[derive(Clone, Debug, clap::Args)]
pub struct AbArguments {
    /// The revision before, as git names it
    before: String,
    /// The revision after; the working tree as it is if none is given
    after: Option<String>,
    /// Only this suite
    #[arg(long)]
    suite: Option<String>,
    /// Only benchmarks whose suite/group/benchmark contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Rounds of before, after, after, before
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(5..))]
    pairs: u32,
    /// Print the ratios as JSON
    #[arg(long)]
    json: bool,
}

/// A benchmark that both sides have.
struct Contest<'a> {
    suites: [&'a Suite; 2],
    target: &'a BenchTarget,
    programs: [std::path::PathBuf; 2],
    listed: Listed,
}

#[derive(Serialize)]
struct Row {
    benchmark: String,
    #[serde(flatten)]
    judged: Judged,
}

/// The command. It judges nothing: whoever wants a gate reads the JSON.
pub fn command(arguments: &AbArguments, interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let limits = Limits::read(&workspace.limits_file())?;
    let before = Side::of_revision(&workspace, &arguments.before)?;
    let after = match &arguments.after {
        Some(revision) => Side::of_revision(&workspace, revision)?,
        None => Side::of_working_tree(&workspace)?,
    };
    let sides = [&before, &after];
    let contests = contests(arguments, sides)?;
    let runs = contests.len() * arguments.pairs as usize * 4;
    let progress = Progress::over(runs);
    let scratch = tempfile::tempdir().map_err(anyhow::Error::from)?;
    let mut rows: Vec<Row> = Vec::new();
    for contest in &contests {
        let rounds = contest.rounds(arguments.pairs, scratch.path(), interrupt, &progress)?;
        let name = format!("{}/{}", contest.suites[1].name, contest.listed.id);
        let Listed { group, benchmark, .. } = &contest.listed;
        let suite = &contest.suites[1].name;
        let record = Record::new(suite, group, benchmark, "time", Unit::Nanoseconds, 0.0);
        debug_assert_eq!(record.kind, Kind::Wall);
        let judged = Judged::of(&rounds, limits.of(&record))
            .map_err(|error| Failure::Verdict(format!("{name}: {error}")))?;
        rows.push(Row { benchmark: name, judged });
    }
    drop(progress);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows).map_err(anyhow::Error::from)?);
    } else {
        print!("{}", page(sides, &rows, arguments.pairs).shown(Form::Text));
    }
    Ok(())
}

/// Builds both sides and pairs what they have in common.
fn contests<'a>(
    arguments: &AbArguments,
    [before, after]: [&'a Side; 2],
) -> Result<Vec<Contest<'a>>, Failure> {
    let names: Vec<String> = arguments.suite.iter().cloned().collect();
    let (mut contests, mut known) = (Vec::new(), Vec::new());
    for suite in after.workspace.select(&names)? {
        let targets: Vec<&BenchTarget> =
            suite.targets.iter().filter(|target| target.kind == TargetKind::Wall).collect();
        let former = before.workspace.suites.iter().find(|former| former.name == suite.name);
        let Some(former) = former.filter(|_| !targets.is_empty()) else { continue };
        let targets: Vec<&BenchTarget> =
            targets.into_iter().filter(|target| former.targets.contains(target)).collect();
        if targets.is_empty() {
            continue;
        }
        let now = listed(after, suite, &targets)?;
        let then = listed(before, former, &targets)?;
        for ((name, listed), (target, program)) in now {
            known.push(format!("{}/{listed}", suite.name));
            let wanted = arguments.filter.as_ref();
            let is_wanted =
                wanted.is_none_or(|text| known.last().is_some_and(|n| n.contains(text)));
            if let Some((_, former_program)) = then.get(&(name, listed.clone()))
                && is_wanted
            {
                contests.push(Contest {
                    suites: [former, suite],
                    target,
                    programs: [former_program.clone(), program],
                    listed,
                });
            }
        }
    }
    if contests.is_empty() {
        return Err(Failure::usage(format!(
            "no wall benchmark that both sides have is named so; the second has:\n  {}",
            known.join("\n  ")
        )));
    }
    Ok(contests)
}

type ByName<'a> = BTreeMap<(String, Listed), (&'a BenchTarget, std::path::PathBuf)>;

fn listed<'a>(
    side: &Side,
    suite: &Suite,
    targets: &[&'a BenchTarget],
) -> Result<ByName<'a>, Failure> {
    let built: Executables = build_targets(&side.workspace, suite, targets.iter().copied())?;
    let mut found = ByName::new();
    for &target in targets {
        let name = target.to_string();
        let Some(program) = built.get(&name) else { continue };
        for listed in list(suite, target, program, None)? {
            found.insert((name.clone(), listed), (target, program.clone()));
        }
    }
    Ok(found)
}

impl Contest<'_> {
    /// The time of an operation in each round: before, after, after, before.
    fn rounds(
        &self,
        pairs: u32,
        scratch: &std::path::Path,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Vec<[f64; 4]>, Failure> {
        let mut rounds = Vec::with_capacity(pairs as usize);
        for round in 0..pairs {
            let mut times = [0.0; 4];
            for (place, side) in [0, 1, 1, 0].into_iter().enumerate() {
                let own = scratch.join(format!("{round}_{place}"));
                times[place] = self.time(side, own, interrupt, progress)?;
            }
            rounds.push(times);
        }
        Ok(rounds)
    }

    fn time(
        &self,
        side: usize,
        scratch: std::path::PathBuf,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<f64, Failure> {
        let job = Job {
            suite: self.suites[side],
            target: self.target,
            program: &self.programs[side],
            benchmarks: std::slice::from_ref(&self.listed),
            whole: false,
            profile: Profile::Quick,
            allow_existing: false,
            runner: None,
            scratch: scratch.clone(),
        };
        let measured = job.run(interrupt, progress)?;
        if measured.interrupted {
            return Err(Failure::Interrupted);
        }
        if let Some(failure) = measured.failures.first() {
            return Err(Failure::Verdict(failure.clone()));
        }
        // Hundreds of them would fill the disk.
        std::fs::remove_dir_all(scratch).map_err(anyhow::Error::from)?;
        let time = measured.records.iter().find(|record| record.kind == Kind::Wall);
        time.map(|record| record.estimate)
            .ok_or_else(|| Failure::Verdict(format!("{} gave no time", self.listed)))
    }
}

fn page([before, after]: [&Side; 2], rows: &[Row], pairs: u32) -> Page {
    let time = |value| Figure { value, unit: Unit::Nanoseconds }.to_string();
    let shown = |row: &Row| {
        let Judged { before, after, ratio, interval: [low, high], floor, verdict } = row.judged;
        vec![
            row.benchmark.clone(),
            time(before),
            time(after),
            format!("{ratio:.3}"),
            format!("{low:.3} to {high:.3}"),
            format!("{floor:.3}"),
            match verdict {
                Verdict::Worse => "slower",
                Verdict::Better => "faster",
                Verdict::Same => "same",
                Verdict::Inconclusive => "inconclusive",
            }
            .to_owned(),
        ]
    };
    let header = ["benchmark", "before", "after", "ratio", "95 % interval", "floor", "verdict"];
    let grid = Grid::new(&header, rows.iter().map(shown).collect());
    let text = format!(
        "{pairs} rounds of before, after, after, before, each a fresh process; the ratio is the median \
         of the rounds' own. Slower or faster only if the interval lies wholly beyond both the limit and \
         the floor, which is how far each side differs from itself."
    );
    let parts = vec![Part::Table(grid), Part::Text(text)];
    let title = format!("{}, then {}", before.name, after.name);
    Page { title, sections: vec![Section { title: "Ratios of times".to_owned(), parts }] }
}
