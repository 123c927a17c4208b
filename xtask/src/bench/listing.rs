//! What a bench target would measure, asked of the target itself.
//!
//! Every target answers `--list` in libtest's format. The answer is the set of benchmarks that
//! must have produced figures when the target has run: one that is missing is an error.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use super::build::RUNNER_VARIABLE;
use crate::workspace::{BenchTarget, Suite, TargetKind};

/// A benchmark as its target lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The target's own name for it, by which it can be run alone.
    pub id: String,
    pub group: String,
    pub benchmark: String,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.benchmark)
    }
}

impl Listed {
    /// Reads one name of the list: `group/benchmark[/parameters]`, or gungraun's
    /// `file::group::function::benchmark`.
    fn parse(kind: TargetKind, id: &str) -> Option<Self> {
        let (group, benchmark) = match kind {
            TargetKind::Wall | TargetKind::Report => {
                let mut parts = id.splitn(3, '/');
                (parts.next()?, parts.next()?)
            }
            TargetKind::Instructions => {
                let mut parts = id.split("::").skip(1);
                (parts.next()?, parts.last()?)
            }
        };
        Some(Self { id: id.to_owned(), group: group.to_owned(), benchmark: benchmark.to_owned() })
    }
}

/// Asks a built target for its benchmarks.
pub fn list(
    suite: &Suite,
    target: &BenchTarget,
    program: &Path,
    runner: Option<&Path>,
) -> anyhow::Result<Vec<Listed>> {
    let output = Command::new(program)
        .args(["--bench", "--list"])
        .envs(runner.map(|runner| (RUNNER_VARIABLE, runner)))
        .current_dir(&suite.folder)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} could not be started", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{target} --list ended with {}: {}", output.status, said.trim());
    }
    let mut listed = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some(id) = line.strip_suffix(": benchmark") else { continue };
        let benchmark = Listed::parse(target.kind, id).with_context(|| {
            format!("{target} lists '{id}', which is not of the form group/benchmark")
        })?;
        listed.push(benchmark);
    }
    if listed.is_empty() {
        bail!("{target} lists no benchmark; a target that measures nothing is an error");
    }
    Ok(listed)
}

/// Says where wall time and instruction counts of one subject do not name the same benchmarks.
pub fn unpaired(listings: &[(BenchTarget, Vec<Listed>)]) -> Option<String> {
    let names = |kind, subject: &str| -> Option<BTreeSet<String>> {
        let is_it =
            |(target, _): &&(BenchTarget, _)| target.kind == kind && target.subject == subject;
        let (_, listed) = listings.iter().find(is_it)?;
        Some(listed.iter().map(Listed::to_string).collect())
    };
    listings.iter().find_map(|(target, _)| {
        let wall = names(TargetKind::Wall, &target.subject)?;
        let instructions = names(TargetKind::Instructions, &target.subject)?;
        let odd: Vec<_> = wall.symmetric_difference(&instructions).cloned().collect();
        (!odd.is_empty()).then(|| {
            format!(
                "wall_{subject} and instructions_{subject} must measure the same benchmarks; \
                 only one of them has {}",
                odd.join(", "),
                subject = target.subject
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_harness_are_read() {
        let criterion = Listed::parse(TargetKind::Wall, "step/tmaze/agents=10").unwrap();
        assert_eq!(criterion.to_string(), "step/tmaze");
        assert_eq!(criterion.id, "step/tmaze/agents=10");
        let gungraun =
            Listed::parse(TargetKind::Instructions, "instructions_step::step::run::tmaze").unwrap();
        assert_eq!(gungraun.to_string(), "step/tmaze");
        assert_eq!(Listed::parse(TargetKind::Report, "tmaze"), None);
        assert_eq!(Listed::parse(TargetKind::Instructions, "instructions_step"), None);
    }
}
