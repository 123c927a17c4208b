//! Files that were damaged: an error or another model, never a panic.

use std::fs;
#[cfg(feature = "npz")]
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use agent_core::golden::{GoldenFile, replay};
use agent_core::{Model, Options, Profile, json};
use proptest::prelude::*;
use serde_json::{Value, json};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Changes, removes or adds bytes at some places.
fn damage(bytes: &mut Vec<u8>, places: &[(usize, u8)]) {
    for (place, byte) in places {
        if bytes.is_empty() {
            return;
        }
        let at = place % bytes.len();
        match place / 7 % 4 {
            0 => bytes.truncate(at),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, *byte),
            _ => bytes[at] = *byte,
        }
    }
}

/// Puts something else in place of some value inside.
fn upset(value: &mut Value, mut path: usize, with: &Value) {
    let mut value = value;
    loop {
        let length = match value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        };
        if length == 0 || path.is_multiple_of(5) {
            *value = with.clone();
            return;
        }
        let next = path % length;
        path /= length.max(2);
        value = match value {
            Value::Array(list) => &mut list[next],
            Value::Object(map) => match map.values_mut().nth(next) {
                Some(inner) => inner,
                None => return,
            },
            _ => return,
        };
    }
}

fn something() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!(-1)),
        Just(json!(0)),
        Just(json!(u64::MAX)),
        Just(json!(1e300)),
        Just(json!("MMP")),
        Just(json!([1_u64 << 63, 1_u64 << 63])),
        Just(json!({ "shape": [u64::MAX, 2], "data": [] })),
        Just(json!({ "shape": [], "data": [] })),
        Just(json!({ "shape": [2, 2], "data": [0.5, 0.5, 0.5, 0.5] })),
        Just(json!([[0], [0, 1], [7]])),
    ]
}

/// Reads a golden file and replays what is in it.
fn use_golden(text: &str) {
    if let Ok(file) = GoldenFile::parse(text, Path::new("golden.json")) {
        for (name, run) in &file.runs {
            let _ = replay(&file, name, run);
        }
    }
}

fn use_model(text: &str) {
    if let Ok((model, counts)) = json::parse_model(text, Path::new("model.json")) {
        for profile in [Profile::Legacy, Profile::Modern] {
            let _ = Model::with_counts(&model, &counts, Options::of(profile));
        }
    }
}

fn model_text() -> String {
    let golden = GoldenFile::read(&file("generated/plain_6.json")).unwrap();
    let model = golden.model.generative_model(None);
    json!({ "model": model, "counts": golden.model.counts(None) }).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn damaged_bytes_are_refused_or_read(
        places in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        golden in prop_oneof![Just("zeros_3"), Just("adeps_3"), Just("horizon_1")],
    ) {
        let mut bytes = fs::read(file(&format!("generated/{golden}.json"))).unwrap();
        damage(&mut bytes, &places);
        use_golden(&String::from_utf8_lossy(&bytes));
        let mut bytes = model_text().into_bytes();
        damage(&mut bytes, &places);
        use_model(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn damaged_structure_is_refused_or_read(
        paths in proptest::collection::vec((any::<usize>(), something()), 1..4),
        golden in prop_oneof![Just("zeros_3"), Just("adeps_3"), Just("horizon_1")],
    ) {
        let text = fs::read_to_string(file(&format!("generated/{golden}.json"))).unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        let mut model: Value = serde_json::from_str(&model_text()).unwrap();
        for (path, with) in &paths {
            let part = ["model", "model", "options", "policies", "runs"][path % 5];
            upset(&mut value[part], path / 5, with);
            upset(&mut model["model"], *path, with);
        }
        use_golden(&value.to_string());
        use_model(&model.to_string());
    }

    #[cfg(feature = "npz")]
    #[test]
    fn damaged_archives_are_refused_or_read(
        places in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        name in prop_oneof![Just("plain"), Just("odd"), Just("trace")],
    ) {
        let mut bytes = fs::read(file(&format!("npz/{name}.npz"))).unwrap();
        damage(&mut bytes, &places);
        use_archive(&bytes);
    }

    /// With checksums that fit, so that the damage comes to what reads the arrays.
    #[cfg(feature = "npz")]
    #[test]
    fn damaged_arrays_are_refused_or_read(
        places in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        name in prop_oneof![Just("plain"), Just("odd"), Just("trace")],
        which in any::<usize>(),
    ) {
        let whole = fs::File::open(file(&format!("npz/{name}.npz"))).unwrap();
        let mut archive = zip::ZipArchive::new(whole).unwrap();
        let mut damaged = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let which = which % archive.len();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if index == which {
                // The header is what is hard to read.
                bytes.truncate(128 + bytes.len() % 64);
                damage(&mut bytes, &places);
            }
            let options = zip::write::SimpleFileOptions::default();
            let stored = options.compression_method(zip::CompressionMethod::Stored);
            damaged.start_file(entry.name().unwrap(), stored).unwrap();
            damaged.write_all(&bytes).unwrap();
        }
        use_archive(damaged.finish().unwrap().get_ref());
    }
}

#[cfg(feature = "npz")]
fn use_archive(bytes: &[u8]) {
    let path = Path::new("damaged.npz");
    let _ = agent_core::npz::read_model_from(Cursor::new(bytes), path);
    let _ = agent_core::npz::read_trace_from(Cursor::new(bytes), path);
}
