//! `cargo xtask doctor`: what this machine lacks, how to get it, and what that costs.

#[path = "../../crates/db-bench/src/postgres/folders.rs"]
mod postgresql_folders;

use std::fs;
use std::time::Duration;

use measure::machine::Machine;
use measure::noise::{NoiseProbe, Quietness};
use serde::Serialize;

use crate::bench::build::RUNNER;
use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{tables, tools};

/// How long the noise of the machine is listened to.
const LISTEN: Duration = Duration::from_secs(2);

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub subject: &'static str,
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it, empty if nothing.
    pub remedy: String,
    /// What is lost without it.
    pub costs: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Good,
    /// Figures can be had, with less trust.
    Doubtful,
    /// Some benches cannot run.
    Missing,
}

/// The command.
pub fn command(json: bool) -> Result<(), Failure> {
    let workspace = Workspace::discover()?;
    let machine = Machine::of_this_host();
    let noise = NoiseProbe::take(LISTEN);
    let findings = [
        valgrind(),
        runner(&workspace),
        rustflags(),
        perf(),
        postgresql(),
        pgbench(),
        python(),
        governor(&machine),
        steal(&noise),
        neighbours(&noise),
    ];
    if json {
        println!("{}", serde_json::to_string_pretty(&findings).map_err(anyhow::Error::from)?);
        return Ok(());
    }
    tables::print_doctor(&machine, &findings);
    Ok(())
}

fn tool(
    subject: &'static str,
    package: &str,
    version: Option<String>,
    costs: &'static str,
) -> Finding {
    match version {
        Some(found) => Finding { subject, state: State::Good, found, remedy: String::new(), costs },
        None => Finding {
            subject,
            state: State::Missing,
            found: "not installed".into(),
            remedy: tools::how_to_get(package),
            costs,
        },
    }
}

fn valgrind() -> Finding {
    tool("valgrind", "valgrind", tools::valgrind(), "all instructions_* benches")
}

fn runner(workspace: &Workspace) -> Finding {
    let path = workspace.target_dir.join("debug").join(RUNNER);
    let is_built = path.is_file();
    Finding {
        subject: "instruction runner",
        state: if is_built { State::Good } else { State::Doubtful },
        found: if is_built { "built" } else { "not built yet" }.into(),
        remedy: if is_built { String::new() } else { "cargo xtask runner".into() },
        costs: "instructions_* by a bare cargo bench; cargo xtask bench builds it itself",
    }
}

fn rustflags() -> Finding {
    let flags = tools::rustflags();
    let native = flags.contains("target-cpu=native");
    Finding {
        subject: "compiler flags",
        state: if native { State::Missing } else { State::Good },
        found: if flags.is_empty() { "none of your own".into() } else { flags },
        remedy: if native { "unset target-cpu=native".into() } else { String::new() },
        costs: "all instructions_* benches; figures comparable with other machines",
    }
}

fn perf() -> Finding {
    let version = tools::first_line("perf", &["--version"]);
    let mut finding = tool("perf", "perf", version, "flame graphs from outside the process");
    let level = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    let is_root = rustix::process::geteuid().is_root();
    if finding.state == State::Good && !is_root && level.trim().parse().is_ok_and(|l: i32| l > 2) {
        finding.state = State::Doubtful;
        finding.found = format!("{}, but perf_event_paranoid is {}", finding.found, level.trim());
        finding.remedy = "sudo sysctl kernel.perf_event_paranoid=1".into();
    }
    finding
}

fn postgresql() -> Finding {
    let version = postgresql_folders::program("postgres")
        .and_then(|path| tools::first_line(&path.to_string_lossy(), &["--version"]));
    tool("PostgreSQL", "postgresql", version, "the PostgreSQL half of the database suite")
}

fn pgbench() -> Finding {
    let version = postgresql_folders::program("pgbench")
        .and_then(|path| tools::first_line(&path.to_string_lossy(), &["--version"]));
    tool("pgbench", "postgresql", version, "the comparison of the database suite with pgbench")
}

fn python() -> Finding {
    let version = tools::first_line("python3", &["--version"]);
    tool("Python", "python3", version, "cargo xtask peers, which keeps other software in target/")
}

fn governor(machine: &Machine) -> Finding {
    let (state, found, remedy) = match machine.governor.as_deref() {
        Some("performance") => (State::Good, "performance".to_owned(), String::new()),
        Some(other) => (
            State::Doubtful,
            other.to_owned(),
            "sudo cpupower frequency-set --governor performance".to_owned(),
        ),
        None => {
            (State::Good, "none visible (usual in a virtual machine)".to_owned(), String::new())
        }
    };
    Finding {
        subject: "CPU governor",
        state,
        found,
        remedy,
        costs: "steady wall times; instruction counts are unaffected",
    }
}

fn steal(noise: &NoiseProbe) -> Finding {
    let (state, found) = match noise.steal {
        Some(share) => {
            let state = if share > 0.01 { State::Doubtful } else { State::Good };
            (state, format!("{:.1} % over {} s", share * 100.0, LISTEN.as_secs()))
        }
        None => (State::Doubtful, "not told by this system".to_owned()),
    };
    Finding {
        subject: "steal time",
        state,
        found,
        remedy: if state == State::Good { "" } else { "a machine of your own, or more pairs" }
            .into(),
        costs: "wall times in general",
    }
}

fn neighbours(noise: &NoiseProbe) -> Finding {
    let state = match noise.verdict() {
        Quietness::Quiet => State::Good,
        Quietness::Noisy | Quietness::VeryNoisy => State::Doubtful,
    };
    Finding {
        subject: "noise",
        state,
        found: noise.describe(),
        remedy: if state == State::Good { "" } else { "end other work; compare in pairs" }.into(),
        costs: "wall times in general",
    }
}
