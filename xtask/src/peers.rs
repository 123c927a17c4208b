//! `cargo xtask peers`: a suite and other software on the same problems and processors, in pairs. What a suite is compared with stands in the file that its crate names.

mod affinity;
mod declaration;
mod environment;
mod pairs;
mod shown;
mod verification;
mod worker;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use measure::run_file::{Selection, SuiteRun};
use measure::usage::Sampler;
use measure::{Outcome, Profile};

use crate::bench::Interrupt;
use crate::bench::build::{build_apart, build_example};
use crate::failure::Failure;
use crate::open_run::{OpenRun, USE_INTERVAL};
use crate::results::Results;
use crate::tables::wrapped;
use crate::workspace::{Suite, Workspace};
use declaration::{Declaration, Match, Program};
use pairs::{Effort, Ended, Pair};
use shown::Bar;
use worker::{Trouble, Worker};

/// How long our own side may take to write a problem down.
const EXPORT: Duration = Duration::from_secs(120);

/// What to compare, and how to show it.
#[derive(Clone, Debug, clap::Args)]
pub struct PeersArguments {
    /// The suite, by crate name
    suite: String,
    /// How many pairs of measurements each ratio rests on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pairs: Option<u32>,
    /// Few short pairs, and nothing that is slow: enough to see that all works
    #[arg(long)]
    quick: bool,
    /// Only matches whose benchmark, parameters and peer contain this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Exit with 1 if a measured ratio misses its bar
    #[arg(long)]
    check: bool,
    /// Print the run file instead of a table
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print a table for a README, with machine and date
    #[arg(long)]
    markdown: bool,
}

/// A match and what came of it.
pub struct Played {
    this: Match,
    ended: Ended,
}

impl PeersArguments {
    fn profile(&self) -> Profile {
        if self.quick { Profile::Quick } else { Profile::Full }
    }

    fn effort(&self) -> Effort {
        let (pairs, milliseconds, seconds) = if self.quick { (3, 50, 15) } else { (10, 200, 90) };
        Effort {
            pairs: self.pairs.unwrap_or(pairs),
            measurement: Duration::from_millis(milliseconds),
            budget: Duration::from_secs(seconds),
        }
    }
}

/// The command: prepares both sides, plays every match, saves and prints.
pub fn command(arguments: &PeersArguments, interrupt: &Interrupt) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let suite = workspace.select(std::slice::from_ref(&arguments.suite))?[0];
    let Some(file) = &suite.peers else {
        return Err(Failure::usage(format!(
            "{} says of no peers; it would by 'peers' in [package.metadata.suite]",
            suite.name
        )));
    };
    let declaration = Declaration::read(file)?;
    let matches = chosen(declaration.matches(), arguments.filter.as_deref())?;
    let results = Results::open(workspace.results())?;
    let table = Table::prepare(&workspace, suite, &declaration, &matches, interrupt)?;

    let selection = Selection { only: Some("peers".to_owned()), filter: arguments.filter.clone() };
    let mut open = OpenRun::begin(&workspace, arguments.profile(), selection, &results);
    let played = table.play_all(suite, matches, arguments.effort(), &mut open, interrupt)?;
    if !interrupt.is_set() {
        open.complete();
    }
    let (run, path) = open.close(Results::finish_aside).inspect_err(|_| {
        eprintln!("{}", shown::terminal(&played));
    })?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&run).map_err(anyhow::Error::from)?);
    } else if arguments.markdown {
        print!("{}", shown::markdown(&played, &run));
    } else {
        println!("\n{}", suite.title);
        println!("{}", wrapped(&run.machine.describe()));
        if let Some(before) = &run.noise.before {
            println!("{}", wrapped(&format!("before the run {}", before.describe())));
        }
        if let Some(analysis) = suite.groups.get(pairs::GROUP) {
            println!("{}", wrapped(analysis));
        }
        println!("\n{}", shown::terminal(&played));
        println!("\nrun file: {}", path.strip_prefix(&workspace.root).unwrap_or(&path).display());
    }
    verdict(&played, arguments.check, interrupt)
}

fn chosen(matches: Vec<Match>, filter: Option<&str>) -> Result<Vec<Match>, Failure> {
    let names: Vec<String> = matches.iter().map(Match::name).collect();
    let kept: Vec<Match> = matches
        .into_iter()
        .filter(|this| filter.is_none_or(|filter| this.name().contains(filter)))
        .collect();
    match filter {
        Some(filter) if kept.is_empty() => Err(Failure::usage(format!(
            "the filter '{filter}' matches nothing; there is:\n  {}",
            names.join("\n  ")
        ))),
        _ if kept.is_empty() => Err(Failure::usage("there is nothing to compare")),
        _ => Ok(kept),
    }
}

fn verdict(played: &[Played], check: bool, interrupt: &Interrupt) -> Result<(), Failure> {
    if interrupt.is_set() {
        return Err(Failure::Interrupted);
    }
    let named = |wanted: &dyn Fn(&Played) -> bool| -> Vec<String> {
        played.iter().filter(|played| wanted(played)).map(|played| played.this.name()).collect()
    };
    let failed = named(&|played| matches!(played.ended, Ended::Failed(_)));
    if !failed.is_empty() {
        return Err(Failure::Verdict(format!("no figures for: {}", failed.join(", "))));
    }
    let missed = named(&|played| played.bar() == Bar::Missed);
    if check && !missed.is_empty() {
        return Err(Failure::Verdict(format!("bars missed: {}", missed.join(", "))));
    }
    Ok(())
}

/// All that a match needs: how to start both sides, and a folder for problems and logs.
struct Table<'a> {
    ours: PathBuf,
    /// What has to be there to start each peer, by its program.
    prepared: Prepared,
    environment: &'a BTreeMap<String, String>,
    folder: PathBuf,
    /// Those that can be used, the first choice first; none where the system does not say.
    cpus: Option<Vec<usize>>,
}

/// Interpreters and executables, by the file that they were made from.
type Prepared = BTreeMap<PathBuf, PathBuf>;

impl<'a> Table<'a> {
    /// Builds our side and installs the peers that will be asked.
    fn prepare(
        workspace: &Workspace,
        suite: &Suite,
        declaration: &'a Declaration,
        matches: &[Match],
        interrupt: &Interrupt,
    ) -> Result<Self, Failure> {
        let folder = workspace.target_dir.join("peers").join(&suite.name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("{}: cannot be created", folder.display()))?;
        let mut prepared = Prepared::new();
        for peer in matches.iter().map(|this| &this.peer) {
            let (file, made) = match &peer.program {
                Program::Script(_) => continue,
                Program::Python { requirements: file, .. } | Program::Package(file)
                    if prepared.contains_key(file) =>
                {
                    continue;
                }
                Program::Python { requirements, .. } => {
                    (requirements, environment::python(requirements, &folder))
                }
                Program::Package(manifest) => {
                    let built = build_apart(workspace, manifest, &folder.join("target"));
                    (manifest, built.map_err(Failure::from))
                }
            };
            if interrupt.is_set() {
                return Err(Failure::Interrupted);
            }
            prepared.insert(file.clone(), made?);
        }
        let ours = build_example(workspace, suite, &declaration.example)?;
        let cpus = affinity::allowed();
        Ok(Self { ours, prepared, environment: &declaration.environment, folder, cpus })
    }

    /// Every match, into the run. Stops at an interrupt and keeps what there is.
    fn play_all(
        &self,
        suite: &Suite,
        matches: Vec<Match>,
        effort: Effort,
        open: &mut OpenRun,
        interrupt: &Interrupt,
    ) -> Result<Vec<Played>, Failure> {
        let began = Instant::now();
        let sampler = Sampler::start(USE_INTERVAL);
        let mut played = Vec::new();
        for this in matches {
            eprint!("{}: ", this.name());
            let ended = match self.play(&this, effort, interrupt) {
                Ok(ended) => ended,
                Err(Trouble::Interrupted) => break,
                Err(trouble) => Ended::Failed(trouble.to_string()),
            };
            match &ended {
                Ended::Measured(figures) => {
                    eprintln!("{} ({} pairs)", figures.note, figures.ratio.count);
                    open.run.records.extend(figures.records(&suite.name, &this));
                }
                Ended::Skipped(why) => eprintln!("not measured: {why}"),
                Ended::Failed(why) => eprintln!("failed: {why}"),
            }
            played.push(Played { this, ended });
            open.save();
        }
        let is_failed = |played: &Played| matches!(played.ended, Ended::Failed(_));
        open.run.suites.push(SuiteRun {
            suite: suite.name.clone(),
            seconds: began.elapsed().as_secs_f64(),
            outcome: match (interrupt.is_set(), played.iter().any(is_failed)) {
                (true, _) => Outcome::Partial,
                (false, false) => Outcome::Complete,
                (false, true) => Outcome::Failed,
            },
            remarks: played.iter().map(Played::told).collect(),
            usage: sampler.stop(),
        });
        Ok(played)
    }

    fn play(&self, this: &Match, effort: Effort, interrupt: &Interrupt) -> Result<Ended, Trouble> {
        let cpus = match self.cpus(this.processors.get()) {
            Ok(cpus) => cpus,
            Err(why) => return Ok(Ended::Skipped(why)),
        };
        let mut pair = match self.start(this, cpus) {
            Ok(pair) => pair,
            Err(error) => return Ok(Ended::Failed(format!("{error:#}"))),
        };
        let request = format!("export {}", this.workload);
        let problem: serde_json::Value = pair.ours.ask(&request, EXPORT, interrupt)?;
        let path = self.folder.join("problem.json");
        if let Err(error) = fs::write(&path, problem.to_string()) {
            return Ok(Ended::Failed(format!("{}: cannot be written: {error}", path.display())));
        }
        pair.play(this, &path, effort, interrupt)
    }

    /// So many processors; none, for any, where the system does not say which there are.
    fn cpus(&self, wanted: usize) -> Result<&[usize], String> {
        let Some(allowed) = &self.cpus else { return Ok(&[]) };
        allowed.get(..wanted).ok_or_else(|| {
            let there = allowed.len();
            format!("it takes {wanted} processors, and there is {there} to be used")
        })
    }

    /// Two fresh processes on the same processors.
    fn start(&self, this: &Match, cpus: &[usize]) -> anyhow::Result<Pair> {
        let log = |name: &str| self.folder.join(format!("{name}.log"));
        let peer = &this.peer;
        let mut ours = Command::new(&self.ours);
        let mut theirs = self.command(&peer.program);
        ours.envs(self.environment);
        theirs.args(&peer.arguments).envs(self.environment);
        Ok(Pair {
            ours: Worker::start("ours", &mut ours, cpus, &log("ours"))?,
            peer: Worker::start(&peer.name, &mut theirs, cpus, &log(&peer.name))?,
        })
    }

    fn command(&self, program: &Program) -> Command {
        match program {
            Program::Script(script) => Command::new(script),
            Program::Python { script, requirements } => {
                let mut command = Command::new(&self.prepared[requirements]);
                command.arg(script);
                command
            }
            Program::Package(manifest) => Command::new(&self.prepared[manifest]),
        }
    }
}

impl Played {
    /// One line for the run file.
    fn told(&self) -> String {
        let how = match &self.ended {
            Ended::Measured(figures) => figures.note.clone(),
            Ended::Skipped(why) => format!("not measured: {why}"),
            Ended::Failed(why) => format!("failed: {why}"),
        };
        format!("{}: {how}", self.this.name())
    }
}
