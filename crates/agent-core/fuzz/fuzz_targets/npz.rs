//! numpy's archives: an error or arrays, and then a model that compiles or is refused.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use agent_core::{Model, Options, Profile, npz};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("fuzzed.npz");
    let _ = npz::read_trace_from(Cursor::new(bytes), path);
    if let Ok((model, counts)) = npz::read_model_from(Cursor::new(bytes), path) {
        for profile in [Profile::Legacy, Profile::Modern] {
            let _ = Model::with_counts(&model, &counts, Options::of(profile));
        }
    }
});
