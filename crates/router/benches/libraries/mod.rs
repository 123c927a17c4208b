//! The libraries that are measured, in the versions that this was built with.

use super::serialization::format::Format;

const LOCK_FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));

/// The crate that reads and writes a format.
pub fn library(format: Format) -> &'static str {
    match format {
        Format::Json => "serde_json",
        Format::MessagePack => "rmp-serde",
        Format::Postcard => "postcard",
        Format::Bitcode => "bitcode",
        Format::Rkyv => "rkyv",
    }
}

/// A crate's version; none where the lock file does not have it, or has several.
pub fn version(library: &str) -> Option<&'static str> {
    let entry = format!("\nname = \"{library}\"\nversion = \"");
    let mut versions = LOCK_FILE.split(&entry).skip(1);
    let only = versions.next().filter(|_| versions.next().is_none())?;
    only.split_once('"').map(|(version, _)| version)
}
