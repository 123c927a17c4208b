//! A generative model made ready to be stepped: checked, precomputed, immutable, shared.

use std::sync::Arc;

use crate::arithmetic::{self, Arithmetic};
use crate::beliefs::{Factors, JointSet, Layout};
use crate::error::{ModelError, StepError};
use crate::evidence::{Evidence, Observation};
use crate::expected_free_energy::{Valuation, counts_moves, is_timed};
use crate::inference::Likelihood;
use crate::joint_action::{self, JointAction};
use crate::lanes::Machine;
use crate::matrix::Matrix;
use crate::planning::{Distinctions, Graph, Leaves, Questions};
use crate::policies::Policies;
use crate::probability::{ln_legacy, ln_modern};
use crate::real::Real;
use crate::validation;
use crate::{Counts, GenerativeModel, Options, Profile};

/// An immutable model that any number of agents share through an [`Arc`], in double precision or,
/// made by [`Model::in_f32`], in single.
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
pub struct Model<R: Real = f64> {
    /// What its agents calculate with.
    pub(crate) machine: Machine,
    pub(crate) options: Options,
    pub(crate) policies: Arc<Policies>,
    /// The beliefs that plans come across.
    pub(crate) graph: Arc<Graph>,
    /// `ln E`, or nothing where all policies are alike.
    pub(crate) log_habits: Vec<R>,
    pub(crate) layout: Layout,
    pub(crate) num_obs: Vec<usize>,
    pub(crate) num_controls: Vec<usize>,
    /// D of all factors, one after the other.
    pub(crate) prior: Vec<R>,
    pub(crate) transitions: Vec<Transition<R>>,
    pub(crate) likelihood: Likelihood<R>,
    pub(crate) valuation: Valuation<R>,
    /// What plans ask each part of the valuation.
    pub(crate) questions: Vec<Questions>,
    pub(crate) leaves: Leaves<R>,
}

/// How one factor moves.
#[derive(Debug)]
pub(crate) struct Transition<R> {
    /// The factors its next state depends on.
    pub(crate) from: JointSet,
    /// `[action]`: next states by joint states of `from`.
    pub(crate) by_action: Vec<Matrix<R>>,
}

/// The same as it was given.
pub(crate) struct Moves {
    pub(crate) from: JointSet,
    pub(crate) states: usize,
    /// `[action]`: `[next state, joint state of from]`.
    pub(crate) by_action: Vec<Vec<f64>>,
}

impl Model<f64> {
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
        options: Options,
    ) -> Result<Arc<Self>, ModelError> {
        Self::checked(model, counts, options)
    }

    /// The same policies and options for arrays that have changed, as in learning; they must be
    /// as valid as those before.
    pub(crate) fn with_arrays(
        &self,
        model: &GenerativeModel,
        counts: &Counts,
        is_b_changed: bool,
    ) -> Result<Arc<Self>, ModelError> {
        let graph = (!is_b_changed).then(|| Arc::clone(&self.graph));
        let (options, policies) = (self.options.clone(), Arc::clone(&self.policies));
        Ok(Arc::new(Self::compile(model, counts, options, policies, graph)?))
    }
}

impl Model<f32> {
    /// The same as [`Model::new`] in single precision: half the memory, and twice the numbers in
    /// a register. Beliefs agree with those in double precision to about 1e-5, expected free
    /// energies to about 1e-4.
    ///
    /// # Errors
    /// As [`Model::new`].
    pub fn in_f32(model: &GenerativeModel, options: Options) -> Result<Arc<Self>, ModelError> {
        Self::in_f32_with_counts(model, &Counts::default(), options)
    }

    /// The same as [`Model::with_counts`] in single precision.
    ///
    /// # Errors
    /// As [`Model::with_counts`].
    pub fn in_f32_with_counts(
        model: &GenerativeModel,
        counts: &Counts,
        options: Options,
    ) -> Result<Arc<Self>, ModelError> {
        Self::checked(model, counts, options)
    }
}

impl<R: Real> Model<R> {
    fn checked(
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
        Ok(Arc::new(Self::compile(model, counts, options, Arc::new(policies), None)?))
    }

    fn compile(
        model: &GenerativeModel,
        counts: &Counts,
        options: Options,
        policies: Arc<Policies>,
        graph: Option<Arc<Graph>>,
    ) -> Result<Self, ModelError> {
        let layout = Layout::new(&model.num_states());
        let likelihood = Likelihood::new(model, &layout, &options)?;
        let moves: Vec<Moves> = (0..model.d.len()).map(|f| Moves::new(model, &layout, f)).collect();
        let graph = graph.unwrap_or_else(|| {
            let distinct = Distinctions {
                by_step: is_timed(model, &options),
                by_move: counts_moves(counts, &options),
            };
            Arc::new(Graph::new(&moves, &policies, distinct))
        });
        graph.check_room(&layout)?;
        let valuation = Valuation::new(model, counts, &layout, &options, &graph)?;
        let real = |values: &[f64]| -> Vec<R> { values.iter().map(|x| R::of(*x)).collect() };
        let questions: Vec<Questions> =
            valuation.parts.iter().map(|part| graph.questions(part)).collect();
        Ok(Self {
            leaves: Leaves::new(&moves, &graph, &valuation, &questions),
            machine: Machine::detect(),
            log_habits: real(&log_habits(model, options.profile)),
            prior: model.d.iter().flat_map(|d| real(&d.data)).collect(),
            transitions: moves.iter().map(Transition::new).collect(),
            num_obs: model.num_obs(),
            num_controls: model.num_controls(),
            questions,
            policies,
            graph,
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

    /// What follows from these beliefs under each agent's last action; D for those that have
    /// not acted.
    #[inline(always)]
    pub(crate) fn predict<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        beliefs: &[A::Number],
        actions: &[Option<JointAction>],
        scratch: &mut Prediction<A::Number>,
        out: &mut [A::Number],
    ) {
        let layout = &self.layout;
        for (f, transition) in self.transitions.iter().enumerate() {
            let of = Factors { beliefs, layout };
            let weights = transition.from.joint(arithmetic, |g| of.of(g), &mut scratch.joint);
            let out = &mut out[layout.range(f)];
            // Most often all agents at hand did the same.
            let first = actions[0];
            self.follow(arithmetic, f, first, weights, out);
            for (agent, action) in actions.iter().enumerate().skip(1) {
                if *action == first {
                    continue;
                }
                let own = &mut scratch.own[..out.len()];
                self.follow(arithmetic, f, *action, weights, own);
                for (out, own) in out.iter_mut().zip(own) {
                    A::set(out, agent, A::of(own, agent));
                }
            }
        }
    }

    /// `B_f[u] q`, or D where there is no action.
    #[inline(always)]
    fn follow<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        f: usize,
        action: Option<JointAction>,
        weights: &[A::Number],
        out: &mut [A::Number],
    ) {
        match action {
            None => arithmetic::spread(arithmetic, &self.prior[self.layout.range(f)], out),
            Some(action) => {
                let matrix = &self.transitions[f].by_action[action.of(f, &self.num_controls)];
                arithmetic.multiply(matrix, weights, out);
            }
        }
    }
}

impl Model<f64> {
    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict_outcomes(&self, beliefs: &[f64]) -> Vec<Vec<f64>> {
        self.likelihood.predict(Factors { beliefs, layout: &self.layout })
    }
}

/// Room for a prediction.
#[derive(Clone, Debug)]
pub(crate) struct Prediction<N> {
    /// Joint beliefs of the factors that one factor's transitions depend on.
    joint: Vec<N>,
    /// What one agent's action leads to.
    own: Vec<N>,
}

impl<N: Copy + Default> Prediction<N> {
    pub(crate) fn new<R: Real>(model: &Model<R>) -> Self {
        let layout = &model.layout;
        let joint = model.transitions.iter().map(|t| t.from.size()).max().unwrap_or(0);
        let largest = (0..layout.factors()).map(|f| layout.range(f).len()).max().unwrap_or(0);
        Self { joint: vec![N::default(); joint], own: vec![N::default(); largest] }
    }
}

impl Moves {
    fn new(model: &GenerativeModel, layout: &Layout, f: usize) -> Self {
        let b = &model.b[f];
        let controls = b.shape.last().copied().unwrap_or(1);
        let of_action = |u| b.data.iter().skip(u).step_by(controls).copied().collect();
        Self {
            from: JointSet::new(model.factors_of_transition(f), layout),
            states: layout.range(f).len(),
            by_action: (0..controls).map(of_action).collect(),
        }
    }
}

impl<R: Real> Transition<R> {
    fn new(moves: &Moves) -> Self {
        let matrices = moves.by_action.iter();
        let matrix = |data: &Vec<f64>| Matrix::from_rows(moves.states, moves.from.size(), data);
        Self { from: moves.from.clone(), by_action: matrices.map(matrix).collect() }
    }
}

fn log_habits(model: &GenerativeModel, profile: Profile) -> Vec<f64> {
    let ln = match profile {
        Profile::Legacy => ln_legacy,
        Profile::Modern => ln_modern,
    };
    model.e.iter().flat_map(|e| e.data.iter().map(|x| ln(*x))).collect()
}
