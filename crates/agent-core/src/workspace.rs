//! Room for one step of one agent, and what that step computed.

use std::sync::Arc;

use crate::Model;
use crate::inference::{InferenceScratch, Inferred};
use crate::planning::Planning;

/// Everything a step needs beside the agent's own beliefs. One serves any number of agents of
/// one model, one after the other; a thread has one of its own.
///
/// Making one allocates; stepping with it does not.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub(crate) model: Arc<Model>,
    pub(crate) inference: InferenceScratch,
    pub(crate) inferred: Inferred,
    pub(crate) prior: Vec<f64>,
    /// Joint beliefs of the factors that one factor's transitions depend on.
    pub(crate) joint: Vec<f64>,
    pub(crate) planning: Planning,
    pub(crate) plan: Plan,
    pub(crate) selection: Selection,
}

/// What the policies are worth.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) utility: Vec<f64>,
    pub(crate) states_info_gain: Vec<f64>,
    pub(crate) param_info_gain: Vec<f64>,
    pub(crate) inductive_value: Vec<f64>,
    pub(crate) neg_efe: Vec<f64>,
    pub(crate) q_pi: Vec<f64>,
}

impl Plan {
    pub(crate) fn new(policies: usize) -> Self {
        let zeros = || vec![0.0; policies];
        Self {
            utility: zeros(),
            states_info_gain: zeros(),
            param_info_gain: zeros(),
            inductive_value: zeros(),
            neg_efe: zeros(),
            q_pi: zeros(),
        }
    }
}

/// Room for the choice of an action.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// Probabilities of each factor's actions, one factor after the other.
    pub(crate) marginals: Vec<f64>,
    /// One action per factor.
    pub(crate) action: Vec<usize>,
    /// Weights of what is drawn from.
    pub(crate) weights: Vec<f64>,
}

impl Selection {
    pub(crate) fn new(model: &Model) -> Self {
        let controls: usize = model.num_controls.iter().sum();
        Self {
            marginals: vec![0.0; controls],
            action: vec![0; model.factors()],
            weights: vec![0.0; controls.max(model.policies.len())],
        }
    }
}

impl Workspace {
    /// Room for one step of any agent of this model.
    #[must_use]
    pub fn new(model: &Arc<Model>) -> Self {
        let states = model.num_states();
        let policies = model.policies.len();
        let transitions = model.transitions.iter().map(|t| t.from.size()).max().unwrap_or(0);
        Self {
            inference: model.likelihood.scratch(&model.layout),
            inferred: Inferred::default(),
            prior: vec![0.0; states],
            joint: vec![0.0; transitions],
            planning: Planning::new(model),
            plan: Plan::new(policies),
            selection: Selection::new(model),
            model: Arc::clone(model),
        }
    }

    /// Goes on with a model that has learned. The room is made anew: which factors a likelihood
    /// depends on, and which of its elements are zero, can have changed.
    pub(crate) fn adopt(&mut self, model: &Arc<Model>) {
        let made = Self::new(model);
        let before = std::mem::replace(self, made);
        (self.inferred, self.prior, self.plan) = (before.inferred, before.prior, before.plan);
    }

    /// The empirical prior of the last inference: what was expected before the observation,
    /// factors one after the other.
    #[must_use]
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }

    /// The variational free energy of the last posterior.
    #[must_use]
    pub fn free_energy(&self) -> f64 {
        self.inferred.free_energy
    }

    /// Sweeps of the last fixed-point iteration; 0 where one factor has a closed form.
    #[must_use]
    pub fn sweeps(&self) -> usize {
        self.inferred.sweeps
    }

    /// The posterior over policies.
    #[must_use]
    pub fn q_pi(&self) -> &[f64] {
        &self.plan.q_pi
    }

    /// The negative expected free energy of each policy: the sum of the terms switched on.
    #[must_use]
    pub fn neg_efe(&self) -> &[f64] {
        &self.plan.neg_efe
    }

    /// The expected utility of each policy; zeros where it is switched off.
    #[must_use]
    pub fn utility(&self) -> &[f64] {
        &self.plan.utility
    }

    /// The expected information about states of each policy; zeros where it is switched off.
    #[must_use]
    pub fn states_info_gain(&self) -> &[f64] {
        &self.plan.states_info_gain
    }

    /// The expected information about A and B of each policy; zeros where it is switched off.
    #[must_use]
    pub fn param_info_gain(&self) -> &[f64] {
        &self.plan.param_info_gain
    }

    /// The inductive value of each policy; zeros where it is switched off.
    #[must_use]
    pub fn inductive_value(&self) -> &[f64] {
        &self.plan.inductive_value
    }
}
