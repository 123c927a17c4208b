//! What a run will measure: every chosen target built and asked for its benchmarks.

use std::path::PathBuf;

use super::BenchArguments;
use super::build::{build_runner, build_targets};
use super::child::Interrupt;
use super::listing::{Listed, list, unpaired};
use crate::failure::Failure;
use crate::tools;
use crate::workspace::{BenchTarget, Suite, TargetKind, Workspace};

/// The suites to run, with what already went wrong.
pub struct Plan<'a> {
    pub suites: Vec<PlannedSuite<'a>>,
    /// What drives valgrind, if instruction counts are taken.
    pub runner: Option<PathBuf>,
}

/// One suite, built.
pub struct PlannedSuite<'a> {
    pub suite: &'a Suite,
    pub targets: Vec<PlannedTarget>,
    /// Targets that do not build, list nothing, or do not pair.
    pub failures: Vec<String>,
    /// What this machine cannot measure.
    pub remarks: Vec<String>,
}

/// One target and what of it to run.
pub struct PlannedTarget {
    pub target: BenchTarget,
    pub program: PathBuf,
    pub benchmarks: Vec<Listed>,
    /// Whether no benchmark of it was filtered out.
    pub whole: bool,
}

impl Plan<'_> {
    /// How many benchmarks there are in all.
    pub fn benchmarks(&self) -> usize {
        self.suites.iter().flat_map(|s| &s.targets).map(|t| t.benchmarks.len()).sum()
    }
}

/// Builds and lists; fails if nothing would be measured.
pub fn plan<'a>(
    workspace: &Workspace,
    suites: &[&'a Suite],
    arguments: &BenchArguments,
    interrupt: &Interrupt,
) -> Result<Plan<'a>, Failure> {
    let has_instructions = |suite: &&&Suite| {
        suite.targets.iter().any(|target| target.kind == TargetKind::Instructions)
    };
    let counts = arguments.wants(TargetKind::Instructions)
        && suites.iter().any(|suite| has_instructions(&suite));
    let obstacle = if counts { obstacle_to_counts() } else { None };
    if let Some(obstacle) = &obstacle {
        if arguments.only == Some(TargetKind::Instructions) {
            return Err(Failure::environment(obstacle.clone()));
        }
        eprintln!("{obstacle}; the rest runs");
    }
    let runner = if counts && obstacle.is_none() { Some(build_runner(workspace)?) } else { None };
    let mut planned = Vec::new();
    for &suite in suites {
        let chosen: Vec<_> = suite
            .targets
            .iter()
            .filter(|target| arguments.wants(target.kind))
            .filter(|target| target.kind != TargetKind::Instructions || obstacle.is_none())
            .collect();
        let mut this =
            PlannedSuite { suite, targets: Vec::new(), failures: Vec::new(), remarks: Vec::new() };
        if has_instructions(&&suite) {
            this.remarks.extend(obstacle.clone());
        }
        if suite.targets.is_empty() {
            this.failures.push("it has no bench target".to_owned());
        }
        if !chosen.is_empty() {
            this.build_and_list(workspace, &chosen, runner.as_deref());
        }
        if interrupt.is_set() {
            return Err(Failure::Interrupted);
        }
        planned.push(this);
    }
    narrow(&mut planned, arguments)?;
    Ok(Plan { suites: planned, runner })
}

/// Why instruction counts cannot be taken here, with the way out.
fn obstacle_to_counts() -> Option<String> {
    if tools::valgrind().is_none() {
        return Some(format!(
            "no instruction counts: valgrind is not installed ({})",
            tools::how_to_get("valgrind")
        ));
    }
    let flags = tools::rustflags();
    flags.contains("target-cpu=native").then(|| {
        "no instruction counts: RUSTFLAGS asks for target-cpu=native, whose instructions valgrind \
         may not know and which differ by machine (unset it)"
            .to_owned()
    })
}

impl PlannedSuite<'_> {
    fn build_and_list(
        &mut self,
        workspace: &Workspace,
        targets: &[&BenchTarget],
        runner: Option<&std::path::Path>,
    ) {
        let built = match build_targets(workspace, self.suite, targets.iter().copied()) {
            Ok(built) => built,
            Err(error) => return self.failures.push(format!("{error:#}")),
        };
        let mut listings = Vec::new();
        for &target in targets {
            let Some(program) = built.get(&target.to_string()) else {
                self.failures.push(format!("{target}: cargo made no executable of it"));
                continue;
            };
            match list(self.suite, target, program, runner) {
                Ok(benchmarks) => {
                    listings.push((target.clone(), benchmarks.clone()));
                    self.targets.push(PlannedTarget {
                        target: target.clone(),
                        program: program.clone(),
                        benchmarks,
                        whole: true,
                    });
                }
                Err(error) => self.failures.push(format!("{error:#}")),
            }
        }
        self.failures.extend(unpaired(&listings));
    }
}

/// Applies the filter. Suites of which nothing is left are dropped, unless they failed.
fn narrow(planned: &mut Vec<PlannedSuite>, arguments: &BenchArguments) -> Result<(), Failure> {
    let mut names = Vec::new();
    for PlannedSuite { suite, targets, .. } in &mut *planned {
        for planned in &mut *targets {
            let full = |listed: &Listed| format!("{}/{listed}", suite.name);
            names.extend(planned.benchmarks.iter().map(full));
            if let Some(filter) = &arguments.filter {
                let before = planned.benchmarks.len();
                planned.benchmarks.retain(|listed| full(listed).contains(filter));
                planned.whole = planned.benchmarks.len() == before;
            }
        }
        targets.retain(|planned| !planned.benchmarks.is_empty());
    }
    if planned.iter().any(|suite| !suite.targets.is_empty() || !suite.failures.is_empty()) {
        if arguments.filter.is_some() {
            planned.retain(|suite| !suite.targets.is_empty() || !suite.failures.is_empty());
        }
        return Ok(());
    }
    names.sort();
    names.dedup();
    Err(match (&arguments.filter, arguments.only) {
        (Some(filter), _) if !names.is_empty() => Failure::usage(format!(
            "the filter '{filter}' matches no benchmark; there is:\n  {}",
            names.join("\n  ")
        )),
        (_, Some(only)) => Failure::usage(format!("no chosen suite has a {only}_* target")),
        _ => Failure::usage("nothing to measure: no chosen suite has a target that can run here"),
    })
}
