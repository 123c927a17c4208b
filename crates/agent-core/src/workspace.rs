//! Room for one step of one agent, and what that step computed.

use std::sync::Arc;

use crate::Model;
use crate::aligned::{Aligned, zeros};
use crate::arithmetic::Arithmetic;
use crate::evidence::Observation;
use crate::inference::{Given, InferenceScratch, Inferred};
use crate::joint_action::JointAction;
use crate::model::Prediction;
use crate::planning::Planning;
use crate::real::Real;

/// Everything a step needs beside the agent's own beliefs. One serves any number of agents of
/// one model, one after the other; a thread has one of its own.
///
/// Making one allocates; stepping with it does not.
#[derive(Clone, Debug)]
pub struct Workspace<R: Real = f64> {
    pub(crate) model: Arc<Model<R>>,
    pub(crate) room: Room<R>,
}

/// The room itself, for the numbers of one agent or of several abreast.
#[derive(Clone, Debug)]
pub(crate) struct Room<N> {
    pub(crate) inference: InferenceScratch<N>,
    pub(crate) inferred: Inferred<N>,
    pub(crate) prior: Aligned<N>,
    pub(crate) prediction: Prediction<N>,
    pub(crate) planning: Planning<N>,
    pub(crate) plan: Plan<N>,
    pub(crate) selection: Selection<N>,
}

/// What the policies are worth.
#[derive(Clone, Debug)]
pub(crate) struct Plan<N> {
    pub(crate) utility: Vec<N>,
    pub(crate) states_info_gain: Vec<N>,
    pub(crate) param_info_gain: Vec<N>,
    pub(crate) inductive_value: Vec<N>,
    pub(crate) neg_efe: Vec<N>,
    pub(crate) q_pi: Vec<N>,
}

impl<N: Copy + Default> Plan<N> {
    pub(crate) fn new(policies: usize) -> Self {
        let zeros = || vec![N::default(); policies];
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
pub(crate) struct Selection<N> {
    /// Probabilities of each factor's actions, one factor after the other.
    pub(crate) marginals: Vec<N>,
    /// One action per factor.
    pub(crate) action: Vec<usize>,
    /// Weights of what is drawn from.
    pub(crate) weights: Vec<f64>,
}

impl<N: Copy + Default> Selection<N> {
    pub(crate) fn new<R: Real>(model: &Model<R>) -> Self {
        let controls: usize = model.num_controls.iter().sum();
        Self {
            marginals: vec![N::default(); controls],
            action: vec![0; model.factors()],
            weights: vec![0.0; controls.max(model.policies.len())],
        }
    }
}

impl<N: Copy + Default> Room<N> {
    pub(crate) fn new<R: Real>(model: &Model<R>) -> Self {
        Self {
            inference: model.likelihood.scratch(&model.layout),
            inferred: Inferred::default(),
            prior: zeros(model.num_states()),
            prediction: Prediction::new(model),
            planning: Planning::new(model),
            plan: Plan::new(model.policies.len()),
            selection: Selection::new(model),
        }
    }
}

impl<N: Copy + Default + PartialEq> Room<N> {
    /// The posterior of each agent at hand after its last action and this observation.
    #[inline(always)]
    pub(crate) fn perceive<A: Arithmetic<Number = N>>(
        &mut self,
        arithmetic: A,
        model: &Model<A::Real>,
        observations: &[Observation],
        actions: &[Option<JointAction>],
        beliefs: &mut [N],
    ) {
        let Self { prediction, prior, inference, inferred, .. } = self;
        model.predict(arithmetic, beliefs, actions, prediction, prior);
        let (layout, options) = (&model.layout, &model.options);
        let given = Given { observations, prior, layout, options };
        *inferred = model.likelihood.infer(arithmetic, given, inference, beliefs);
    }
}

impl<R: Real> Workspace<R> {
    /// Room for one step of any agent of this model.
    #[must_use]
    pub fn new(model: &Arc<Model<R>>) -> Self {
        Self { room: Room::new(model), model: Arc::clone(model) }
    }

    /// Goes on with a model that has learned. The room is made anew: which factors a likelihood
    /// depends on, and which of its elements are zero, can have changed.
    pub(crate) fn adopt(&mut self, model: &Arc<Model<R>>) {
        let made = Self::new(model);
        let before = std::mem::replace(self, made).room;
        let room = &mut self.room;
        (room.inferred, room.prior, room.plan) = (before.inferred, before.prior, before.plan);
    }

    /// The empirical prior of the last inference: what was expected before the observation,
    /// factors one after the other.
    #[must_use]
    pub fn prior(&self) -> &[R] {
        &self.room.prior
    }

    /// The variational free energy of the last posterior.
    #[must_use]
    pub fn free_energy(&self) -> R {
        self.room.inferred.free_energy
    }

    /// Sweeps of the last fixed-point iteration; 0 where one factor has a closed form.
    #[must_use]
    pub fn sweeps(&self) -> usize {
        self.room.inferred.sweeps
    }

    /// The last action, one per factor.
    #[must_use]
    pub fn action(&self) -> &[usize] {
        &self.room.selection.action
    }

    /// The posterior over policies.
    #[must_use]
    pub fn q_pi(&self) -> &[R] {
        &self.room.plan.q_pi
    }

    /// The negative expected free energy of each policy: the sum of the terms switched on.
    #[must_use]
    pub fn neg_efe(&self) -> &[R] {
        &self.room.plan.neg_efe
    }

    /// The expected utility of each policy; zeros where it is switched off.
    #[must_use]
    pub fn utility(&self) -> &[R] {
        &self.room.plan.utility
    }

    /// The expected information about states of each policy; zeros where it is switched off.
    #[must_use]
    pub fn states_info_gain(&self) -> &[R] {
        &self.room.plan.states_info_gain
    }

    /// The expected information about A and B of each policy; zeros where it is switched off.
    #[must_use]
    pub fn param_info_gain(&self) -> &[R] {
        &self.room.plan.param_info_gain
    }

    /// The inductive value of each policy; zeros where it is switched off.
    #[must_use]
    pub fn inductive_value(&self) -> &[R] {
        &self.room.plan.inductive_value
    }
}
