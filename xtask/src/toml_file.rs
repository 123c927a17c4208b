//! What people write down as TOML.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// Reads a file; a broken one is refused with its line.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = text(path)?;
    toml::from_str(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Its text alone.
pub fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: cannot be read: {error}", path.display())))
}
