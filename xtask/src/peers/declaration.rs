//! What a suite is compared with: the file that `[package.metadata.suite]` names as `peers`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

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
#[serde(deny_unknown_fields)]
pub struct Peer {
    pub name: String,
    pub script: PathBuf,
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Python packages; the script is started as it is if there are none.
    pub requirements: Option<PathBuf>,
    /// How far its numbers may be from ours.
    pub tolerance: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparison {
    benchmark: String,
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    workload: Value,
    peers: Vec<String>,
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
    /// How many times faster we should be.
    pub bar: Option<f64>,
}

impl Declaration {
    /// Reads a file; a broken one is refused with its line.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("{}: cannot be read: {error}", path.display()))
        })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|reason| Failure::usage(format!("{}: {reason}", path.display())))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let mut declaration: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for peer in &mut declaration.peers {
            peer.script = folder.join(&peer.script);
            peer.requirements = peer.requirements.take().map(|file| folder.join(file));
            if !(peer.tolerance >= 0.0 && peer.tolerance.is_finite()) {
                return Err(format!("{}: the tolerance {} is none", peer.name, peer.tolerance));
            }
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
                    bar: comparison.bars.get(&peer.name).copied(),
                });
            }
        }
        matches
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
        [[comparison]]
        benchmark = "sum"
        parameters = { agents = 10, kind = "plain" }
        workload = { name = "sum", agents = 10 }
        peers = ["slow", "slower"]
        bars = { slower = 3 }
    "#;

    #[test]
    fn a_comparison_is_a_match_with_each_of_its_peers() {
        let declaration = Declaration::parse(FILE, Path::new("here")).unwrap();
        let matches = declaration.matches();
        let names: Vec<_> = matches.iter().map(Match::name).collect();
        assert_eq!(names, ["sum agents=10 kind=plain slow", "sum agents=10 kind=plain slower"]);
        assert_eq!(matches.iter().map(|m| m.bar).collect::<Vec<_>>(), [None, Some(3.0)]);
        assert_eq!(matches[1].workload, r#"{"agents":10,"name":"sum"}"#);
        assert_eq!(matches[1].peer.script, Path::new("here/slow.sh"));
        assert_eq!(matches[1].peer.requirements.as_deref(), Some(Path::new("here/slow.txt")));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (from, to, says) in [
            ("\"slow\", \"slower\"", "\"slow\", \"fast\"", "no peer 'fast'"),
            ("\"slow\", \"slower\"", "\"slow\"", "a bar for 'slower'"),
            ("1e-4", "-1", "tolerance -1"),
            ("example", "exmaple", "exmaple"),
        ] {
            let error = Declaration::parse(&FILE.replace(from, to), Path::new("")).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
