//! The worlds in which observations are made.

use std::sync::Arc;

use super::WorkloadError;
use crate::{Agent, GenerativeModel, Workspace, World};

/// What an agent sees in a world that is as its model says.
pub(super) fn live(
    world: &GenerativeModel,
    workspace: &mut Workspace,
    seed: u64,
    steps: usize,
) -> Result<Vec<Vec<usize>>, WorkloadError> {
    let mut world = World::new(&Arc::new(world.clone()), seed)?;
    let mut agent = Agent::new(&workspace.model);
    let mut observations = Vec::with_capacity(steps);
    for _ in 0..steps {
        let observation = world.observe().to_vec();
        world.act(agent.step(&observation, workspace)?)?;
        observations.push(observation);
    }
    Ok(observations)
}
