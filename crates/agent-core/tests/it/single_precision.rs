//! Single precision agrees with the golden runs to what it can hold.

use std::fs;
use std::path::Path;

use agent_core::golden::{FreeEnergy, GoldenFile, Run, Step, run_options};
use agent_core::{Agent, Model, Workspace};

/// Of beliefs about states and policies.
const BELIEFS: f64 = 1e-5;

/// Of free energies.
const ENERGIES: f64 = 1e-4;

/// The margin above which the same action must be chosen.
const DECISIVE: f64 = 1e-4;

fn furthest<'a>(got: &[f32], expected: impl IntoIterator<Item = &'a f64>) -> f64 {
    let expected: Vec<f64> = expected.into_iter().copied().collect();
    assert_eq!(got.len(), expected.len());
    let differences = got.iter().zip(expected).map(|(got, x)| (f64::from(*got) - x).abs());
    // What is not a number is far from everything.
    differences.fold(0.0, |most, x| if x <= most { most } else { x })
}

/// How far a step is from the file's, quantity by quantity, and what each may be.
fn compare(
    step: &Step,
    agent: &Agent<f32>,
    workspace: &Workspace<f32>,
) -> [(&'static str, f64, f64); 5] {
    let qs = step.qs.iter().flatten().flatten();
    let prior = step.prior.iter().flatten().flatten();
    let free_energy = match &step.F {
        Some(FreeEnergy::One(expected)) => furthest(&[workspace.free_energy()], [expected]),
        _ => 0.0,
    };
    [
        ("qs", furthest(agent.beliefs(), qs), BELIEFS),
        ("prior", furthest(workspace.prior(), prior), BELIEFS),
        ("q_pi", furthest(workspace.q_pi(), &step.q_pi), BELIEFS),
        ("neg_efe", furthest(workspace.neg_efe(), &step.neg_efe), ENERGIES),
        ("F", free_energy, ENERGIES),
    ]
}

/// What differs by more than it may.
fn failures(file: &GoldenFile, name: &str, run: &Run) -> Vec<String> {
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let options = run_options(file, name).unwrap();
    let counts = file.model.counts(run.A_dependencies.as_ref());
    let model = Model::in_f32_with_counts(&generative_model, &counts, options).unwrap();
    let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let mut failures = Vec::new();
    let steps = run.steps.iter().zip(&file.observations).zip(&file.actions);
    for (t, ((step, observation), executed)) in steps.enumerate() {
        let action = agent.step(observation, &mut workspace).unwrap().to_vec();
        for (quantity, difference, tolerance) in compare(step, &agent, &workspace) {
            if difference.is_nan() || difference > tolerance {
                failures.push(format!("{} {name} {t}: {quantity} by {difference:e}", file.name));
            }
        }
        let is_decided = step.action_margin.is_none_or(|margin| margin > DECISIVE);
        if is_decided && action != step.action {
            failures.push(format!("{} {name} {t}: {action:?} for {:?}", file.name, step.action));
        }
        agent.set_action(executed).unwrap();
    }
    failures
}

#[test]
fn every_run_of_fixed_models_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let (mut found, mut replayed) = (Vec::new(), 0);
    for path in &files {
        let file = GoldenFile::read(path).unwrap();
        let learns = file.options.learn_A || file.options.learn_B || file.options.learn_D;
        for (name, run) in &file.runs {
            // Runs over a window record no single posterior.
            if !learns && run.steps.iter().all(|step| step.qs.is_some()) {
                replayed += 1;
                found.extend(failures(&file, name, run));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(replayed, 34);
}
