//! Room for one step of one agent, and what that step computed.

use std::sync::Arc;

use crate::Model;
use crate::expected_free_energy::Value;
use crate::inference::{InferenceScratch, Inferred};

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
    pub(crate) planning: Planning,
    pub(crate) selection: Selection,
}

/// Room for the evaluation of policies.
#[derive(Clone, Debug)]
pub(crate) struct Planning {
    /// Predicted beliefs after each step of the policy at hand, from the present (step 0) on.
    pub(crate) path: Vec<f64>,
    /// The value of the policy at hand up to each of its steps; nothing at the present.
    pub(crate) totals: Vec<Value>,
    pub(crate) joint: Vec<f64>,
    pub(crate) outcomes: Vec<f64>,
    pub(crate) utility: Vec<f64>,
    pub(crate) states_info_gain: Vec<f64>,
    pub(crate) neg_efe: Vec<f64>,
    pub(crate) q_pi: Vec<f64>,
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

impl Workspace {
    /// Room for one step of any agent of this model.
    #[must_use]
    pub fn new(model: &Arc<Model>) -> Self {
        let states = model.num_states();
        let policies = model.policies.len();
        let (joint, outcomes) = model.valuation.room();
        let transitions = model.transitions.iter().map(|t| t.from.size()).max().unwrap_or(0);
        let controls: usize = model.num_controls.iter().sum();
        Self {
            inference: model.likelihood.scratch(&model.layout),
            inferred: Inferred::default(),
            prior: vec![0.0; states],
            planning: Planning {
                path: vec![0.0; states * (model.policies.steps() + 1)],
                totals: vec![Value::default(); model.policies.steps() + 1],
                joint: vec![0.0; joint.max(transitions)],
                outcomes: vec![0.0; outcomes],
                utility: vec![0.0; policies],
                states_info_gain: vec![0.0; policies],
                neg_efe: vec![0.0; policies],
                q_pi: vec![0.0; policies],
            },
            selection: Selection {
                marginals: vec![0.0; controls],
                action: vec![0; model.factors()],
                weights: vec![0.0; controls.max(policies)],
            },
            model: Arc::clone(model),
        }
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
        &self.planning.q_pi
    }

    /// The negative expected free energy of each policy: the sum of the terms switched on.
    #[must_use]
    pub fn neg_efe(&self) -> &[f64] {
        &self.planning.neg_efe
    }

    /// The expected utility of each policy; zeros where it is switched off.
    #[must_use]
    pub fn utility(&self) -> &[f64] {
        &self.planning.utility
    }

    /// The expected information about states of each policy; zeros where it is switched off.
    #[must_use]
    pub fn states_info_gain(&self) -> &[f64] {
        &self.planning.states_info_gain
    }
}
