//! Kernels that are whole stages of a step, and the compilation of a model.

use std::sync::Arc;

use super::checksum::Checksum;
use super::{EPISODE_SEED, Work, Workload, WorkloadError};
use crate::{Agent, GenerativeModel, Model, Options, Workspace};

/// Steps of the episode that inference goes along.
const STEPS: usize = 8;

/// A stage of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Infer,
    Plan,
    Select,
}

/// One stage over and over.
#[derive(Debug)]
pub(super) struct Staged {
    stage: Stage,
    workspace: Workspace,
    agent: Agent,
    /// What is seen and then done in each step.
    episode: Vec<(Vec<usize>, Vec<usize>)>,
    times: usize,
}

impl Staged {
    pub(super) fn new(workload: &Workload, stage: Stage) -> Result<Self, WorkloadError> {
        let model = workload.model()?;
        let (mut workspace, mut agent) = (Workspace::new(&model), Agent::new(&model));
        let mut episode = Vec::with_capacity(STEPS);
        for observation in workload.episode(&model, EPISODE_SEED, STEPS)? {
            let action = agent.step(&observation, &mut workspace)?.to_vec();
            episode.push((observation, action));
        }
        let passes = if stage == Stage::Infer { STEPS } else { 1 };
        let times = workload.operations as usize / passes;
        Ok(Self { stage, workspace, agent, episode, times })
    }
}

impl Work for Staged {
    fn prepare(&mut self) {}

    fn run(&mut self) -> Result<(), WorkloadError> {
        let Self { agent, workspace, .. } = self;
        for _ in 0..self.times {
            match self.stage {
                Stage::Infer => {
                    agent.reset();
                    for (observation, action) in &self.episode {
                        agent.infer_states(observation, workspace)?;
                        agent.set_action(action)?;
                    }
                }
                Stage::Plan => agent.infer_policies(workspace)?,
                Stage::Select => {
                    agent.sample_action(workspace)?;
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut checksum = Checksum::default();
        match self.stage {
            Stage::Infer => checksum.numbers(self.agent.beliefs()),
            Stage::Plan => checksum.numbers(self.workspace.neg_efe()),
            Stage::Select => {
                checksum.actions(self.workspace.action());
                checksum.numbers(&self.workspace.room.selection.marginals);
            }
        }
        Ok(checksum.finish())
    }
}

/// A model compiled.
#[derive(Debug)]
pub(super) struct Compilation {
    generative_model: GenerativeModel,
    options: Options,
    /// What an agent of the model sees, to prove that it is one.
    first: Vec<usize>,
    compiled: Option<Arc<Model>>,
}

impl Compilation {
    pub(super) fn new(workload: &Workload) -> Result<Self, WorkloadError> {
        Ok(Self {
            generative_model: workload.generative_model(),
            options: workload.options(),
            first: workload.observations(1)?.concat(),
            compiled: None,
        })
    }
}

impl Work for Compilation {
    fn prepare(&mut self) {
        self.compiled = None;
    }

    fn run(&mut self) -> Result<(), WorkloadError> {
        self.compiled = Some(Model::new(&self.generative_model, self.options.clone())?);
        Ok(())
    }

    fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut checksum = Checksum::default();
        if let Some(model) = &self.compiled {
            let (mut agent, mut workspace) = (Agent::new(model), Workspace::new(model));
            checksum.actions(agent.step(&self.first, &mut workspace)?);
            checksum.numbers(agent.beliefs());
            checksum.numbers(workspace.neg_efe());
        }
        Ok(checksum.finish())
    }
}
