//! Jobs of many agents stepped together.

use std::sync::Arc;

use super::checksum::Checksum;
use super::{AGENTS, Work, WorkloadError};
use crate::{Model, Population, Real};

/// A population steps through the lives of its agents, on one thread.
#[derive(Debug)]
pub(super) struct Together<R: Real> {
    population: Population<R>,
    /// `[step]`: what each agent sees, one after the other.
    observations: Vec<Vec<usize>>,
    /// `[step][agent][factor]`.
    actions: Vec<usize>,
}

impl<R: Real> Together<R> {
    pub(super) fn new(model: &Arc<Model<R>>, observations: Vec<Vec<usize>>) -> Self {
        let mut population = Population::new(model);
        population.reserve(AGENTS as usize);
        for seed in 0..AGENTS {
            population.spawn(seed);
        }
        let actions = Vec::with_capacity(observations.len() * AGENTS as usize * model.factors());
        Self { population, observations, actions }
    }
}

impl<R: Real> Work for Together<R> {
    fn prepare(&mut self) {
        self.actions.clear();
        self.population.reset();
    }

    fn run(&mut self) -> Result<(), WorkloadError> {
        for observations in &self.observations {
            let actions = self.population.step_all(observations, 1)?;
            self.actions.extend_from_slice(actions);
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut checksum = Checksum::default();
        checksum.actions(&self.actions);
        for member in self.population.members() {
            checksum.numbers(&self.population.beliefs(member)?);
        }
        Ok(checksum.finish())
    }
}
