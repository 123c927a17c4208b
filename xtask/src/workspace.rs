//! The suites of a workspace, found through cargo's metadata.
//!
//! A crate becomes a suite by `[package.metadata.suite]` and bench targets whose names say what
//! they are: `wall_*`, `instructions_*` or `report_*`. Nothing here knows any crate by name.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;

use crate::failure::Failure;

/// A workspace and its suites, in the order they run.
#[derive(Debug)]
pub struct Workspace {
    pub root: PathBuf,
    pub target_dir: PathBuf,
    pub suites: Vec<Suite>,
}

/// A crate that is measured.
#[derive(Clone, Debug)]
pub struct Suite {
    pub name: String,
    pub folder: PathBuf,
    pub title: String,
    /// What each group measures and what to look for, from the crate's metadata.
    pub groups: BTreeMap<String, String>,
    pub targets: Vec<BenchTarget>,
    /// Where it is said what the suite is compared with, if anything.
    pub peers: Option<PathBuf>,
    order: u32,
}

/// One bench target of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchTarget {
    pub kind: TargetKind,
    /// The target's name without its kind: `step` of `wall_step`.
    pub subject: String,
}

/// What a bench target is, by the first word of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum TargetKind {
    /// criterion: time per operation.
    Wall,
    /// Percentiles, memory, scaling tables.
    Report,
    /// gungraun: exact counts under valgrind.
    Instructions,
}

/// `[package.metadata.suite]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteMetadata {
    title: String,
    order: u32,
    #[serde(default)]
    groups: BTreeMap<String, String>,
    /// A file like `benches/peers/agent-core.toml`, relative to the workspace.
    peers: Option<PathBuf>,
}

impl Workspace {
    /// The workspace around the current folder.
    pub fn discover() -> Result<Self, Failure> {
        Self::at(Path::new("."))
    }

    /// The workspace around a folder.
    pub fn at(folder: &Path) -> Result<Self, Failure> {
        let metadata = cargo_metadata::MetadataCommand::new()
            .current_dir(folder)
            .no_deps()
            .exec()
            .context("cargo metadata failed; run this inside a cargo workspace")?;
        let mut suites = Vec::new();
        for package in metadata.workspace_packages() {
            if let Some(value) = package.metadata.get("suite") {
                suites.push(Suite::of(package, value, metadata.workspace_root.as_std_path())?);
            }
        }
        suites.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        Ok(Self {
            root: metadata.workspace_root.into(),
            target_dir: metadata.target_directory.into(),
            suites,
        })
    }

    /// The suites of these names, in running order; all of them for no names.
    pub fn select(&self, names: &[String]) -> Result<Vec<&Suite>, Failure> {
        let known = || {
            let names: Vec<_> = self.suites.iter().map(|suite| suite.name.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        if let Some(unknown) = names.iter().find(|n| self.suites.iter().all(|s| s.name != **n)) {
            return Err(Failure::usage(format!(
                "no suite named '{unknown}'; there is: {}",
                known()
            )));
        }
        if self.suites.is_empty() {
            return Err(Failure::usage(
                "this workspace has no suite; a crate becomes one by [package.metadata.suite]",
            ));
        }
        let wanted = |suite: &&Suite| names.is_empty() || names.contains(&suite.name);
        Ok(self.suites.iter().filter(wanted).collect())
    }

    /// Where run files are kept.
    pub fn results(&self) -> PathBuf {
        self.root.join("results")
    }

    /// Where the target table is defined.
    pub fn targets_file(&self) -> PathBuf {
        self.root.join("benches").join("targets.toml")
    }

    /// Where it is said by how much figures may get worse.
    pub fn limits_file(&self) -> PathBuf {
        self.root.join("benches").join("limits.toml")
    }
}

impl Suite {
    fn of(
        package: &cargo_metadata::Package,
        value: &serde_json::Value,
        root: &Path,
    ) -> Result<Self, Failure> {
        let name = package.name.to_string();
        let manifest = &package.manifest_path;
        let metadata = SuiteMetadata::deserialize(value).map_err(|error| {
            Failure::usage(format!("{manifest}: [package.metadata.suite]: {error}"))
        })?;
        let mut targets = Vec::new();
        for target in package.targets.iter().filter(|target| target.is_bench()) {
            targets.push(BenchTarget::parse(&target.name).ok_or_else(|| {
                Failure::usage(format!(
                    "{manifest}: bench target '{}' is named neither wall_*, instructions_* nor \
                     report_*; rename it so that its figures can be gathered",
                    target.name
                ))
            })?);
        }
        targets.sort_by(|a, b| (a.kind, &a.subject).cmp(&(b.kind, &b.subject)));
        let folder = manifest.parent().map(Into::into).unwrap_or_default();
        Ok(Self {
            name,
            folder,
            title: metadata.title,
            groups: metadata.groups,
            targets,
            peers: metadata.peers.map(|file| root.join(file)),
            order: metadata.order,
        })
    }
}

impl BenchTarget {
    fn parse(name: &str) -> Option<Self> {
        let (kind, subject) = name.split_once('_')?;
        let kind = match kind {
            "wall" => TargetKind::Wall,
            "instructions" => TargetKind::Instructions,
            "report" => TargetKind::Report,
            _ => return None,
        };
        Some(Self { kind, subject: subject.to_owned() })
    }
}

impl fmt::Display for BenchTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.kind, self.subject)
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wall => "wall",
            Self::Instructions => "instructions",
            Self::Report => "report",
        })
    }
}
