//! gungraun's folders: one `summary.json` per benchmark, with the totals of each tool.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use measure::{Direction, Record, Unit};
use serde::Deserialize;

use super::{Gathered, callgrind, files_ending, read_json};

/// The version of `summary.json` that the pinned runner writes.
const SUMMARY_VERSION: &str = "7";

/// What we keep of each tool's totals: exact from run to run, and named for people.
/// Cycle estimates and cache figures are left out: they model no machine that exists.
const KEPT: [(&str, &str, &str, Unit); 3] = [
    ("Callgrind", "Ir", "instructions", Unit::Instructions),
    ("DHAT", "TotalBytes", "allocated_bytes", Unit::Bytes),
    ("DHAT", "TotalBlocks", "allocated_blocks", Unit::Blocks),
];

#[derive(Deserialize)]
struct Summary {
    version: String,
    group: String,
    function_name: String,
    module_path: String,
    id: Option<String>,
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    tool: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    total: Total,
}

#[derive(Deserialize)]
struct Total {
    metrics: BTreeMap<String, Metric>,
}

#[derive(Deserialize)]
struct Metric {
    values: Values,
}

#[derive(Deserialize)]
struct Values {
    new: f64,
}

/// Reads every benchmark under a `GUNGRAUN_HOME` that one run had to itself.
pub fn gather(suite: &str, home: &Path) -> anyhow::Result<Vec<Gathered>> {
    let mut found = Vec::new();
    for path in files_ending(home, "summary.json")? {
        let summary: Summary = read_json(&path, "gungraun 0.20")?;
        ensure!(
            summary.version == SUMMARY_VERSION,
            "{}: summary version {}, this program reads {SUMMARY_VERSION}",
            path.display(),
            summary.version
        );
        found.push(summary.gathered(suite, &path)?);
    }
    Ok(found)
}

/// From the profile that lies beside a summary.
fn functions(summary: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let folder = summary.parent().unwrap_or(Path::new(""));
    let entries =
        fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("callgrind.") && name.ends_with(".out") {
            return callgrind::functions(&path);
        }
    }
    bail!("{}: callgrind left no profile", folder.display())
}

impl Summary {
    fn gathered(&self, suite: &str, path: &Path) -> anyhow::Result<Gathered> {
        let benchmark = self.id.as_deref().unwrap_or(&self.function_name);
        let mut records = Vec::new();
        for (tool, metric, name, unit) in KEPT {
            let Some(profile) = self.profiles.iter().find(|profile| profile.tool == tool) else {
                continue;
            };
            let Some(value) = profile.data.total.metrics.get(metric) else {
                bail!("{}: {tool} gives no {metric}", path.display());
            };
            let mut record =
                Record::new(suite, &self.group, benchmark, name, unit, value.values.new);
            record.direction = Direction::LowerIsBetter;
            if unit == Unit::Instructions {
                record.functions = functions(path)?;
            }
            records.push(record);
        }
        let id = match &self.id {
            Some(id) => format!("{}::{id}", self.module_path),
            None => self.module_path.clone(),
        };
        ensure!(!records.is_empty(), "{}: neither callgrind nor DHAT totals", path.display());
        Ok(Gathered { id, records })
    }
}
