//! Models as JSON: an error or a model, and then one that compiles or is refused.
#![no_main]

use std::path::Path;

use agent_core::{Model, Options, Profile, json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok((model, counts)) = json::parse_model(text, Path::new("fuzzed.json")) else { return };
    for profile in [Profile::Legacy, Profile::Modern] {
        let _ = Model::with_counts(&model, &counts, Options::of(profile));
    }
});
