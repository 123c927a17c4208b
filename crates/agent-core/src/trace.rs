//! What an agent saw, believed and did, step by step.

use crate::{Agent, Workspace};

/// The steps of one agent, as plain data.
///
/// ```
/// use agent_core::{Agent, Model, Options, Profile, Trace, Workspace, models};
///
/// let model = Model::new(&models::tmaze(0.98), Options::of(Profile::Modern))?;
/// let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
/// let mut trace = Trace::default();
/// let observation = [0, 0, 1];
/// let action = agent.step(&observation, &mut workspace)?.to_vec();
/// trace.push(&observation, &agent, &workspace, &action);
/// assert_eq!(trace.qs[0][0].len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// `[step][modality]`: the outcome seen.
    pub observations: Vec<Vec<usize>>,
    /// `[step][factor]`: the action taken after it.
    pub actions: Vec<Vec<usize>>,
    /// `[factor][step][state]`: the posterior.
    pub qs: Vec<Vec<Vec<f64>>>,
    /// `[step][policy]`: the posterior over policies.
    pub q_pi: Vec<Vec<f64>>,
    /// `[step][policy]`: the negative expected free energy.
    pub neg_efe: Vec<Vec<f64>>,
}

impl Trace {
    /// Adds a step that this agent has just taken in this workspace.
    pub fn push(
        &mut self,
        observation: &[usize],
        agent: &Agent,
        workspace: &Workspace,
        action: &[usize],
    ) {
        self.observations.push(observation.to_vec());
        self.actions.push(action.to_vec());
        self.qs.resize(agent.model().factors(), Vec::new());
        for (f, qs) in self.qs.iter_mut().enumerate() {
            qs.push(agent.qs(f).to_vec());
        }
        self.q_pi.push(workspace.q_pi().to_vec());
        self.neg_efe.push(workspace.neg_efe().to_vec());
    }
}
