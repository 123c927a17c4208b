//! From what a harness leaves behind to records: one file per harness.

mod callgrind;
pub mod criterion;
pub mod gungraun;
pub mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use measure::Record;
use serde::de::DeserializeOwned;

/// The figures of one benchmark, under the name its target lists it by.
#[derive(Debug)]
pub struct Gathered {
    pub id: String,
    pub records: Vec<Record>,
}

/// Parameters of a benchmark id, as in `agents=10,threads=2`; a bare word is a `value`.
fn parameters(text: &str) -> BTreeMap<String, String> {
    text.split(',')
        .map(|part| part.split_once('=').unwrap_or(("value", part)))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Every file under `home` whose path ends in `name`, sorted; none if there is no such folder.
pub fn files_ending(home: &Path, name: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![home.to_owned()];
    while let Some(folder) = pending.pop() {
        if !folder.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("{}: cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.ends_with(name) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a JSON file that a harness wrote.
fn read_json<T: DeserializeOwned>(path: &Path, writer: &str) -> anyhow::Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{}: not what {writer} writes", path.display()))
}
