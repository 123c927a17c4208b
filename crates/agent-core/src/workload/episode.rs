//! The worlds in which observations are made.

use super::WorkloadError;
use crate::random::RandomStream;
use crate::{Agent, Array, GenerativeModel, Workspace};

/// What an agent sees in a world that is as its model says.
pub(super) fn live(
    world: &GenerativeModel,
    workspace: &mut Workspace,
    seed: u64,
    steps: usize,
) -> Result<Vec<Vec<usize>>, WorkloadError> {
    let mut random = RandomStream::new(seed);
    let mut agent = Agent::new(&workspace.model);
    let mut states: Vec<usize> = world.d.iter().map(|d| random.categorical(&d.data)).collect();
    let mut observations = Vec::with_capacity(steps);
    for _ in 0..steps {
        let outcome =
            |a: &Array, random: &mut RandomStream| random.categorical(&column(a, &states, None));
        let observation: Vec<usize> = world.a.iter().map(|a| outcome(a, &mut random)).collect();
        let action = agent.step(&observation, workspace)?;
        let next = world
            .b
            .iter()
            .zip(action)
            .enumerate()
            .map(|(f, (b, u))| random.categorical(&column(b, &states[f..=f], Some(*u))));
        states = next.collect();
        observations.push(observation);
    }
    Ok(observations)
}

/// The distribution over the first axis of an array at these states, and this action if any.
fn column(array: &Array, states: &[usize], action: Option<usize>) -> Vec<f64> {
    let rest = states.iter().copied().chain(action);
    let offset = rest.zip(&array.shape[1..]).fold(0, |offset, (i, length)| offset * length + i);
    array.data.iter().skip(offset).step_by(array.columns()).copied().collect()
}
