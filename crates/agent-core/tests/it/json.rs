//! Models as JSON: back to the bit, and errors that name file, line and field.

use std::path::Path;

use agent_core::json::{JsonError, parse_model, read_model, write_model};
use agent_core::{Counts, models};
use proptest::prelude::*;

use crate::random_model;

fn refused(text: &str) -> String {
    parse_model(text, Path::new("some/model.json")).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_is_named_by_file_line_and_field() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    write_model(&path, &models::tmaze(0.9), &Counts::default()).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    assert!(parse_model(&good, &path).is_ok());
    let message = refused(&good.replacen("\"shape\":[4,4,2]", "\"shape\":[4,\n-4,2]", 1));
    assert!(message.starts_with("some/model.json: in model.a[0].shape[1]: "), "{message}");
    assert!(message.contains("line 2"), "{message}");
    let message = refused(&good.replacen("\"c\":", "\"see\":", 1));
    assert!(message.contains("unknown field `see`"), "{message}");
    let message = refused(&good.replacen("\"counts\":", "\"count\":", 1));
    assert!(message.contains("unknown field `count`"), "{message}");
    assert!(refused(&good[..good.len() / 2]).contains("EOF"));
    assert!(refused(&format!("{good}{{}}")).contains("in the end"));
    assert!(refused(&"[".repeat(100_000)).contains("line 1"));
    assert!(refused(&good.replacen("0.5", "1e999", 1)).contains("out of range"));
    let missing = read_model(&folder.path().join("none.json")).unwrap_err();
    assert!(matches!(missing, JsonError::Io { .. }), "{missing}");
}

#[test]
fn a_number_that_json_cannot_hold_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let mut model = models::tmaze(0.9);
    model.c[1].data[2] = f64::NEG_INFINITY;
    let error = write_model(&path, &model, &Counts::default()).unwrap_err();
    assert!(error.to_string().contains("model.c[1].data[2] is -inf"), "{error}");
    assert!(!path.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn models_come_back_to_the_bit(model in random_model::models(1..4, 2)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.json");
        let counts = Counts { b: Some(model.b.clone()), ..Counts::default() };
        write_model(&path, &model, &counts).unwrap();
        prop_assert_eq!(read_model(&path).unwrap(), (model, counts));
    }
}
