//! What does not fit is refused with its place, its value and the mend; nothing panics.

use agent_core::{
    Agent, Array, ArrayName, GenerativeModel, Model, ModelError, Options, Profile, StepError,
    Workspace, models,
};

fn refused(change: impl FnOnce(&mut GenerativeModel, &mut Options)) -> ModelError {
    let mut model = models::tmaze(0.98);
    let mut options = Options { policy_len: 2, ..Options::of(Profile::Modern) };
    change(&mut model, &mut options);
    Model::new(&model, options).unwrap_err()
}

#[test]
fn shapes_that_do_not_fit_name_the_array_and_what_would_fit() {
    let error = refused(|model, _| model.a[1].shape = vec![3, 2, 4]);
    assert!(matches!(error, ModelError::Shape { array: ArrayName::A(1), .. }), "{error}");
    assert!(error.to_string().contains("A[1] has shape [3, 2, 4]; [3, 4, 2] would fit"), "{error}");
    let error = refused(|model, _| model.b[0].shape = vec![4, 16]);
    assert!(error.to_string().contains("B[0] has shape [4, 16]; [4, 4, 16] would fit"), "{error}");
    let error = refused(|model, _| model.c[2] = Array::vector(vec![0.0; 3]));
    assert!(error.to_string().contains("C[2]"), "{error}");
    let error = refused(|model, _| model.c[2] = Array { shape: vec![2, 3], data: vec![0.0; 6] });
    assert!(error.to_string().contains("[2, 2] would fit"), "{error}");
    let error = refused(|model, _| model.d[1].shape = vec![2, 1]);
    assert!(error.to_string().contains("D[1]"), "{error}");
    let error = refused(|model, _| model.e = Some(Array::vector(vec![0.2; 5])));
    assert!(error.to_string().contains("E has shape [5]; [16] would fit"), "{error}");
    let error = refused(|model, _| model.a[0].data.truncate(31));
    assert!(error.to_string().contains("should hold 32 elements, but holds 31"), "{error}");
    for shape in [vec![], vec![0], vec![0, 4, 2], vec![usize::MAX, 4, 2]] {
        refused(|model, _| model.a[0].shape = shape.clone());
        refused(|model, _| model.b[0].shape = shape);
    }
}

#[test]
fn values_that_are_no_probabilities_name_their_index() {
    for value in [f64::NAN, -0.1, 1.5, f64::INFINITY] {
        let error = refused(|model, _| model.b[0].data[5] = value);
        let ModelError::Value { array: ArrayName::B(0), index, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(index, [0, 1, 1]);
    }
    let error = refused(|model, _| model.c[1].data[2] = f64::NEG_INFINITY);
    assert!(error.to_string().contains("C[1][2] is -inf"), "{error}");
    let error = refused(|model, _| model.a[2].data[3] = 0.75);
    let ModelError::Sum { array: ArrayName::A(2), index, sum, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((index, sum), (vec![1, 1], 1.25));
}

#[test]
fn a_column_may_miss_one_by_the_tolerance_and_no_more() {
    let with = |excess: f64| {
        let mut model = models::tmaze(0.98);
        model.d[1] = Array::vector(vec![0.5, 0.5 + excess]);
        Model::new(&model, Options::of(Profile::Modern))
    };
    for small in [9e-7, -9e-7] {
        assert!(with(small).is_ok());
    }
    for large in [2e-6, -2e-6] {
        assert!(matches!(with(large), Err(ModelError::Sum { array: ArrayName::D(1), .. })));
    }
}

#[test]
fn lists_of_the_wrong_length_and_empty_ones_are_refused() {
    let error = refused(|model, _| model.b.truncate(1));
    assert_eq!(error.to_string(), "there are 1 arrays B, but 2 are needed, one per factor");
    assert!(matches!(refused(|model, _| model.d.clear()), ModelError::Empty { .. }));
    assert!(matches!(refused(|model, _| model.a.clear()), ModelError::Empty { .. }));
    let error = refused(|model, _| model.a_dependencies = Some(vec![vec![0, 1]]));
    assert!(matches!(error, ModelError::ArrayCount { name: "A_dependencies", .. }), "{error}");
    for wrong in [vec![0, 2], vec![0, 0], vec![]] {
        let error = refused(|model, _| {
            model.a_dependencies = Some(vec![vec![0, 1], wrong, vec![0, 1]]);
        });
        assert!(
            matches!(error, ModelError::Dependencies { array: ArrayName::A(1), .. }),
            "{error}"
        );
    }
}

#[test]
fn options_and_policies_out_of_range_are_refused() {
    for policy_len in [0, 40, usize::MAX] {
        let error = refused(|_, options| options.policy_len = policy_len);
        let fits = matches!(error, ModelError::NoPolicies | ModelError::TooLarge { .. });
        assert!(fits, "{error}");
    }
    for gamma in [f64::NAN, -1.0, f64::INFINITY] {
        let error = refused(|_, options| options.gamma = gamma);
        assert!(matches!(error, ModelError::Option { name: "gamma", .. }), "{error}");
    }
    assert_eq!(refused(|_, options| options.policies = Some(vec![])), ModelError::NoPolicies);
    let error = refused(|_, options| options.policies = Some(vec![vec![vec![0, 0], vec![4, 0]]]));
    assert_eq!(
        error.to_string(),
        "policy 0 takes action 4 for factor 0 in step 1, but that factor has 4 actions"
    );
    let uneven = vec![vec![vec![0, 0]], vec![vec![0, 0], vec![0, 0]]];
    let error = refused(|_, options| options.policies = Some(uneven));
    assert_eq!(error.to_string(), "policy 1 has 2 steps; the first policy has 1");
}

#[test]
fn a_legacy_model_too_large_to_join_is_refused() {
    let factors = 13;
    let model = GenerativeModel {
        a: vec![Array::from_fn(&[2, 4], |_| 0.5)],
        b: vec![Array::from_fn(&[4, 4, 1], |_| 0.25); factors],
        c: vec![Array::vector(vec![0.0; 2])],
        d: vec![Array::vector(vec![0.25; 4]); factors],
        e: None,
        a_dependencies: Some(vec![vec![0]]),
        b_dependencies: None,
    };
    let error = Model::new(&model, Options::of(Profile::Legacy)).unwrap_err();
    assert!(error.to_string().contains("use the modern profile"), "{error}");
    assert!(Model::new(&model, Options::of(Profile::Modern)).is_ok());
}

#[test]
fn a_refused_step_leaves_the_agent_as_it_was() {
    let model = Model::new(&models::tmaze(0.98), Options::of(Profile::Modern)).unwrap();
    let mut workspace = Workspace::new(&model);
    let mut agent = Agent::new(&model);
    agent.step(&[0, 0, 1], &mut workspace).unwrap();
    let before = agent.beliefs().to_vec();
    let error = agent.step(&[0, 3, 1], &mut workspace).unwrap_err();
    assert_eq!(error, StepError::Observation { modality: 1, found: 3, last: 2 });
    let error = agent.step(&[0, 0], &mut workspace).unwrap_err();
    assert_eq!(error, StepError::ObservationCount { found: 2, expected: 3 });
    let error = agent.set_action(&[0, 1]).unwrap_err();
    assert_eq!(error, StepError::Action { factor: 1, found: 1, last: 0 });
    let error = agent.set_action(&[0]).unwrap_err();
    assert_eq!(error, StepError::ActionCount { found: 1, expected: 2 });
    let other = Model::new(&models::grid(), Options::of(Profile::Modern)).unwrap();
    let error = agent.step(&[0, 0, 1], &mut Workspace::new(&other)).unwrap_err();
    assert_eq!(error, StepError::ForeignWorkspace);
    assert_eq!(agent.beliefs(), before);
}

#[test]
fn a_seed_decides_what_is_drawn_and_nothing_else_does() {
    use agent_core::ActionSelection::Stochastic;
    let options =
        Options { action_selection: Stochastic, alpha: 0.1, ..Options::of(Profile::Modern) };
    let model = Model::new(&models::grid(), options).unwrap();
    let lives = |seed| -> Vec<usize> {
        let mut workspace = Workspace::new(&model);
        let mut agent = Agent::with_seed(&model, seed);
        (0..50).map(|_| agent.step(&[0], &mut workspace).unwrap()[0]).collect()
    };
    assert_eq!(lives(1), lives(1));
    assert_ne!(lives(1), lives(2));
    let seen: std::collections::BTreeSet<usize> = lives(1).into_iter().collect();
    assert_eq!(seen.len(), 5, "with little precision every action is drawn: {seen:?}");
}

#[test]
fn more_actions_than_memory_holds_are_refused() {
    let factors = 300;
    let two_ways = |f: usize| if f < 20 { 2 } else { 1 };
    let model = GenerativeModel {
        a: vec![Array::from_fn(&[2, 1], |_| 0.5)],
        b: (0..factors).map(|f| Array::from_fn(&[1, 1, two_ways(f)], |_| 1.0)).collect(),
        c: vec![Array::vector(vec![0.0; 2])],
        d: vec![Array::vector(vec![1.0]); factors],
        e: None,
        a_dependencies: Some(vec![vec![0]]),
        b_dependencies: None,
    };
    let error = Model::new(&model, Options::of(Profile::Modern)).unwrap_err();
    assert!(matches!(error, ModelError::TooLarge { .. }), "{error}");
}

#[test]
fn sweeps_without_end_and_habits_of_nothing_are_refused() {
    let error = refused(|_, options| options.num_iter = usize::MAX);
    assert!(matches!(error, ModelError::Option { name: "num_iter", .. }), "{error}");
    let error = refused(|model, _| model.e = Some(Array::vector(vec![0.0; 16])));
    assert!(matches!(error, ModelError::Sum { array: ArrayName::E, sum: 0.0, .. }), "{error}");
}
