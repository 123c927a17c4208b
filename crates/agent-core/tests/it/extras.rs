//! Parity with pymdp 1.0.4 in what golden runs do not cover: stochastic selection, smoothing, soft
//! evidence, several action dimensions and sophisticated inference.

use std::path::{Path, PathBuf};

use agent_core::golden::GoldenFile;
use agent_core::sequence::{SequenceModel, smooth};
use agent_core::sophisticated::{self, TreeSearch};
use agent_core::{
    ActionSelection, Agent, Array, Controls, Evidence, GenerativeModel, Model, Options, Profile,
    Sampling, Workspace,
};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn extras(kind: &str) -> Value {
    let text = std::fs::read_to_string(folder().join("extras/modern_extras.json")).unwrap();
    let mut all: Value = serde_json::from_str(&text).unwrap();
    all[kind].take()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// The generative model of a golden file.
fn golden(name: &Value) -> GenerativeModel {
    let name: String = read(name);
    let file = GoldenFile::read(&folder().join(format!("golden/{name}.json"))).unwrap();
    file.model.generative_model(None)
}

/// The same without habits.
fn without_habits(name: &Value) -> GenerativeModel {
    GenerativeModel { e: None, ..golden(name) }
}

fn assert_close(got: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= tolerance, "{what}: {got} instead of {expected}");
    }
}

#[test]
fn drawn_actions_have_the_probabilities_of_pymdp() {
    for case in extras("stochastic_selection").as_array().unwrap() {
        let sampling = match case["sampling_mode"].as_str().unwrap() {
            "marginal" => Sampling::Marginal,
            _ => Sampling::Full,
        };
        let options = Options {
            alpha: read(&case["alpha"]),
            gamma: read(&case["gamma"]),
            policy_len: read(&case["policy_len"]),
            action_selection: ActionSelection::Stochastic,
            sampling,
            ..Options::of(Profile::Modern)
        };
        let model = Model::new(&without_habits(&case["model"]), options).unwrap();
        let mut agent = Agent::with_seed(&model, 3);
        let mut workspace = Workspace::new(&model);
        agent.infer_states(&read::<Vec<usize>>(&case["obs"]), &mut workspace).unwrap();
        agent.infer_policies(&mut workspace).unwrap();
        assert_close(workspace.q_pi(), &read::<Vec<f64>>(&case["q_pi"]), 1e-9, "q_pi");

        const DRAWS: usize = 40_000;
        let mut drawn: Vec<Vec<f64>> =
            model.num_controls().iter().map(|controls| vec![0.0; *controls]).collect();
        for _ in 0..DRAWS {
            let action = agent.sample_action(&mut workspace).unwrap();
            for (counts, action) in drawn.iter_mut().zip(action) {
                counts[*action] += 1.0;
            }
        }
        let expected: Vec<Vec<f64>> = match sampling {
            Sampling::Marginal => read(&case["action_probs"]),
            Sampling::Full => {
                let by_policy: Vec<f64> = read(&case["policy_probs"]);
                let mut sums: Vec<Vec<f64>> =
                    drawn.iter().map(|counts| vec![0.0; counts.len()]).collect();
                for (policy, p) in by_policy.iter().enumerate() {
                    for (sums, u) in sums.iter_mut().zip(model.policies().first_action(policy)) {
                        sums[*u] += p;
                    }
                }
                sums
            }
        };
        for (counts, probabilities) in drawn.iter().zip(&expected) {
            for (count, p) in counts.iter().zip(probabilities) {
                // Five standard deviations of a binomial count.
                let allowed = 1.0 + 5.0 * (DRAWS as f64 * p * (1.0 - p)).max(0.0).sqrt();
                assert!((count - DRAWS as f64 * p).abs() <= allowed, "{drawn:?} {expected:?}");
            }
        }
    }
}

/// `[factor][moment][state]` as `[moment]` with all factors one after the other.
fn by_moment(by_factor: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    (0..by_factor[0].len())
        .map(|t| by_factor.iter().flat_map(|moments| moments[t].clone()).collect())
        .collect()
}

#[test]
fn smoothing_agrees_with_both_smoothers_of_pymdp() {
    for kind in ["ovf_smoothing", "exact_smoothing"] {
        for case in extras(kind).as_array().unwrap() {
            let model = without_habits(&case["model"]);
            let sequence = SequenceModel::new(&model, Options::of(Profile::Modern)).unwrap();
            let filtered = by_moment(&read::<Vec<Vec<Vec<f64>>>>(&case["filtered"]));
            let actions: Vec<Vec<usize>> = read(&case["actions"]);
            let smoothed = smooth(&sequence, &filtered, &actions).unwrap();
            let expected = by_moment(&read::<Vec<Vec<Vec<f64>>>>(&case["smoothed"]));
            for (got, expected) in smoothed.beliefs.iter().zip(&expected) {
                assert_close(got, expected, 1e-9, kind);
            }
            let pairwise: Vec<Array> = read(&case["pairwise_joint"]);
            for (got, expected) in smoothed.pairwise.iter().zip(&pairwise) {
                assert_close(&got.concat(), &expected.data, 1e-9, kind);
            }

            // What was filtered is what an agent believes along the way.
            let single = Model::new(&model, Options::of(Profile::Modern)).unwrap();
            let (mut agent, mut workspace) = (Agent::new(&single), Workspace::new(&single));
            let observations: Vec<Vec<usize>> = read(&case["observations"]);
            for (t, observation) in observations.iter().enumerate() {
                agent.infer_states(observation, &mut workspace).unwrap();
                assert_close(agent.beliefs(), &filtered[t], 1e-9, "filtered");
                if let Some(action) = actions.get(t) {
                    agent.set_action(action).unwrap();
                }
            }
        }
    }
}

#[test]
fn soft_evidence_agrees_with_pymdp() {
    let case = extras("categorical_obs");
    let options =
        Options { gamma: read(&case["gamma"]), policy_len: 1, ..Options::of(Profile::Modern) };
    let model = Model::new(&without_habits(&case["model"]), options).unwrap();
    let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let distributions: Vec<Vec<f64>> = read(&case["obs_dist"]);
    let evidence: Vec<Evidence> = distributions.iter().map(|d| Evidence::Distribution(d)).collect();
    agent.infer_states_from(&evidence, &mut workspace).unwrap();
    agent.infer_policies(&mut workspace).unwrap();
    assert_close(agent.beliefs(), &read::<Vec<Vec<f64>>>(&case["qs"]).concat(), 1e-9, "qs");
    assert_close(&[workspace.free_energy()], &[read(&case["F"])], 1e-9, "F");
    assert_close(workspace.neg_efe(), &read::<Vec<f64>>(&case["neg_efe"]), 1e-9, "neg_efe");
    assert_close(workspace.q_pi(), &read::<Vec<f64>>(&case["q_pi"]), 1e-9, "q_pi");
}

#[test]
fn several_action_dimensions_agree_with_pymdp() {
    let case = extras("multi_action");
    let arrays = |name: &str| -> Vec<Array> { read(&case["model"][name]) };
    let controls = Controls {
        actions: read(&case["num_controls"]),
        of_factor: read(&case["B_action_dependencies"]),
    };
    // The state dependencies can be told from the axes of B.
    let model = GenerativeModel {
        a: arrays("A"),
        b: arrays("B"),
        c: arrays("C"),
        d: arrays("D"),
        e: None,
        a_dependencies: None,
        b_dependencies: serde_json::from_value(case["model"]["B_dependencies"].clone()).ok(),
    };
    let policies = controls.policies(read(&case["policy_len"])).unwrap();
    let flat: Vec<usize> = policies.iter().flatten().flatten().copied().collect();
    assert_eq!(flat, read::<Vec<usize>>(&case["flat_policies"]["data"]));
    let options = Options {
        gamma: read(&case["gamma"]),
        policies: Some(policies),
        // pymdp 1.0.4's default, under which the case was made.
        sampling: Sampling::Full,
        ..Options::of(Profile::Modern)
    };
    let model = Model::new(&controls.flatten(&model).unwrap(), options).unwrap();
    let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let action = agent.step(&read::<Vec<usize>>(&case["obs"]), &mut workspace).unwrap().to_vec();
    assert_close(agent.beliefs(), &read::<Vec<Vec<f64>>>(&case["qs"]).concat(), 1e-9, "qs");
    assert_close(workspace.neg_efe(), &read::<Vec<f64>>(&case["neg_efe"]), 1e-9, "neg_efe");
    assert_close(workspace.q_pi(), &read::<Vec<f64>>(&case["q_pi"]), 1e-9, "q_pi");
    assert_eq!(action, read::<Vec<usize>>(&case["action_flat"]));
    assert_eq!(controls.decode(&action).unwrap(), read::<Vec<usize>>(&case["action_multi"]));
}

#[test]
fn sophisticated_inference_agrees_with_pymdp() {
    for case in extras("sophisticated").as_array().unwrap() {
        let options = Options { gamma: read(&case["gamma"]), ..Options::of(Profile::Modern) };
        let model = Model::new(&without_habits(&case["model"]), options).unwrap();
        let search = TreeSearch {
            horizon: read(&case["horizon"]),
            policy_prune_threshold: read(&case["policy_prune_threshold"]),
            observation_prune_threshold: read(&case["observation_prune_threshold"]),
            entropy_stop_threshold: read(&case["entropy_stop_threshold"]),
            ..TreeSearch::default()
        };
        let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
        agent.infer_states(&read::<Vec<usize>>(&case["obs"]), &mut workspace).unwrap();
        let root: Vec<Vec<f64>> = read(&case["root_qs"]);
        assert_close(agent.beliefs(), &root.concat(), 1e-5, "root");
        let tree = sophisticated::infer_policies(&agent, &search, &mut workspace).unwrap();
        let name = case["model"].as_str().unwrap();
        // pymdp's search runs in single precision.
        assert_close(workspace.q_pi(), &read::<Vec<f64>>(&case["q_pi"]), 1e-5, name);
        assert_eq!(tree.nodes_by_step(), read::<Vec<usize>>(&case["nodes_per_horizon"]), "{name}");
    }
}

#[test]
fn a_tree_without_room_to_grow_says_nothing_about_policies() {
    let model = Model::new(&agent_core::models::tmaze(0.9), Options::of(Profile::Modern)).unwrap();
    let (agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let search = TreeSearch { max_nodes: 3, ..TreeSearch::default() };
    let tree = sophisticated::infer_policies(&agent, &search, &mut workspace).unwrap();
    assert_eq!((tree.nodes_by_step(), tree.q_pi), (vec![1], vec![0.25; 4]));
}
