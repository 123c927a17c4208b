//! A generative model made ready to be stepped: checked, precomputed, immutable, shared.

use std::sync::Arc;

use crate::beliefs::{Factors, JointSet, Layout};
use crate::error::{ModelError, StepError};
use crate::evidence::{Evidence, Observation};
use crate::expected_free_energy::Valuation;
use crate::inference::Likelihood;
use crate::joint_action;
use crate::lanes::{Lanes, Machine};
use crate::matrix::Matrix;
use crate::planning::Capacity;
use crate::policies::Policies;
use crate::probability::{ln_legacy, ln_modern};
use crate::{Counts, GenerativeModel, Options, Profile};
use crate::{planning, validation};

/// An immutable model that any number of agents share through an [`Arc`].
///
/// ```
/// use agent_core::{Model, Options, Profile, models};
///
/// let options = Options { policy_len: 2, ..Options::of(Profile::Modern) };
/// let model = Model::new(&models::tmaze(0.98), options)?;
/// assert_eq!(model.policies().len(), 16);
/// # Ok::<(), agent_core::ModelError>(())
/// ```
#[derive(Debug)]
pub struct Model {
    /// What its agents calculate with.
    pub(crate) machine: Machine,
    pub(crate) options: Options,
    pub(crate) policies: Arc<Policies>,
    /// How much a plan can come to hold.
    pub(crate) capacity: Capacity,
    /// `ln E`, or nothing where all policies are alike.
    pub(crate) log_habits: Vec<f64>,
    pub(crate) layout: Layout,
    pub(crate) num_obs: Vec<usize>,
    pub(crate) num_controls: Vec<usize>,
    /// D of all factors, one after the other.
    pub(crate) prior: Vec<f64>,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) likelihood: Likelihood,
    pub(crate) valuation: Valuation,
}

/// How one factor moves.
#[derive(Debug)]
pub(crate) struct Transition {
    /// The factors its next state depends on.
    pub(crate) from: JointSet,
    /// `[action]`: next states by joint states of `from`.
    pub(crate) by_action: Vec<Matrix>,
}

impl Model {
    /// Checks and compiles a generative model. Time and memory are linear in its arrays and in
    /// the number of policies, and for [`Profile::Legacy`] in the joint outcomes that its states
    /// allow.
    ///
    /// # Errors
    /// [`ModelError`], which names the array, the index and the value that does not fit.
    pub fn new(model: &GenerativeModel, options: Options) -> Result<Arc<Self>, ModelError> {
        Self::with_counts(model, &Counts::default(), options)
    }

    /// The same with Dirichlet counts, from which parameter information gain is computed.
    ///
    /// # Errors
    /// [`ModelError`], also for counts whose shapes are not those of their arrays, or that are
    /// negative or not finite.
    pub fn with_counts(
        model: &GenerativeModel,
        counts: &Counts,
        mut options: Options,
    ) -> Result<Arc<Self>, ModelError> {
        let num_controls = model.num_controls();
        if let Some(list) = &options.policies {
            options.policy_len = list.first().map_or(0, Vec::len);
        }
        validation::check(model, &options)?;
        joint_action::check(&num_controls)?;
        let policies = match &options.policies {
            Some(list) => Policies::of(list, &num_controls)?,
            None => Policies::enumerate(&num_controls, options.policy_len)?,
        };
        if let Some(habits) = &model.e {
            validation::check_habits(habits, policies.len())?;
        }
        validation::check_counts_of(counts, model, policies.len())?;
        let compiled = Self::compile(model, counts, options, Arc::new(policies))?;
        planning::check_room(&compiled)?;
        Ok(Arc::new(compiled))
    }

    /// The same policies and options for arrays that have changed, as in learning; they must be
    /// as valid as those before.
    pub(crate) fn with_arrays(
        &self,
        model: &GenerativeModel,
        counts: &Counts,
    ) -> Result<Arc<Self>, ModelError> {
        let (options, policies) = (self.options.clone(), Arc::clone(&self.policies));
        Ok(Arc::new(Self::compile(model, counts, options, policies)?))
    }

    fn compile(
        model: &GenerativeModel,
        counts: &Counts,
        options: Options,
        policies: Arc<Policies>,
    ) -> Result<Self, ModelError> {
        let layout = Layout::new(&model.num_states());
        let likelihood = Likelihood::new(model, &layout, &options)?;
        let transitions: Vec<Transition> =
            (0..model.d.len()).map(|f| Transition::new(model, &layout, f)).collect();
        let num_controls = model.num_controls();
        let capacity = Capacity::new(&transitions, &num_controls, &policies);
        let valuation = Valuation::new(model, counts, &layout, &options, &capacity)?;
        Ok(Self {
            machine: Machine::detect(),
            log_habits: log_habits(model, options.profile),
            prior: model.d.iter().flat_map(|d| d.data.iter().copied()).collect(),
            transitions,
            num_obs: model.num_obs(),
            num_controls,
            policies,
            capacity,
            layout,
            likelihood,
            valuation,
            options,
        })
    }

    /// The options it was made with; `policy_len` is that of the policies.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What its agents choose from.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Factors of hidden states.
    #[must_use]
    pub fn factors(&self) -> usize {
        self.transitions.len()
    }

    /// States of all factors together: the length of an agent's beliefs.
    #[must_use]
    pub fn num_states(&self) -> usize {
        self.layout.total()
    }

    /// Outcomes of each modality.
    #[must_use]
    pub fn num_obs(&self) -> &[usize] {
        &self.num_obs
    }

    /// Actions of each factor.
    #[must_use]
    pub fn num_controls(&self) -> &[usize] {
        &self.num_controls
    }

    /// Where the beliefs about one factor stand among those of all.
    ///
    /// # Panics
    /// If there is no such factor.
    #[must_use]
    pub fn states_of(&self, factor: usize) -> std::ops::Range<usize> {
        self.layout.range(factor)
    }

    /// Whether an observation has one fitting piece of evidence per modality.
    pub(crate) fn check_observation(&self, observation: Observation) -> Result<(), StepError> {
        let expected = self.num_obs.len();
        if observation.len() != expected {
            return Err(StepError::ObservationCount { found: observation.len(), expected });
        }
        for (modality, &outcomes) in self.num_obs.iter().enumerate() {
            match observation.of(modality) {
                Evidence::Missing => {}
                Evidence::Outcome(found) if found < outcomes => {}
                Evidence::Outcome(found) => {
                    return Err(StepError::Observation { modality, found, last: outcomes - 1 });
                }
                Evidence::Distribution(distribution) => {
                    validation::check_evidence(distribution, modality, outcomes)?;
                }
            }
        }
        Ok(())
    }

    /// Whether there is one action per factor that it has.
    pub(crate) fn check_action(&self, action: &[usize]) -> Result<(), StepError> {
        let controls = &self.num_controls;
        if action.len() != controls.len() {
            let (found, expected) = (action.len(), controls.len());
            return Err(StepError::ActionCount { found, expected });
        }
        for (factor, (&found, &controls)) in action.iter().zip(controls).enumerate() {
            if found >= controls {
                return Err(StepError::Action { factor, found, last: controls - 1 });
            }
        }
        Ok(())
    }

    /// What follows from these beliefs under these actions, one per factor: `out_f = B_f[u] q`.
    #[inline(always)]
    pub(crate) fn predict<L: Lanes>(
        &self,
        lanes: L,
        beliefs: &[f64],
        action: &[usize],
        scratch: &mut [f64],
        out: &mut [f64],
    ) {
        let layout = &self.layout;
        for (f, transition) in self.transitions.iter().enumerate() {
            let of = Factors { beliefs, layout };
            let weights = transition.from.joint(|g| of.of(g), scratch);
            transition.by_action[action[f]].multiply(lanes, weights, &mut out[layout.range(f)]);
        }
    }

    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict_outcomes(&self, beliefs: &[f64]) -> Vec<Vec<f64>> {
        self.likelihood.predict(Factors { beliefs, layout: &self.layout })
    }
}

impl Transition {
    fn new(model: &GenerativeModel, layout: &Layout, f: usize) -> Self {
        let b = &model.b[f];
        let from = JointSet::new(model.factors_of_transition(f), layout);
        let controls = b.shape.last().copied().unwrap_or(1);
        let states = layout.range(f).len();
        let by_action = (0..controls)
            .map(|u| {
                let data: Vec<f64> = b.data.iter().skip(u).step_by(controls).copied().collect();
                Matrix::from_rows(states, from.size(), &data)
            })
            .collect();
        Self { from, by_action }
    }
}

fn log_habits(model: &GenerativeModel, profile: Profile) -> Vec<f64> {
    let ln = match profile {
        Profile::Legacy => ln_legacy,
        Profile::Modern => ln_modern,
    };
    model.e.iter().flat_map(|e| e.data.iter().map(|x| ln(*x))).collect()
}
