//! The arrays inside an archive, whose checksums hold: what a damaged archive never comes to.
#![no_main]

use std::io::{Cursor, Write as _};
use std::path::Path;

use agent_core::{Model, Options, Profile, npz};
use libfuzzer_sys::fuzz_target;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const NAMES: [&str; 6] = ["A_0", "B_0", "C_0", "D_0", "E", "A_dependencies_0"];

fuzz_target!(|arrays: [&[u8]; 6]| {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in NAMES.iter().zip(arrays).filter(|(_, bytes)| !bytes.is_empty()) {
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    let file = archive.finish().unwrap();
    if let Ok((model, counts)) = npz::read_model_from(file, Path::new("fuzzed.npz")) {
        for profile in [Profile::Legacy, Profile::Modern] {
            let _ = Model::with_counts(&model, &counts, Options::of(profile));
        }
    }
});
