//! Arrays as numpy writes them. `tests/npz/make.py` made the files; what stands in them is written
//! out here again.

use std::path::{Path, PathBuf};

use agent_core::npz::{NpyError, NpzError, read_model, read_trace, write_model, write_trace};
use agent_core::{Array, Counts, GenerativeModel, Model, Options, Profile, Trace};
use proptest::prelude::*;

use crate::random_model::models;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npz").join(name)
}

fn array(shape: &[usize], data: &[f64]) -> Array {
    Array { shape: shape.to_vec(), data: data.to_vec() }
}

fn written_by_numpy() -> (GenerativeModel, Counts) {
    let a = vec![
        array(&[2, 2, 3], &[0.9, 0.2, 0.5, 0.5, 0.5, 0.25, 0.1, 0.8, 0.5, 0.5, 0.5, 0.75]),
        array(&[2, 2], &[0.75, 0.5, 0.25, 0.5]),
    ];
    let times_four =
        |a: &Array| array(&a.shape, &a.data.iter().map(|x| 4.0 * x).collect::<Vec<_>>());
    let counts = Counts { a: Some(a.iter().map(times_four).collect()), ..Counts::default() };
    let model = GenerativeModel {
        a,
        b: vec![
            array(&[2, 2, 2], &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]),
            array(&[3, 3, 1], &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        ],
        c: vec![array(&[2], &[0.0, 2.0]), array(&[2, 2], &[0.0, 1.0, -1.0, 0.5])],
        d: vec![array(&[2], &[0.5, 0.5]), array(&[3], &[1.0, 0.0, 0.0])],
        e: Some(array(&[4], &[0.25; 4])),
        a_dependencies: Some(vec![vec![0, 1], vec![0]]),
        b_dependencies: None,
    };
    (model, counts)
}

#[test]
fn numpys_arrays_are_read_whatever_their_order_bytes_and_types() {
    let expected = written_by_numpy();
    for name in ["plain.npz", "odd.npz"] {
        assert_eq!(read_model(&file(name)).unwrap(), expected, "{name}");
    }
    let options = Options { policy_len: 2, ..Options::of(Profile::Modern) };
    Model::with_counts(&expected.0, &expected.1, options).unwrap();
}

#[test]
fn a_trace_of_numpys_is_read() {
    let expected = Trace {
        observations: vec![vec![0, 1], vec![1, 0]],
        actions: vec![vec![1, 0], vec![0, 0]],
        qs: vec![
            vec![vec![0.5, 0.5], vec![0.25, 0.75]],
            vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]],
        ],
        q_pi: vec![vec![0.25; 4]; 2],
        neg_efe: vec![vec![-0.0, -1.0, -2.0, -3.0], vec![-4.0, -5.0, -6.0, -7.0]],
    };
    assert_eq!(read_trace(&file("trace.npz")).unwrap(), expected);
}

#[test]
fn pickled_objects_are_refused_by_name() {
    let error = read_model(&file("objects.npz")).unwrap_err();
    assert!(
        matches!(&error, NpzError::Array { name, source: NpyError::Objects, .. } if name == "A_0"),
        "{error}"
    );
    assert!(error.to_string().contains("save each of them as an array of its own"), "{error}");
}

#[test]
fn what_does_not_belong_or_is_missing_is_named() {
    let error = read_model(&file("trace.npz")).unwrap_err();
    assert!(error.to_string().contains("there is no array 'A_0'"), "{error}");
    let error = read_trace(&file("plain.npz")).unwrap_err();
    assert!(error.to_string().contains("there is no array 'observations'"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.npz");
    // A gap: A_1 is there, A_0 is not.
    let (mut model, counts) = written_by_numpy();
    model.a_dependencies = None;
    model.a.remove(0);
    write_model(&path, &model, &counts).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    while let Some(at) = bytes.windows(7).position(|name| name == b"A_0.npy") {
        bytes[at + 2] = b'1';
    }
    std::fs::write(&path, &bytes).unwrap();
    assert!(read_model(&path).unwrap_err().to_string().contains("there is no array 'A_0'"));
    let error = read_model(&file("make.py")).unwrap_err();
    assert!(matches!(error, NpzError::Archive { .. }), "{error}");
    let error = read_model(&file("none.npz")).unwrap_err();
    assert!(matches!(error, NpzError::Io { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn models_come_back_to_the_bit(model in models(1..4, 2), with_counts in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.npz");
        let counts = Counts {
            a: with_counts.then(|| model.a.clone()),
            d: with_counts.then(|| model.d.clone()),
            e: with_counts.then(|| Array::vector(vec![0.1, 1e-300])),
            ..Counts::default()
        };
        let count = model.d.len();
        let model = GenerativeModel {
            b_dependencies: Some((0..count).map(|f| vec![f]).collect()),
            ..model
        };
        write_model(&path, &model, &counts).unwrap();
        prop_assert_eq!(read_model(&path).unwrap(), (model, counts));
    }

    #[test]
    fn traces_come_back_to_the_bit(
        steps in 1_usize..5,
        numbers in proptest::collection::vec(any::<f64>().prop_filter("comparable", |x| !x.is_nan()), 30),
    ) {
        let rows = |width: usize| numbers.chunks(width).take(steps).map(<[f64]>::to_vec).collect();
        let trace = Trace {
            observations: (0..steps).map(|t| vec![t, 7]).collect(),
            actions: (0..steps).map(|t| vec![t]).collect(),
            qs: vec![rows(2), rows(3)],
            q_pi: rows(5),
            neg_efe: rows(5),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.npz");
        write_trace(&path, &trace).unwrap();
        prop_assert_eq!(read_trace(&path).unwrap(), trace);
    }
}
