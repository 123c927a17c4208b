//! A population is its agents: whatever their number, their places and the threads.

use agent_core::{
    ActionSelection, Agent, Model, Options, Population, Profile, StepError, Workspace, models,
};
use proptest::prelude::*;

use crate::random_model::models as random_models;

fn options(profile: Profile) -> Options {
    let action_selection = ActionSelection::Stochastic;
    Options { policy_len: 2, gamma: 2.0, alpha: 1.5, action_selection, ..Options::of(profile) }
}

/// What agent `agent` sees in step `step`: any outcomes, as long as they differ.
fn observation(num_obs: &[usize], agent: usize, step: usize) -> Vec<usize> {
    num_obs.iter().enumerate().map(|(m, outcomes)| (agent * 7 + step * 3 + m) % outcomes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each does what it would do alone, to rounding, in both profiles.
    #[test]
    fn agents_among_others_are_as_they_are_alone(
        generative_model in random_models(1..3, 2), is_legacy in any::<bool>(), size in 1_usize..10,
    ) {
        let profile = if is_legacy { Profile::Legacy } else { Profile::Modern };
        let model = Model::new(&generative_model, options(profile)).unwrap();
        let mut population = Population::new(&model);
        let members: Vec<_> = (0..size).map(|seed| population.spawn(seed as u64)).collect();
        let mut alone: Vec<Agent> =
            (0..size).map(|seed| Agent::with_seed(&model, seed as u64)).collect();
        let mut workspace = Workspace::new(&model);
        let num_obs = model.num_obs().to_vec();
        for step in 0..3 {
            let seen: Vec<Vec<usize>> =
                (0..size).map(|agent| observation(&num_obs, agent, step)).collect();
            let chosen = population.step_all(&seen.concat(), 1).unwrap().to_vec();
            let chosen = chosen.chunks_exact(model.factors());
            for (((agent, member), seen), chosen) in
                alone.iter_mut().zip(&members).zip(&seen).zip(chosen)
            {
                agent.step(seen, &mut workspace).unwrap();
                let beliefs = population.beliefs(*member).unwrap();
                for (among, alone) in beliefs.iter().zip(agent.beliefs()) {
                    prop_assert!((among - alone).abs() < 1e-9, "{among} instead of {alone}");
                }
                // A draw at the very edge may fall to either side; the next step begins alike.
                agent.set_action(chosen).unwrap();
            }
        }
    }
}

/// Actions and beliefs of 37 agents after 5 steps, some of which joined late or left.
fn lived(threads: usize) -> (Vec<usize>, Vec<u64>) {
    let model = Model::new(&models::tmaze(0.98), options(Profile::Modern)).unwrap();
    let mut population = Population::new(&model);
    let mut members: Vec<_> = (0..40).map(|seed| population.spawn(seed)).collect();
    let mut actions = Vec::new();
    for step in 0..5 {
        if step == 2 {
            for gone in [3, 17, 18, 39] {
                population.remove(members[gone]).unwrap();
            }
            members.push(population.spawn(1000));
        }
        let agents = population.len();
        let seen: Vec<usize> =
            (0..agents).flat_map(|agent| observation(model.num_obs(), agent, step)).collect();
        actions.extend_from_slice(population.step_all(&seen, threads).unwrap());
    }
    let bits = population.members().flat_map(|member| population.beliefs(member).unwrap());
    (actions, bits.map(f64::to_bits).collect())
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let alone = lived(1);
    assert_eq!(alone, lived(2));
    assert_eq!(alone, lived(7));
    assert_eq!(alone.1.len(), 37 * 6);
}

#[test]
fn one_that_steps_alone_does_as_among_all_and_leaves_the_others_be() {
    let model = Model::new(&models::grid(), options(Profile::Modern)).unwrap();
    let mut together = Population::new(&model);
    let members: Vec<_> = (0..6).map(|seed| together.spawn(seed)).collect();
    let mut one_by_one = together.clone();
    for step in 0..4 {
        let seen: Vec<usize> = (0..6).map(|agent| (agent + step) % 5).collect();
        let chosen = together.step_all(&seen, 1).unwrap().to_vec();
        for agent in (0..6).rev() {
            let alone = one_by_one.step(members[agent], &seen[agent..=agent]).unwrap();
            assert_eq!(alone, &chosen[agent..=agent]);
        }
        for member in &members {
            assert_eq!(together.beliefs(*member), one_by_one.beliefs(*member));
        }
    }
}

#[test]
fn everybody_can_begin_anew() {
    let model = Model::new(&models::grid(), Options::of(Profile::Modern)).unwrap();
    let mut population = Population::new(&model);
    (0..5).for_each(|seed| {
        population.spawn(seed);
    });
    let first = population.step_all(&[2, 0, 1, 0, 4], 1).unwrap().to_vec();
    let member = population.members().nth(2).unwrap();
    let beliefs = population.beliefs(member).unwrap();
    population.step_all(&[0; 5], 1).unwrap();
    population.reset();
    assert_eq!(population.step_all(&[2, 0, 1, 0, 4], 1).unwrap(), first);
    assert_eq!(population.beliefs(member).unwrap(), beliefs);
}

#[test]
fn a_name_never_comes_to_mean_another() {
    let model = Model::new(&models::tmaze(0.98), Options::of(Profile::Modern)).unwrap();
    let mut population = Population::new(&model);
    let first = population.spawn(1);
    let second = population.spawn(2);
    population.remove(first).unwrap();
    let third = population.spawn(3);
    assert_eq!((population.len(), population.contains(first)), (2, false));
    assert_eq!(population.members().collect::<Vec<_>>(), [third, second]);
    assert_eq!(population.remove(first), Err(StepError::NoMember));
    assert_eq!(population.beliefs(first), Err(StepError::NoMember));
    assert_eq!(population.step(first, &[0, 0, 0]), Err(StepError::NoMember));
    assert_eq!(population.set_action(first, &[0, 0]), Err(StepError::NoMember));
}

#[test]
fn a_wrong_observation_is_named_and_nobody_steps() {
    let model = Model::new(&models::tmaze(0.98), Options::of(Profile::Modern)).unwrap();
    let mut population = Population::new(&model);
    let members = [population.spawn(1), population.spawn(2)];
    let error = population.step_all(&[0, 0, 1, 0, 9, 1], 1).unwrap_err();
    let source = Box::new(StepError::Observation { modality: 1, found: 9, last: 2 });
    assert_eq!(error, StepError::OfAgent { agent: 1, source });
    let error = population.step_all(&[0; 5], 1).unwrap_err();
    assert_eq!(error, StepError::ObservationTotal { found: 5, agents: 2, modalities: 3 });
    for member in members {
        assert_eq!(population.beliefs(member).unwrap(), Agent::new(&model).beliefs());
    }
}
