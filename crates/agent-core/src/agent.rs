//! An agent: its beliefs, its last action, and nothing that it could share.

use std::sync::Arc;

use crate::Model;
use crate::action;
use crate::arithmetic::Along;
use crate::error::StepError;
use crate::evidence::{Evidence, Observation};
use crate::joint_action::JointAction;
use crate::lanes::{Calculation, Lanes};
use crate::planning::Evaluation;
use crate::random::RandomStream;
use crate::real::Real;
use crate::workspace::{Room, Selection, Workspace};

/// An active-inference agent. It perceives, plans and acts by a [`Model`] that it shares with
/// its kind; of its own it has beliefs, an action and a random stream.
///
/// ```
/// use agent_core::{Agent, Model, Options, Profile, Workspace, models};
///
/// let options = Options { policy_len: 2, ..Options::of(Profile::Modern) };
/// let model = Model::new(&models::tmaze(0.98), options)?;
/// let mut agent = Agent::new(&model);
/// let mut workspace = Workspace::new(&model);
///
/// // At the centre, no reward, no cue: it goes to look at the cue.
/// agent.infer_states(&[0, 0, 1], &mut workspace)?;
/// agent.infer_policies(&mut workspace)?;
/// assert_eq!(agent.sample_action(&mut workspace)?, [3, 0]);
///
/// // The same in one call, with what it then sees: it goes where the reward must be.
/// assert_eq!(agent.step(&[3, 0, 1], &mut workspace)?, [2, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Agent<R: Real = f64> {
    model: Arc<Model<R>>,
    /// Factors one after the other.
    beliefs: Box<[R]>,
    /// The last action; none before the first.
    action: Option<JointAction>,
    random: RandomStream,
}

impl<R: Real> Agent<R> {
    /// An agent that believes what its model's D says. One allocation, for the beliefs.
    #[must_use]
    pub fn new(model: &Arc<Model<R>>) -> Self {
        Self::with_seed(model, 0)
    }

    /// The same, with a random stream of its own for stochastic action selection.
    #[must_use]
    pub fn with_seed(model: &Arc<Model<R>>, seed: u64) -> Self {
        Self {
            model: Arc::clone(model),
            beliefs: model.prior.clone().into_boxed_slice(),
            action: None,
            random: RandomStream::new(seed),
        }
    }

    /// The model it shares.
    #[must_use]
    pub fn model(&self) -> &Arc<Model<R>> {
        &self.model
    }

    /// What it believes about all factors, one after the other.
    #[must_use]
    pub fn beliefs(&self) -> &[R] {
        &self.beliefs
    }

    /// What it believes about one factor: the posterior over its states.
    ///
    /// # Panics
    /// If there is no such factor.
    #[must_use]
    pub fn qs(&self, factor: usize) -> &[R] {
        &self.beliefs[self.model.layout.range(factor)]
    }

    /// Perceives one outcome per modality: pymdp's `infer_states`.
    ///
    /// The prior is D before the first action, and after it what the last beliefs and the last
    /// action predict.
    ///
    /// # Errors
    /// [`StepError`] for an observation that does not fit or another model's workspace; the
    /// beliefs are then as they were.
    pub fn infer_states(
        &mut self,
        observation: &[usize],
        workspace: &mut Workspace<R>,
    ) -> Result<(), StepError> {
        self.perceive(Observation::Outcomes(observation), workspace)
    }

    /// The same from evidence of any kind: outcomes, distributions over them, or nothing.
    ///
    /// # Errors
    /// As [`Agent::infer_states`].
    pub fn infer_states_from(
        &mut self,
        evidence: &[Evidence],
        workspace: &mut Workspace<R>,
    ) -> Result<(), StepError> {
        self.perceive(Observation::Evidence(evidence), workspace)
    }

    fn perceive(
        &mut self,
        observation: Observation,
        workspace: &mut Workspace<R>,
    ) -> Result<(), StepError> {
        self.check_workspace(workspace)?;
        let model = &*self.model;
        model.check_observation(observation)?;
        let (beliefs, last) = (&mut self.beliefs, self.action);
        let room = &mut workspace.room;
        R::run(model.machine, Perception { model, observation, beliefs, last, room });
        Ok(())
    }

    /// Weighs every policy: pymdp's `infer_policies`. Read the result from the workspace.
    ///
    /// # Errors
    /// [`StepError::ForeignWorkspace`].
    pub fn infer_policies(&self, workspace: &mut Workspace<R>) -> Result<(), StepError> {
        self.check_workspace(workspace)?;
        let Room { planning, plan, .. } = &mut workspace.room;
        let (model, beliefs) = (&*self.model, &self.beliefs);
        R::run(model.machine, Evaluation { model, beliefs, planning, plan });
        Ok(())
    }

    /// Chooses an action, one per factor, and remembers it: pymdp's `sample_action`.
    ///
    /// # Errors
    /// [`StepError::ForeignWorkspace`].
    pub fn sample_action<'w>(
        &mut self,
        workspace: &'w mut Workspace<R>,
    ) -> Result<&'w [usize], StepError> {
        self.check_workspace(workspace)?;
        let Room { plan, selection, .. } = &mut workspace.room;
        let (model, random) = (&*self.model, &mut self.random);
        R::run(model.machine, Choice { model, q_pi: &plan.q_pi, random, selection });
        self.action = Some(JointAction::encode(&selection.action, &self.model.num_controls));
        Ok(&selection.action)
    }

    /// Perceives, plans and acts.
    ///
    /// # Errors
    /// As [`Agent::infer_states`].
    pub fn step<'w>(
        &mut self,
        observation: &[usize],
        workspace: &'w mut Workspace<R>,
    ) -> Result<&'w [usize], StepError> {
        self.infer_states(observation, workspace)?;
        self.infer_policies(workspace)?;
        self.sample_action(workspace)
    }

    /// Says what was done instead of what the agent chose, as when it is led by hand.
    ///
    /// # Errors
    /// [`StepError`] for an action that does not exist.
    pub fn set_action(&mut self, action: &[usize]) -> Result<(), StepError> {
        self.model.check_action(action)?;
        let controls = &self.model.num_controls;
        self.action = Some(JointAction::encode(action, controls));
        Ok(())
    }

    /// Begins anew: D's beliefs and no action. The random stream goes on.
    pub fn reset(&mut self) {
        self.beliefs.copy_from_slice(&self.model.prior);
        self.action = None;
    }

    /// Every byte this agent holds beyond the model it shares: itself and its beliefs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.beliefs)
    }

    /// Goes on with a model that has learned; its arrays have the shapes of those before.
    pub(crate) fn adopt(&mut self, model: Arc<Model<R>>) {
        self.model = model;
    }

    pub(crate) fn check_workspace(&self, workspace: &Workspace<R>) -> Result<(), StepError> {
        if Arc::ptr_eq(&self.model, &workspace.model) {
            Ok(())
        } else {
            Err(StepError::ForeignWorkspace)
        }
    }
}

/// One posterior over states.
struct Perception<'a, R: Real> {
    model: &'a Model<R>,
    observation: Observation<'a>,
    beliefs: &'a mut [R],
    last: Option<JointAction>,
    room: &'a mut Room<R>,
}

impl<R: Real> Calculation<R> for Perception<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        let Self { model, observation, beliefs, last, room } = self;
        room.perceive(Along::new(lanes), model, &[observation], &[last], beliefs);
    }
}

/// One action chosen.
struct Choice<'a, R: Real> {
    model: &'a Model<R>,
    q_pi: &'a [R],
    random: &'a mut RandomStream,
    selection: &'a mut Selection<R>,
}

impl<R: Real> Calculation<R> for Choice<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        let Self { model, q_pi, random, selection } = self;
        let arithmetic = Along::<R, L>::new(lanes);
        action::add_up_marginals(arithmetic, model, q_pi, &mut selection.marginals);
        action::select::<Along<R, L>>(model, 0, q_pi, random, selection);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ModelError;
    use crate::lanes::Machine;
    use crate::{GenerativeModel, Options, Population, Profile, models};

    /// Every bit that some steps leave, of an agent alone and then of five together, where all
    /// choose stochastically.
    fn lived<R: Real>(
        make: impl Fn() -> Result<Arc<Model<R>>, ModelError>,
        machine: Option<Machine>,
    ) -> (Vec<usize>, Vec<u64>) {
        let mut model = make().unwrap();
        if let Some(machine) = machine {
            Arc::get_mut(&mut model).unwrap().machine = machine;
        }
        let (mut agent, mut workspace) = (Agent::with_seed(&model, 3), Workspace::new(&model));
        let mut together = Population::new(&model);
        for seed in 0..5 {
            together.spawn(seed);
        }
        let (mut actions, mut bits) = (Vec::new(), Vec::new());
        let mut keep = |numbers: &[R]| bits.extend(numbers.iter().map(|x| (*x).into().to_bits()));
        for step in 0..3 {
            let observation: Vec<usize> = model.num_obs().iter().map(|o| step % o).collect();
            actions.extend_from_slice(agent.step(&observation, &mut workspace).unwrap());
            keep(agent.beliefs());
            keep(workspace.neg_efe());
            keep(workspace.q_pi());
            keep(&[workspace.free_energy()]);
            actions.extend_from_slice(together.step_all(&observation.repeat(5), 1).unwrap());
        }
        for member in together.members() {
            keep(&together.beliefs(member).unwrap());
        }
        (actions, bits)
    }

    fn assert_same_bits(model: &GenerativeModel, profile: Profile, policy_len: usize) {
        let options = || Options {
            policy_len,
            gamma: 2.0,
            action_selection: crate::ActionSelection::Stochastic,
            ..Options::of(profile)
        };
        let double = || Model::new(model, options());
        assert_eq!(lived(double, None), lived(double, Some(Machine::Portable)));
        let single = || Model::in_f32(model, options());
        assert_eq!(lived(single, None), lived(single, Some(Machine::Portable)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// On a machine without wide lanes there is nothing to compare.
        #[test]
        fn whole_steps_give_the_same_bits_on_all_lanes(
            factors in proptest::collection::vec((1_usize..12, 1_usize..4), 1..4),
            outcomes in proptest::collection::vec(1_usize..20, 1..4),
            seed in any::<u64>(),
            is_legacy in any::<bool>(),
            policy_len in 1_usize..3,
        ) {
            let (states, actions): (Vec<usize>, Vec<usize>) = factors.into_iter().unzip();
            let model = models::random(&states, &outcomes, &actions, seed);
            let profile = if is_legacy { Profile::Legacy } else { Profile::Modern };
            assert_same_bits(&model, profile, policy_len);
        }
    }

    #[test]
    fn sparse_models_give_the_same_bits_on_all_lanes() {
        for model in [models::tmaze(0.98), models::grid(), models::cue_chaining()] {
            assert_same_bits(&model, Profile::Modern, 2);
        }
    }
}
