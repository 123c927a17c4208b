use std::fs;
use std::path::Path;
use std::process::Command;

use jsonschema::Validator;
use measure::{Record, Run, RunFileError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::runs;

/// The published schema, or a part of it.
fn schema(part: &str) -> Validator {
    let text = include_str!("../../schema/run-2.schema.json");
    let mut schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    if !part.is_empty() {
        schema = json!({ "$ref": part, "$defs": schema["$defs"] });
    }
    jsonschema::draft202012::new(&schema).unwrap()
}

fn parse(document: &Value) -> Result<Run, RunFileError> {
    Run::parse(&format!("{document:#}"), Path::new("results/run.json"))
}

fn full() -> Value {
    serde_json::to_value(runs::full()).unwrap()
}

/// JSON pointers to everything within a document, itself first.
fn pointers(value: &Value, here: String, found: &mut Vec<String>) {
    found.push(here.clone());
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| pointers(value, format!("{here}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, item)| pointers(item, format!("{here}/{i}"), found));
        }
        _ => {}
    }
}

fn pointers_of(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    pointers(document, String::new(), &mut found);
    found
}

/// The document is refused by the schema and by `Run::parse`, which names the file, the line and
/// this word.
#[track_caller]
fn assert_refused(schema: &Validator, document: &Value, at: &str, word: &str) {
    assert!(!schema.is_valid(document), "{at}: the schema takes it");
    let error = match parse(document) {
        Err(error @ RunFileError::Malformed { line: 1.., .. }) => error.to_string(),
        other => panic!("{at}: {other:?}"),
    };
    assert!(error.starts_with("results/run.json:"), "{at}: {error}");
    assert!(error.contains(word), "{at}: {error}");
}

#[test]
fn a_run_with_every_field_is_of_the_schema() {
    let document = full();
    schema("").validate(&document).unwrap();
    assert_eq!(parse(&document).unwrap(), runs::full());
    // Were a field null or left out, the tests below would not try it.
    let empty = |at: &String| document.pointer(at).is_none_or(|value| *value == Value::Null);
    assert!(!pointers_of(&document).iter().any(empty));
}

/// Exactly these may be left out; without any other both the program and the schema refuse.
#[test]
fn a_run_without_a_required_field_is_refused() {
    const OPTIONAL: &str = "
        /machine/cores /machine/cpu_model /machine/governor /machine/is_virtual /machine/kernel
        /machine/memory_bytes /noise/after /noise/after/load /noise/after/preemptions
        /noise/after/steal /noise/before /noise/before/load /noise/before/preemptions /noise/before/steal
        /records/0/interval /records/0/parameters /records/0/parameters/agents
        /records/0/percentiles /records/0/percentiles/p999 /records/0/summary /selection
        /selection/filter /selection/only /source/branch /source/commit /suites/0/remarks
        /suites/0/usage/memory/measured/oom_kills
        /suites/0/usage/pressure/measured/cpu/measured/full
        /suites/0/usage/pressure/measured/io/measured/full
        /suites/0/usage/pressure/measured/memory/measured/full
        /toolchain/libc /toolchain/rustc /toolchain/valgrind";
    let schema = schema("");
    let document = full();
    let mut optional = Vec::new();
    for at in pointers_of(&document) {
        let Some((parent, field)) = at.rsplit_once('/') else { continue };
        let mut broken = document.clone();
        let Some(Value::Object(fields)) = broken.pointer_mut(parent) else { continue };
        fields.remove(field);
        if parse(&broken).is_ok() {
            assert!(schema.is_valid(&broken), "{at}: the schema requires it");
            optional.push(at);
        } else {
            // The tag of a source is no field; what is named is the source.
            let word = if field == "measured" { parent.rsplit('/').next() } else { Some(field) };
            assert_refused(&schema, &broken, &at, word.unwrap());
        }
    }
    optional.sort();
    assert_eq!(optional, OPTIONAL.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn a_field_that_nobody_knows_is_refused() {
    let schema = schema("");
    let document = full();
    for at in pointers_of(&document) {
        let mut broken = document.clone();
        let Some(Value::Object(fields)) = broken.pointer_mut(&at) else { continue };
        fields.insert("zest".into(), Value::Bool(true));
        // Two variants of a source at once, not an unknown field of one.
        let word = if fields.contains_key("measured") { "" } else { "zest" };
        assert_refused(&schema, &broken, &at, word);
    }
}

#[test]
fn a_field_of_another_type_is_refused() {
    let schema = schema("");
    let document = full();
    for at in pointers_of(&document) {
        let mut broken = document.clone();
        let Some(value) = broken.pointer_mut(&at) else { continue };
        *value = match value {
            Value::Bool(_) => json!("true"),
            Value::Number(_) => json!("1"),
            _ => json!(1),
        };
        let field =
            at.rsplit('/').find(|part| part.parse::<usize>().is_err() && *part != "measured");
        assert_refused(&schema, &broken, &at, field.unwrap_or(""));
    }
}

#[test]
fn a_missing_source_is_of_the_schema() {
    let schema = schema("");
    for source in ["cpu", "scheduler", "memory", "disk", "network", "pressure"] {
        let mut document = full();
        document["suites"][0]["usage"][source] = json!({ "missing": "/proc/x: not there" });
        schema.validate(&document).unwrap();
        let run = parse(&document).unwrap();
        assert_eq!(serde_json::to_value(run).unwrap(), document);
    }
}

#[test]
fn a_newer_run_is_refused_as_newer_whatever_it_holds() {
    let document = json!({ "schema": 3, "holds": "what nobody knows yet" });
    assert!(!schema("").is_valid(&document));
    assert_eq!(
        parse(&document).unwrap_err().to_string(),
        "results/run.json: schema 3 is newer than this program, which reads up to 2; update the \
         checkout to read it"
    );
}

#[test]
fn a_truncated_run_is_refused_where_it_ends() {
    let text = format!("{:#}", full());
    for length in (0..text.len()).step_by(41) {
        let cut = &text[..length];
        match Run::parse(cut, Path::new("run.json")) {
            // A text that ends with a line ends on that line.
            Err(RunFileError::Malformed { line, .. }) => {
                assert_eq!(line, cut.matches('\n').count() + 1, "{cut}");
            }
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    let twice = format!("{text}\n{text}");
    assert!(matches!(Run::parse(&twice, Path::new("")), Err(RunFileError::Malformed { .. })));
}

#[test]
fn a_wrong_value_is_named_by_its_place() {
    let mut document = full();
    document["records"][0]["summary"]["outliers"]["low_mild"] = json!(-1);
    let error = parse(&document).unwrap_err().to_string();
    assert!(error.contains("records[0].summary.outliers.low_mild: invalid value"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_run_is_of_the_schema_and_reads_back_the_same(run in runs::any_run()) {
        let text = serde_json::to_string(&run).unwrap();
        prop_assert_eq!(Run::parse(&text, Path::new("run.json")).unwrap(), run);
        let document = serde_json::from_str(&text).unwrap();
        prop_assert!(schema("").validate(&document).is_ok(), "{}", text);
    }

    #[test]
    fn any_record_is_of_its_schema(record in runs::any_record()) {
        let document = serde_json::to_value(&record).unwrap();
        prop_assert!(schema("#/$defs/record").validate(&document).is_ok(), "{}", document);
        prop_assert_eq!(serde_json::from_value::<Record>(document).unwrap(), record);
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    runs::full().write(&path).unwrap();
    assert_eq!(Run::read(&path).unwrap(), runs::full());
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["run.json"]);

    let missing = folder.path().join("none.json");
    let error = Run::read(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot be read: ", missing.display())), "{error}");
}

/// The new file takes the name; whoever had the old one open still reads all of it.
#[test]
fn writing_replaces_the_file_and_not_its_content() {
    use std::io::Read as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    fs::write(&path, "old").unwrap();
    let mut reader = fs::File::open(&path).unwrap();
    runs::full().write(&path).unwrap();
    let mut read = String::new();
    reader.read_to_string(&mut read).unwrap();
    assert_eq!(read, "old");
    assert_eq!(Run::read(&path).unwrap(), runs::full());
}

#[test]
fn a_taken_name_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    assert!(runs::full().write_new(&path).unwrap());
    let other = Run { id: "another".into(), ..runs::full() };
    assert!(!other.write_new(&path).unwrap());
    assert_eq!(Run::read(&path).unwrap(), runs::full());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_place_that_takes_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, kept) = (folder.path().join("file"), folder.path().join("kept"));
    fs::write(&file, "old").unwrap();
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("run.json"), "old").unwrap();
    for path in [file.join("run.json"), folder.path().join("none/run.json"), kept.clone()] {
        let error = runs::full().write(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: cannot be written: ", path.display())), "{error}");
        assert!(error.ends_with("; nothing was changed there"), "{error}");
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "old");
    assert_eq!(fs::read_to_string(kept.join("run.json")).unwrap(), "old");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

/// A run file is not only for who ran the suites, as a temporary file is.
#[cfg(unix)]
#[test]
fn others_may_read_a_run_file_as_any_other() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (run, plain) = (folder.path().join("run.json"), folder.path().join("plain"));
    runs::full().write(&run).unwrap();
    fs::write(&plain, "").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(run), mode(plain));
}

/// Where the disk is full: a process of this test that may write no file of more than 512 bytes.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file() {
    const PATH: &str = "MEASURE_TEST_FULL_DISK";
    if let Some(path) = std::env::var_os(PATH) {
        let written = runs::full().write(Path::new(&path));
        assert!(matches!(written, Err(RunFileError::Write { .. })), "{written:?}");
        let written = runs::full().write_new(Path::new(&path));
        assert!(matches!(written, Err(RunFileError::Write { .. })), "{written:?}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    fs::write(&path, "old").unwrap();
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "run_file::a_full_disk_leaves_the_old_file"])
        .env(PATH, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}
