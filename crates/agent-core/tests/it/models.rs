//! The ready-made models are the golden files' models, to the bit; D to rounding.

use std::path::Path;

use agent_core::golden::GoldenFile;
use agent_core::{Array, GenerativeModel, models};

fn golden(name: &str) -> GenerativeModel {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = GoldenFile::read(&folder.join(name)).unwrap();
    file.model.generative_model(None)
}

fn assert_same(ours: &[Array], golden: &[Array]) {
    assert_eq!(ours.len(), golden.len());
    for (ours, golden) in ours.iter().zip(golden) {
        assert_eq!(ours.shape, golden.shape);
        for (x, y) in ours.data.iter().zip(&golden.data) {
            assert!((x - y).abs() < 1e-15, "{x} instead of {y}");
        }
    }
}

#[test]
fn they_are_pymdps_and_the_originals() {
    let pairs = [
        (models::tmaze(0.98), "tmaze.json"),
        (models::grid(), "grid10_layout.json"),
        (models::cue_chaining(), "cue_chaining.json"),
    ];
    for (ours, name) in pairs {
        let golden = golden(name);
        assert_same(&ours.a, &golden.a);
        assert_same(&ours.b, &golden.b);
        assert_same(&ours.c, &golden.c);
        assert_same(&ours.d, &golden.d);
    }
}
