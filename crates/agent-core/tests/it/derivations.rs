//! Inference and planning against what follows from their definitions, computed naively.

use agent_core::{Agent, Array, GenerativeModel, Model, Options, Profile, Workspace};
use proptest::prelude::*;

use crate::random_model::{at, indices, models};

const STEPS: usize = 2;

fn options(profile: Profile) -> Options {
    Options { policy_len: STEPS, gamma: 1.5, ..Options::of(profile) }
}

/// Every joint state of factors with these beliefs, with its probability.
fn joint(qs: &[Vec<f64>]) -> Vec<(Vec<usize>, f64)> {
    let lengths: Vec<usize> = qs.iter().map(Vec::len).collect();
    indices(&lengths)
        .into_iter()
        .map(|states| {
            let p = states.iter().zip(qs).map(|(s, q)| q[*s]).product();
            (states, p)
        })
        .collect()
}

fn likelihood(a: &Array, o: usize, states: &[usize]) -> f64 {
    at(a, &[&[o], states].concat())
}

/// What one step of a policy is worth by the definition: expected utility, plus the mutual
/// information between states and outcomes; over all modalities together (legacy), or summed
/// over them (modern).
fn step_value(
    model: &GenerativeModel,
    qs: &[Vec<f64>],
    step: usize,
    profile: Profile,
) -> (f64, f64) {
    let states = joint(qs);
    let mut utility = 0.0;
    let mut information = 0.0;
    for (a, c) in model.a.iter().zip(&model.c) {
        let normaliser = match profile {
            Profile::Legacy => (0..a.shape[0]).map(|o| at(c, &[o, step]).exp()).sum::<f64>().ln(),
            Profile::Modern => 0.0,
        };
        for o in 0..a.shape[0] {
            let p: f64 = states.iter().map(|(s, q)| q * likelihood(a, o, s)).sum();
            utility += p * (at(c, &[o, step]) - normaliser);
            if profile == Profile::Modern {
                for (s, q) in &states {
                    let l = likelihood(a, o, s);
                    information += q * l * (l / p).ln();
                }
            }
        }
    }
    if profile == Profile::Legacy {
        let outcomes: Vec<usize> = model.a.iter().map(|a| a.shape[0]).collect();
        for outcome in indices(&outcomes) {
            let of = |s: &[usize]| -> f64 {
                model.a.iter().zip(&outcome).map(|(a, o)| likelihood(a, *o, s)).product()
            };
            let p: f64 = states.iter().map(|(s, q)| q * of(s)).sum();
            information += states.iter().map(|(s, q)| q * of(s) * (of(s) / p).ln()).sum::<f64>();
        }
    }
    (utility, information)
}

fn predicted(model: &GenerativeModel, qs: &[Vec<f64>], action: &[usize]) -> Vec<Vec<f64>> {
    let factors = model.b.iter().zip(qs).zip(action);
    factors
        .map(|((b, q), u)| {
            (0..q.len()).map(|to| (0..q.len()).map(|s| at(b, &[to, s, *u]) * q[s]).sum()).collect()
        })
        .collect()
}

fn by_factor(model: &Model, beliefs: &[f64]) -> Vec<Vec<f64>> {
    (0..model.factors()).map(|f| beliefs[model.states_of(f)].to_vec()).collect()
}

fn assert_close(got: f64, expected: f64, tolerance: f64) -> Result<(), TestCaseError> {
    prop_assert!((got - expected).abs() < tolerance, "{got} instead of {expected}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// With one factor the posterior is Bayes' rule, and its free energy is surprise.
    #[test]
    fn one_factor_is_bayes_rule(model in models(1..2, STEPS), seed in 0_usize..100) {
        for profile in [Profile::Legacy, Profile::Modern] {
            let compiled = Model::new(&model, options(profile)).unwrap();
            let mut agent = Agent::new(&compiled);
            let mut workspace = Workspace::new(&compiled);
            let observation: Vec<usize> = model.a.iter().map(|a| seed % a.shape[0]).collect();
            agent.infer_states(&observation, &mut workspace).unwrap();
            let weights: Vec<f64> = (0..model.d[0].data.len())
                .map(|s| {
                    let seen = model.a.iter().zip(&observation);
                    model.d[0].data[s] * seen.map(|(a, o)| at(a, &[*o, s])).product::<f64>()
                })
                .collect();
            let evidence: f64 = weights.iter().sum();
            for (q, weight) in agent.qs(0).iter().zip(&weights) {
                assert_close(*q, weight / evidence, 1e-12)?;
            }
            assert_close(workspace.free_energy(), -evidence.ln(), 1e-12)?;
        }
    }

    /// The value of every policy is what its definition says, step by step.
    #[test]
    fn policies_are_worth_what_the_definition_says(
        model in models(1..4, STEPS),
        seed in 0_usize..100,
    ) {
        for profile in [Profile::Legacy, Profile::Modern] {
            let compiled = Model::new(&model, options(profile)).unwrap();
            let mut agent = Agent::new(&compiled);
            let mut workspace = Workspace::new(&compiled);
            let observation: Vec<usize> = model.a.iter().map(|a| seed % a.shape[0]).collect();
            agent.infer_states(&observation, &mut workspace).unwrap();
            agent.infer_policies(&mut workspace).unwrap();
            let present = by_factor(&compiled, agent.beliefs());
            let mut weights = Vec::new();
            for (number, policy) in compiled.policies().to_list().iter().enumerate() {
                let (mut utility, mut information) = (0.0, 0.0);
                let mut qs = present.clone();
                for (step, action) in policy.iter().enumerate() {
                    qs = predicted(&model, &qs, action);
                    let value = step_value(&model, &qs, step, profile);
                    utility += value.0;
                    information += value.1;
                }
                assert_close(workspace.utility()[number], utility, 1e-9)?;
                // Legacy pymdp adds e^-16 inside one logarithm and 1e-16 inside the other.
                let tolerance = if profile == Profile::Legacy { 1e-4 } else { 1e-9 };
                assert_close(workspace.states_info_gain()[number], information, tolerance)?;
                weights.push(workspace.neg_efe()[number] * 1.5);
            }
            let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = weights.iter().map(|w| (w - largest).exp()).sum();
            for (q, weight) in workspace.q_pi().iter().zip(&weights) {
                assert_close(*q, (weight - largest).exp() / total, 1e-12)?;
            }
        }
    }

    /// Where each modality sees one factor only, mean field is exact: each factor by itself.
    #[test]
    fn separate_factors_are_inferred_apart(
        first in models(1..2, STEPS),
        second in models(1..2, STEPS),
        seed in 0_usize..100,
    ) {
        let both = GenerativeModel {
            a: vec![first.a[0].clone(), second.a[0].clone()],
            b: vec![first.b[0].clone(), second.b[0].clone()],
            c: vec![first.c[0].clone(), second.c[0].clone()],
            d: vec![first.d[0].clone(), second.d[0].clone()],
            e: None,
            a_dependencies: Some(vec![vec![0], vec![1]]),
            b_dependencies: None,
        };
        for profile in [Profile::Legacy, Profile::Modern] {
            let compiled = Model::new(&both, options(profile)).unwrap();
            let mut agent = Agent::new(&compiled);
            let mut workspace = Workspace::new(&compiled);
            let observation = [seed % both.a[0].shape[0], seed / 7 % both.a[1].shape[0]];
            agent.infer_states(&observation, &mut workspace).unwrap();
            for (f, outcome) in observation.into_iter().enumerate() {
                let weights: Vec<f64> = (0..both.d[f].data.len())
                    .map(|s| both.d[f].data[s] * at(&both.a[f], &[outcome, s]))
                    .collect();
                let total: f64 = weights.iter().sum();
                for (q, weight) in agent.qs(f).iter().zip(&weights) {
                    assert_close(*q, weight / total, 1e-9)?;
                }
            }
        }
    }
}
