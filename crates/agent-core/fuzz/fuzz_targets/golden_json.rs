//! Golden files: whatever the bytes are, an error or a replay, no panic.
#![no_main]

use std::path::Path;

use agent_core::golden::{GoldenFile, replay};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(file) = GoldenFile::parse(text, Path::new("fuzzed.json")) else { return };
    for (name, run) in &file.runs {
        let _ = replay(&file, name, run);
    }
});
