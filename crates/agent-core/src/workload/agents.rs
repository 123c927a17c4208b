//! Jobs of single agents: every step of an episode, or many births.

use std::sync::Arc;

use super::checksum::Checksum;
use super::{Work, WorkloadError};
use crate::{Agent, Model, Real, Workspace};

/// One agent steps through an episode.
#[derive(Debug)]
pub(super) struct Steps<R: Real> {
    workspace: Workspace<R>,
    agent: Agent<R>,
    observations: Vec<Vec<usize>>,
    /// What was done, one number per factor and step.
    actions: Vec<usize>,
}

impl<R: Real> Steps<R> {
    pub(super) fn new(model: &Arc<Model<R>>, observations: Vec<Vec<usize>>) -> Self {
        Self {
            workspace: Workspace::new(model),
            agent: Agent::new(model),
            actions: Vec::with_capacity(observations.len() * model.factors()),
            observations,
        }
    }
}

impl<R: Real> Work for Steps<R> {
    fn prepare(&mut self) {
        self.actions.clear();
        self.agent.reset();
    }

    fn run(&mut self) -> Result<(), WorkloadError> {
        for observation in &self.observations {
            let action = self.agent.step(observation, &mut self.workspace)?;
            self.actions.extend_from_slice(action);
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut checksum = Checksum::default();
        checksum.numbers(self.agent.beliefs());
        checksum.actions(&self.actions);
        checksum.numbers(self.workspace.neg_efe());
        Ok(checksum.finish())
    }
}

/// Agents come into being over a model they share.
#[derive(Debug)]
pub(super) struct Spawn {
    workspace: Workspace,
    /// What the last of them sees, to prove that it can take a step.
    first: Vec<usize>,
    agents: Vec<Agent>,
    count: usize,
}

impl Spawn {
    pub(super) fn new(model: &Arc<Model>, first: Vec<usize>, count: usize) -> Self {
        let agents = Vec::with_capacity(count);
        Self { workspace: Workspace::new(model), first, agents, count }
    }
}

impl Work for Spawn {
    fn prepare(&mut self) {
        self.agents.clear();
    }

    fn run(&mut self) -> Result<(), WorkloadError> {
        self.agents.extend((0..self.count).map(|_| Agent::new(&self.workspace.model)));
        Ok(())
    }

    fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut checksum = Checksum::default();
        for agent in &self.agents {
            checksum.numbers(agent.beliefs());
        }
        if let Some(last) = self.agents.last_mut() {
            checksum.actions(last.step(&self.first, &mut self.workspace)?);
        }
        checksum.numbers(self.workspace.neg_efe());
        Ok(checksum.finish())
    }
}
