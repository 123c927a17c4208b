//! The records a `report_*` target wrote as JSON lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use measure::Record;

use super::Gathered;

/// Reads a file of records; a last line without its end, from a killed target, is left out.
pub fn gather(suite: &str, path: &Path) -> anyhow::Result<Vec<Gathered>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut found: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for (index, line) in complete.lines().enumerate() {
        let place = || format!("{}:{}", path.display(), index + 1);
        let record: Record =
            serde_json::from_str(line).with_context(|| format!("{}: not a record", place()))?;
        ensure!(
            record.suite == suite,
            "{}: a record of suite '{}' from a target of '{suite}'",
            place(),
            record.suite
        );
        found.entry(format!("{}/{}", record.group, record.benchmark)).or_default().push(record);
    }
    Ok(found.into_iter().map(|(id, records)| Gathered { id, records }).collect())
}
