//! What learners learn, where golden runs say nothing: zeros, forgetting, C, D, E, missing evidence.

use agent_core::{
    Agent, Array, Counts, Evidence, GenerativeModel, Learner, Model, ModelError, Options, Profile,
    Rates, StepError, StructuralZeros, Workspace, models,
};

fn options(profile: Profile) -> Options {
    Options { policy_len: 2, ..Options::of(profile) }
}

fn walk(learner: &mut Learner, steps: usize) {
    for t in 0..steps {
        let location = if t % 3 == 0 { 0 } else { 3 };
        learner.step(&[location, 0, t % 2]).unwrap();
    }
}

#[test]
fn the_impossible_stays_impossible_in_both_profiles() {
    for profile in [Profile::Legacy, Profile::Modern] {
        let model = models::tmaze(0.9);
        let rates = Rates { a: Some(1.0), b: Some(0.5), d: Some(1.0), ..Rates::default() };
        let mut learner =
            Learner::new(model.clone(), Counts::default(), rates, options(profile)).unwrap();
        walk(&mut learner, 12);
        learner.end_episode().unwrap();
        let learned = learner.generative_model();
        let pairs = [(&model.a, &learned.a), (&model.b, &learned.b), (&model.d, &learned.d)];
        let mut changed = 0;
        for (before, after) in pairs {
            for (before, after) in before.iter().zip(after) {
                for (before, after) in before.data.iter().zip(&after.data) {
                    assert_eq!(*before == 0.0, *after == 0.0, "{before} became {after}");
                    changed += usize::from(before != after);
                }
            }
        }
        assert!(changed > 0, "nothing was learned");
    }
}

/// What is precomputed depends on which factors a likelihood really depends on.
#[test]
fn a_likelihood_may_come_to_depend_on_more_factors() {
    for profile in [Profile::Legacy, Profile::Modern] {
        let blind = Array::from_fn(&[3, 2, 4], |_| 1.0 / 3.0);
        let factor = |states: usize| {
            Array::from_fn(&[states, states, 2], |i| {
                f64::from(u8::from((i[1] + i[2]) % states == i[0]))
            })
        };
        let model = GenerativeModel {
            a: vec![blind],
            b: vec![factor(2), factor(4)],
            c: vec![Array::vector(vec![0.0, 1.0, 2.0])],
            d: vec![Array::vector(vec![0.7, 0.3]), Array::vector(vec![0.1, 0.2, 0.3, 0.4])],
            e: None,
            a_dependencies: None,
            b_dependencies: None,
        };
        let rates = Rates { a: Some(1.0), ..Rates::default() };
        let mut learner = Learner::new(model, Counts::default(), rates, options(profile)).unwrap();
        learner.step(&[1]).unwrap();
        // What it saw told it nothing, so the same beliefs come from seeing nothing.
        let learned = Model::new(learner.generative_model(), options(profile)).unwrap();
        let (mut agent, mut workspace) = (Agent::new(&learned), Workspace::new(&learned));
        agent.infer_states_from(&[Evidence::Missing], &mut workspace).unwrap();
        agent.infer_policies(&mut workspace).unwrap();
        let pairs = workspace.neg_efe().iter().zip(learner.workspace().neg_efe());
        for (expected, got) in pairs {
            assert!((expected - got).abs() < 1e-12, "{profile:?}: {got} instead of {expected}");
        }
        learner.step(&[2]).unwrap();
    }
}

#[test]
fn counts_grow_by_the_rate_per_observation_and_forgetting_bounds_them() {
    let rates = |forgetting| Rates { a: Some(0.5), forgetting, ..Rates::default() };
    // Every cell of the grid can be seen as any kind: nothing is lost to zeros.
    let total = |forgetting, steps| {
        let options = Options::of(Profile::Modern);
        let counts = Counts::default();
        let mut learner = Learner::new(models::grid(), counts, rates(forgetting), options).unwrap();
        let sum = |learner: &Learner| -> f64 {
            learner.counts().a.iter().flatten().next().unwrap().data.iter().sum()
        };
        let before = sum(&learner);
        for t in 0..steps {
            learner.step(&[t % 5]).unwrap();
        }
        (before, sum(&learner))
    };
    let (before, after) = total(0.0, 10);
    assert!((after - before - 10.0 * 0.5).abs() < 1e-9, "{before} {after}");
    // What is forgotten and what is added balance at rate / forgetting.
    let (_, after) = total(0.2, 200);
    assert!((after - 0.5 / 0.2).abs() < 1e-6, "{after}");
}

#[test]
fn what_is_met_is_preferred_and_what_is_done_becomes_a_habit() {
    let rates = Rates { c: Some(1.0), e: Some(1.0), ..Rates::default() };
    let mut learner =
        Learner::new(models::tmaze(0.9), Counts::default(), rates, options(Profile::Modern))
            .unwrap();
    for _ in 0..20 {
        learner.step(&[0, 0, 1]).unwrap();
    }
    let learned = learner.generative_model();
    let probability = |log: f64| log.exp();
    // 20 sights of the second cue and one prior count, half of it for each.
    assert!((probability(learned.c[2].data[1]) - 20.5 / 21.0).abs() < 1e-9, "{:?}", learned.c);
    let habits = &learned.e.as_ref().unwrap().data;
    assert!((habits.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let counts = learner.counts().e.as_ref().unwrap();
    assert!((counts.data.iter().sum::<f64>() - 21.0).abs() < 1e-9);
}

#[test]
fn a_modality_that_is_not_seen_teaches_nothing() {
    let rates = Rates { a: Some(1.0), c: Some(1.0), ..Rates::default() };
    let model = models::tmaze(0.9);
    let mut learner =
        Learner::new(model.clone(), Counts::default(), rates, options(Profile::Modern)).unwrap();
    learner
        .perceive(&[Evidence::Outcome(0), Evidence::Missing, Evidence::Distribution(&[0.25, 0.75])])
        .unwrap();
    assert_eq!(learner.counts().a.as_ref().unwrap()[1], model.a[1]);
    assert_eq!(learner.generative_model().c[1], model.c[1]);
    let soft = &learner.counts().c.as_ref().unwrap()[2].data;
    assert_eq!(soft[..], [0.75, 1.25]);
}

#[test]
fn what_was_impossible_can_be_learned_where_zeros_count() {
    let model = models::tmaze(0.9);
    let rates = Rates { a: Some(1.0), zeros: StructuralZeros::Count, ..Rates::default() };
    let mut learner =
        Learner::new(model.clone(), Counts::default(), rates, options(Profile::Modern)).unwrap();
    // D says for sure that it is at the centre; there, A says, no reward is seen.
    learner.perceive(&[Evidence::Outcome(0), Evidence::Outcome(1), Evidence::Outcome(0)]).unwrap();
    let at = |array: &Array, outcome: usize| array.data[outcome * array.columns()];
    assert_eq!(at(&model.a[1], 1), 0.0);
    let (learned, counts) = (learner.generative_model(), learner.counts());
    let counted = at(&counts.a.as_ref().unwrap()[1], 1);
    assert!((counted - 0.5).abs() < 1e-6, "{counted}");
    // Beside the one count of the outcome that the model held to be sure.
    assert!((at(&learned.a[1], 1) - counted / 1.5).abs() < 1e-6);
    // What was never counted either is not quite impossible.
    let never = at(&learned.a[1], 2);
    assert!(never > 0.0 && never < 1e-15, "{never}");
}

#[test]
fn a_distribution_without_counts_cannot_be_learned() {
    let model = models::tmaze(0.9);
    let mut pa = model.a.clone();
    for outcome in 0..2 {
        pa[2].data[outcome * 8 + 3] = 0.0;
    }
    let counts = Counts { a: Some(pa), ..Counts::default() };
    let new = |zeros| {
        let rates = Rates { a: Some(1.0), zeros, ..Rates::default() };
        Learner::new(model.clone(), counts.clone(), rates, options(Profile::Modern))
    };
    let error = new(StructuralZeros::Keep).unwrap_err();
    assert!(error.to_string().starts_with("pA[2]: the counts at [1, 1] are all 0;"), "{error}");
    assert!(new(StructuralZeros::Count).is_ok());
}

#[test]
fn rates_counts_and_evidence_that_make_no_sense_are_refused() {
    let model = models::tmaze(0.9);
    let new = |counts: Counts, rates: Rates| {
        Learner::new(model.clone(), counts, rates, options(Profile::Modern)).map(|_| ())
    };
    let error = new(Counts::default(), Rates { a: Some(-1.0), ..Rates::default() }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the option rate of A is -1; a learning rate is finite and not negative"
    );
    let error = new(Counts::default(), Rates { forgetting: 1.0, ..Rates::default() }).unwrap_err();
    assert!(error.to_string().starts_with("the option forgetting is 1;"), "{error}");
    let counts = Counts { d: Some(vec![Array::vector(vec![1.0; 4])]), ..Counts::default() };
    let error = new(counts, Rates::default()).unwrap_err();
    assert_eq!(error.to_string(), "there are 1 arrays pD, but 2 are needed, one per array counted");
    let mut pa = model.a.clone();
    pa[2].data[5] = f64::NAN;
    let error = new(Counts { a: Some(pa), ..Counts::default() }, Rates::default()).unwrap_err();
    assert!(matches!(error, ModelError::Value { .. }), "{error}");
    assert!(error.to_string().starts_with("pA[2][0, 2, 1] is NaN;"), "{error}");

    let mut learner =
        Learner::new(model, Counts::default(), Rates::default(), options(Profile::Modern)).unwrap();
    let evidence = [Evidence::Outcome(0), Evidence::Missing, Evidence::Distribution(&[0.9, 0.3])];
    let before = learner.agent().beliefs().to_vec();
    let error = learner.perceive(&evidence).unwrap_err();
    assert!(matches!(error, StepError::Evidence { modality: 2, .. }), "{error}");
    assert_eq!(learner.agent().beliefs(), before);
}
