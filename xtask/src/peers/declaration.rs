//! What a suite is compared with: the file that `[package.metadata.suite]` names as `peers`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::toml_file;

/// The file as it is written; benches/peers/README.md explains it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// The crate's example that is our side.
    pub example: String,
    /// For both sides.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    #[serde(rename = "peer")]
    pub peers: Vec<Peer>,
    #[serde(rename = "comparison")]
    comparisons: Vec<Comparison>,
}

/// Other software that does the job.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "WrittenPeer")]
pub struct Peer {
    pub name: String,
    pub program: Program,
    pub arguments: Vec<String>,
    /// How far its numbers may be from ours.
    pub tolerance: f64,
}

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A file that the system can run as it is.
    Script(PathBuf),
    /// A file for the interpreter of an environment with these Python packages.
    Python { script: PathBuf, requirements: PathBuf },
    /// The one executable of a cargo package, by its manifest.
    Package(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPeer {
    name: String,
    script: Option<PathBuf>,
    requirements: Option<PathBuf>,
    package: Option<PathBuf>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    tolerance: f64,
}

impl TryFrom<WrittenPeer> for Peer {
    type Error = String;

    fn try_from(written: WrittenPeer) -> Result<Self, String> {
        let WrittenPeer { name, script, requirements, package, arguments, tolerance } = written;
        let program = match (script, requirements, package) {
            (Some(script), None, None) => Program::Script(script),
            (Some(script), Some(requirements), None) => Program::Python { script, requirements },
            (None, None, Some(manifest)) => Program::Package(manifest),
            _ => {
                return Err(format!(
                    "peer '{name}' is either a 'script', with 'requirements' or without, or a \
                     'package'"
                ));
            }
        };
        if !(tolerance >= 0.0 && tolerance.is_finite()) {
            return Err(format!("{name}: the tolerance {tolerance} is none"));
        }
        Ok(Self { name, program, arguments, tolerance })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparison {
    benchmark: String,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    workload: Value,
    peers: Vec<String>,
    /// How many each side may use.
    #[serde(default = "one")]
    processors: NonZeroUsize,
    #[serde(default)]
    bars: BTreeMap<String, f64>,
}

/// One problem given to us and to one peer.
#[derive(Clone, Debug)]
pub struct Match {
    pub benchmark: String,
    pub parameters: BTreeMap<String, String>,
    /// What our example is asked to export, as JSON.
    pub workload: String,
    pub peer: Peer,
    /// How many processors each side may use.
    pub processors: NonZeroUsize,
    /// How many times faster we should be.
    pub bar: Option<f64>,
}

impl Declaration {
    /// Reads a file; a broken one is refused with its line.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Self::parse(&toml_file::text(path)?, path.parent().unwrap_or(Path::new("")))
            .map_err(|reason| Failure::usage(format!("{}: {reason}", path.display())))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let mut declaration: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for peer in &mut declaration.peers {
            peer.program = peer.program.clone().below(folder);
        }
        for comparison in &declaration.comparisons {
            let Comparison { benchmark, peers, bars, .. } = comparison;
            let unknown = peers.iter().find(|name| declaration.peer(name).is_none());
            if let Some(name) = unknown {
                return Err(format!("{benchmark}: there is no peer '{name}'"));
            }
            if let Some(name) = bars.keys().find(|name| !peers.contains(name)) {
                return Err(format!("{benchmark}: a bar for '{name}', which is not measured"));
            }
        }
        Ok(declaration)
    }

    fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// Every problem with every peer that is to solve it, in the order of the file.
    pub fn matches(&self) -> Vec<Match> {
        let mut matches = Vec::new();
        for comparison in &self.comparisons {
            for peer in comparison.peers.iter().filter_map(|name| self.peer(name)) {
                matches.push(Match {
                    benchmark: comparison.benchmark.clone(),
                    parameters: comparison
                        .parameters
                        .iter()
                        .map(|(name, value)| (name.clone(), plain(value)))
                        .collect(),
                    workload: comparison.workload.to_string(),
                    peer: peer.clone(),
                    processors: comparison.processors,
                    bar: comparison.bars.get(&peer.name).copied(),
                });
            }
        }
        matches
    }
}

impl Program {
    /// With paths that begin where the file is.
    fn below(self, folder: &Path) -> Self {
        match self {
            Self::Script(script) => Self::Script(folder.join(script)),
            Self::Python { script, requirements } => Self::Python {
                script: folder.join(script),
                requirements: folder.join(requirements),
            },
            Self::Package(manifest) => Self::Package(folder.join(manifest)),
        }
    }
}

impl Match {
    /// What is solved, with its parameters.
    pub fn problem(&self) -> String {
        let mut name = self.benchmark.clone();
        for (key, value) in &self.parameters {
            name.push_str(&format!(" {key}={value}"));
        }
        name
    }

    /// What a filter is held against, and messages begin with.
    pub fn name(&self) -> String {
        format!("{} {}", self.problem(), self.peer.name)
    }
}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

/// A parameter as it stands in a series' name: strings without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        example = "ours"
        [[peer]]
        name = "slow"
        script = "slow.sh"
        tolerance = 1e-9
        [[peer]]
        name = "slower"
        script = "slow.sh"
        requirements = "slow.txt"
        tolerance = 1e-4
        [[peer]]
        name = "rusty"
        package = "rusty/Cargo.toml"
        [[comparison]]
        benchmark = "sum"
        parameters = { agents = 10, kind = "plain" }
        workload = { name = "sum", agents = 10 }
        peers = ["slow", "slower"]
        bars = { slower = 3 }
        [[comparison]]
        benchmark = "product"
        workload = {}
        processors = 2
        peers = ["rusty"]
    "#;

    #[test]
    fn a_comparison_is_a_match_with_each_of_its_peers() {
        let declaration = Declaration::parse(FILE, Path::new("here")).unwrap();
        let matches = declaration.matches();
        let names: Vec<_> = matches.iter().map(Match::name).collect();
        let sum = "sum agents=10 kind=plain";
        assert_eq!(names, [format!("{sum} slow"), format!("{sum} slower"), "product rusty".into()]);
        assert_eq!(matches.iter().map(|m| m.bar).collect::<Vec<_>>(), [None, Some(3.0), None]);
        assert_eq!(matches.iter().map(|m| m.processors.get()).collect::<Vec<_>>(), [1, 1, 2]);
        assert_eq!(matches[1].workload, r#"{"agents":10,"name":"sum"}"#);
    }

    #[test]
    fn a_peer_is_a_script_a_python_script_or_a_package() {
        let declaration = Declaration::parse(FILE, Path::new("here")).unwrap();
        let programs: Vec<_> = declaration.peers.iter().map(|peer| &peer.program).collect();
        let script = PathBuf::from("here/slow.sh");
        let requirements = PathBuf::from("here/slow.txt");
        assert_eq!(programs[0], &Program::Script(script.clone()));
        assert_eq!(programs[1], &Program::Python { script, requirements });
        assert_eq!(programs[2], &Program::Package("here/rusty/Cargo.toml".into()));
        assert_eq!(declaration.peers[2].tolerance, 0.0);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (from, to, says) in [
            ("\"slow\", \"slower\"", "\"slow\", \"fast\"", "no peer 'fast'"),
            ("\"slow\", \"slower\"", "\"slow\"", "a bar for 'slower'"),
            ("1e-4", "-1", "tolerance -1"),
            ("package =", "script = \"rusty.sh\"\n package =", "peer 'rusty' is either"),
            ("package =", "requirements =", "peer 'rusty' is either"),
            ("processors = 2", "processors = 0", "processors"),
            ("example", "exmaple", "exmaple"),
        ] {
            let error = Declaration::parse(&FILE.replace(from, to), Path::new("")).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
