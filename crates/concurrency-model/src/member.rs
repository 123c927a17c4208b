//! One agent in its world, and its step.

use agent_core::{Agent, Evidence, Learner, StepError, World};

use crate::checksum::Deeds;
use crate::note::{CELLS, Note};
use crate::society::Room;
use crate::{Fault, Mishap, Plan, RunError, Task};

/// An agent, the world it lives in, and what it did.
pub struct Member {
    pub agent: u32,
    task: Task,
    fault: Option<Fault>,
    mind: Mind,
    world: World,
    step: u32,
    deeds: Deeds,
    action: Vec<usize>,
}

pub enum Mind {
    Agent(Agent),
    Learner(Box<Learner>),
}

impl Member {
    pub fn new(agent: u32, plan: &Plan, mind: Mind, world: World) -> Self {
        let fault = plan.fault.filter(|fault| fault.agent == agent);
        let (task, deeds, action) = (plan.task, Deeds::default(), Vec::new());
        Self { agent, task, fault, mind, world, step: 0, deeds, action }
    }

    /// Its next step, from 0.
    pub fn next_step(&self) -> u32 {
        self.step
    }

    /// Perceives, with what it was told since the last step, plans and acts; what it would tell its
    /// listener, if its task is one with listeners.
    pub fn step(
        &mut self,
        heard: Option<&Note>,
        room: &mut Room,
    ) -> Result<Option<Note>, RunError> {
        if let Some(fault) = self.fault.filter(|fault| fault.step == self.step) {
            suffer(fault);
        }
        let told = self.live(heard, room);
        let (agent, step) = (self.agent, self.step);
        let told = told.map_err(|error| RunError::Step { agent, step, error })?;
        self.step += 1;
        self.deeds.add(&self.action);
        Ok(told)
    }

    fn live(&mut self, heard: Option<&Note>, room: &mut Room) -> Result<Option<Note>, StepError> {
        let mut told = None;
        self.action.clear();
        match (&mut self.mind, &mut room.0) {
            (Mind::Learner(learner), _) => {
                self.action.extend_from_slice(learner.step(self.world.observe())?);
                self.world.act(&self.action)?;
            }
            (Mind::Agent(agent), Some(workspace)) if self.task == Task::Coordination => {
                let cell = self.world.observe().first().copied().unwrap_or(0);
                let evidence = match heard {
                    Some(note) => [
                        Evidence::Outcome(cell),
                        Evidence::Distribution(&note.belief),
                        Evidence::Outcome(usize::from(note.cell != cell as u64)),
                    ],
                    None => [Evidence::Outcome(cell), Evidence::Missing, Evidence::Missing],
                };
                agent.infer_states_from(&evidence, workspace)?;
                let mut belief = [0.0; CELLS];
                belief.copy_from_slice(agent.qs(0));
                told = Some(Note { step: self.step, from: self.agent, cell: cell as u64, belief });
                agent.infer_policies(workspace)?;
                self.action.extend_from_slice(agent.sample_action(workspace)?);
                // The neighbour is no part of the walker's own world.
                self.world.act(&self.action[..1])?;
            }
            (Mind::Agent(agent), Some(workspace)) => {
                self.action.extend_from_slice(agent.step(self.world.observe(), workspace)?);
                self.world.act(&self.action)?;
            }
            (Mind::Agent(_), None) => return Err(StepError::ForeignWorkspace),
        }
        Ok(told)
    }

    /// Its part of the checksum.
    pub fn sum(&self) -> u64 {
        let beliefs = match &self.mind {
            Mind::Agent(agent) => agent.beliefs(),
            Mind::Learner(learner) => learner.agent().beliefs(),
        };
        self.deeds.sum(self.agent, beliefs)
    }
}

#[expect(clippy::panic, reason = "that is the fault")]
fn suffer(fault: Fault) {
    match fault.what {
        Mishap::Panic => panic!("agent {} panics in step {}, as planned", fault.agent, fault.step),
        Mishap::Abort => std::process::abort(),
    }
}
