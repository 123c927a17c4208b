//! An agent that infers over a window of time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{SequenceModel, legacy, modern};
use crate::Profile;
use crate::action;
use crate::error::StepError;
use crate::evidence::Observation;
use crate::expected_free_energy::{ValuationRoom, Value};
use crate::joint_action::JointAction;
use crate::model::Prediction;
use crate::planning::{Evaluation, Planning};
use crate::probability::{PLAIN, Plain};
use crate::random::RandomStream;
use crate::real::Real as _;
use crate::workspace::{Plan, Selection};
use legacy::PolicyBeliefs;

/// How messages pass between moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessagePassing {
    /// Marginal message passing (Parr and others, *Neuronal message passing using mean-field,
    /// Bethe, and marginal approximations*, 2019): in the legacy profile gradient descent for
    /// each policy, in the modern profile over the past only.
    #[default]
    Marginal,
    /// Variational message passing; modern profile only.
    Variational,
}

/// An agent that remembers a window of what it saw and did, and infers the states of all of it
/// at each step.
///
/// ```
/// use agent_core::sequence::{MessagePassing, SequenceAgent, SequenceModel};
/// use agent_core::{Options, Profile, models};
///
/// let model = SequenceModel::new(&models::tmaze(0.98), Options::of(Profile::Modern))?;
/// let mut agent = SequenceAgent::new(&model, MessagePassing::Marginal, 8)?;
/// agent.step(&[0, 0, 1])?;
/// agent.step(&[3, 0, 1])?;
/// // What it now believes about the moment before.
/// assert_eq!(agent.window().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SequenceAgent {
    sequence: Arc<SequenceModel>,
    method: MessagePassing,
    horizon: usize,
    /// Beliefs about the window's first moment before its observation.
    prior: Vec<f64>,
    observations: VecDeque<Vec<usize>>,
    actions: VecDeque<Vec<usize>>,
    window: Vec<Vec<f64>>,
    /// Modern only.
    free_energy: f64,
    /// Observations so far, also those that have left the window.
    seen: usize,
    /// Legacy with a horizon of 1 only: see [`SequenceAgent::new`].
    oldest: Vec<Vec<usize>>,
    /// Legacy only, `[policy]`.
    by_policy: Vec<PolicyBeliefs>,
    policies: Vec<Vec<Vec<usize>>>,
    planning: Planning<f64>,
    plan: Plan<f64>,
    selection: Selection<f64>,
    room: ValuationRoom<f64>,
    random: RandomStream,
}

impl SequenceAgent {
    /// An agent with a window of at most `horizon` observations, at least one.
    ///
    /// Take 2 or more in the legacy profile. With 1 it does what pymdp 0.0.7.1 does, where
    /// `prev_actions[-0:]` is all of them: the first actions ever done, as many as a policy has
    /// steps, take the place of the policy's own.
    ///
    /// # Errors
    /// [`StepError::Horizon`] for no horizon; [`StepError::Method`] for variational messages in
    /// the legacy profile, which has none.
    pub fn new(
        sequence: &Arc<SequenceModel>,
        method: MessagePassing,
        horizon: usize,
    ) -> Result<Self, StepError> {
        let model = &sequence.model;
        if horizon == 0 {
            return Err(StepError::Horizon);
        }
        let is_legacy = model.options.profile == Profile::Legacy;
        if is_legacy && method == MessagePassing::Variational {
            return Err(StepError::Method);
        }
        Ok(Self {
            method,
            horizon,
            prior: model.prior.clone(),
            observations: VecDeque::new(),
            actions: VecDeque::new(),
            window: Vec::new(),
            free_energy: 0.0,
            seen: 0,
            oldest: Vec::new(),
            by_policy: Vec::new(),
            policies: if is_legacy { model.policies.to_list() } else { Vec::new() },
            planning: Planning::new(model),
            plan: Plan::new(model.policies.len()),
            selection: Selection::new(model),
            room: model.valuation.room(),
            random: RandomStream::new(0),
            sequence: Arc::clone(sequence),
        })
    }

    /// Beliefs about each moment of the window, the present last, factors one after the other.
    /// In the legacy profile they are averaged over policies once these are weighed.
    #[must_use]
    pub fn window(&self) -> &[Vec<f64>] {
        &self.window
    }

    /// Legacy: beliefs under each policy, `[policy][moment]`, window first and future after it.
    pub fn beliefs_by_policy(&self) -> impl Iterator<Item = &[Vec<f64>]> {
        self.by_policy.iter().map(|policy| &policy.beliefs[..])
    }

    /// Legacy: the free energy of each policy.
    pub fn free_energy_by_policy(&self) -> impl Iterator<Item = f64> {
        self.by_policy.iter().map(|policy| policy.free_energy)
    }

    /// Modern: the free energy of the window's beliefs, summed over its moments.
    #[must_use]
    pub fn free_energy(&self) -> f64 {
        self.free_energy
    }

    /// What is believed about the window's first moment before its observation.
    #[must_use]
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }

    /// The posterior over policies.
    #[must_use]
    pub fn q_pi(&self) -> &[f64] {
        &self.plan.q_pi
    }

    /// The negative expected free energy of each policy.
    #[must_use]
    pub fn neg_efe(&self) -> &[f64] {
        &self.plan.neg_efe
    }

    /// What the policies are worth.
    pub(crate) fn plan(&self) -> &Plan<f64> {
        &self.plan
    }

    /// Perceives and infers the whole window.
    ///
    /// # Errors
    /// [`StepError`] for an observation that does not fit, or none of an action in between.
    pub fn infer_states(&mut self, observation: &[usize]) -> Result<(), StepError> {
        self.sequence.model.check_observation(Observation::Outcomes(observation))?;
        if self.actions.len() != self.observations.len() {
            return Err(StepError::NoAction);
        }
        self.slide();
        self.observations.push_back(observation.to_vec());
        self.seen += 1;
        let (observations, actions) =
            (self.observations.make_contiguous(), self.actions.make_contiguous());
        let (sequence, prior) = (&*self.sequence, &self.prior);
        match sequence.model.options.profile {
            Profile::Modern => {
                let window = modern::infer(sequence, self.method, observations, actions, prior);
                self.free_energy =
                    modern::free_energy(sequence, observations, actions, prior, &window);
                self.window = window;
            }
            Profile::Legacy => {
                let actions = if self.horizon == 1 { &self.oldest[..] } else { actions };
                let likelihoods = legacy::likelihoods(sequence, observations);
                let infer = |policy: &Vec<Vec<usize>>| {
                    legacy::infer(sequence, &likelihoods, actions, policy, prior)
                };
                self.by_policy = self.policies.iter().map(infer).collect();
            }
        }
        Ok(())
    }

    /// Makes room in a full window: its first moment leaves, and becomes the prior of the next.
    fn slide(&mut self) {
        if self.observations.len() < self.horizon {
            return;
        }
        let model = &*self.sequence.model;
        let first = self.window.first();
        if let (Some(first), Profile::Modern) = (first, model.options.profile) {
            let left = self.actions.front().cloned().unwrap_or_default();
            let left = Some(JointAction::encode(&left, &model.num_controls));
            let mut scratch = Prediction::new(model);
            model.predict(PLAIN, first, &[left], &mut scratch, &mut self.prior);
        }
        self.observations.pop_front();
        self.actions.pop_front();
    }

    /// Weighs every policy.
    pub fn infer_policies(&mut self) {
        let model = &*self.sequence.model;
        match model.options.profile {
            Profile::Modern => {
                if let Some(present) = self.window.last() {
                    let (planning, plan) = (&mut self.planning, &mut self.plan);
                    let evaluation = Evaluation { model, beliefs: present, planning, plan };
                    f64::run(model.machine, evaluation);
                }
            }
            Profile::Legacy => {
                self.weigh_by_policy();
                self.average();
            }
        }
    }

    /// Legacy pymdp's `update_posterior_policies_full`: each policy by its own beliefs, from the
    /// present on, and by its free energy.
    fn weigh_by_policy(&mut self) {
        let model = &*self.sequence.model;
        for (number, policy) in self.by_policy.iter().enumerate() {
            let future =
                policy.beliefs.len() - (model.policies.steps() + 1).min(policy.beliefs.len());
            let mut total = Value::default();
            for beliefs in &policy.beliefs[future..] {
                let of = |f: usize| &beliefs[model.layout.range(f)];
                let value = model.valuation.value(PLAIN, 0, of, &mut self.room);
                total = total.plus(PLAIN, value);
            }
            self.plan.set(PLAIN, number, total);
        }
        let free_energy = self.by_policy.iter().map(|policy| policy.free_energy);
        self.plan.weigh_with(PLAIN, model.options.gamma, &model.log_habits, free_energy);
    }

    /// The window's beliefs averaged over policies; of a full window the first moment's become
    /// the prior, where pymdp does not move it on.
    fn average(&mut self) {
        let states = self.sequence.model.num_states();
        let moments = self.observations.len();
        self.window = vec![vec![0.0; states]; moments];
        for (policy, weight) in self.by_policy.iter().zip(&self.plan.q_pi) {
            for (sum, beliefs) in self.window.iter_mut().zip(&policy.beliefs) {
                sum.iter_mut().zip(beliefs).for_each(|(sum, q)| *sum += weight * q);
            }
        }
    }

    /// Chooses an action, one per factor, and remembers it.
    pub fn sample_action(&mut self) -> &[usize] {
        let model = &*self.sequence.model;
        let (q_pi, selection) = (&self.plan.q_pi, &mut self.selection);
        action::add_up_marginals(PLAIN, model, q_pi, &mut selection.marginals);
        action::select::<Plain>(model, 0, q_pi, &mut self.random, selection);
        let action = self.selection.action.clone();
        self.remember(action);
        &self.selection.action
    }

    /// Says what was done instead of what the agent chose.
    ///
    /// # Errors
    /// [`StepError`] for an action that does not exist.
    pub fn set_action(&mut self, action: &[usize]) -> Result<(), StepError> {
        self.sequence.model.check_action(action)?;
        self.remember(action.to_vec());
        Ok(())
    }

    /// One action follows each observation; said again, it replaces the one before.
    fn remember(&mut self, action: Vec<usize>) {
        if self.observations.is_empty() {
            return;
        }
        if self.horizon == 1 && self.seen <= self.sequence.model.policies.steps() {
            self.oldest.truncate(self.seen - 1);
            self.oldest.push(action.clone());
        }
        self.actions.truncate(self.observations.len() - 1);
        self.actions.push_back(action);
        if self.sequence.model.options.profile == Profile::Legacy
            && self.observations.len() == self.horizon
            && let Some(first) = self.window.first()
        {
            self.prior.clone_from(first);
        }
    }

    /// Perceives, plans and acts.
    ///
    /// # Errors
    /// As [`SequenceAgent::infer_states`].
    pub fn step(&mut self, observation: &[usize]) -> Result<&[usize], StepError> {
        self.infer_states(observation)?;
        self.infer_policies();
        Ok(self.sample_action())
    }
}
