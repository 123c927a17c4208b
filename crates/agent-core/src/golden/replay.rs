//! Replaying a run of a golden file.

use super::comparison::{Comparison, Difference, Quantity, compare};
use super::terms;
use super::{ByFactor, FreeEnergy, GoldenFile, GoldenInductive, GoldenOptions, Run, Step, Terms};
use crate::beliefs::Layout;
use crate::error::{ModelError, StepError};
use crate::learning::count_first_states;
use crate::sequence::{MessagePassing, SequenceAgent, SequenceModel};
use crate::workspace::Plan;
use crate::{
    Agent, Array, Counts, Evidence, GenerativeModel, Inductive, Learner, Model, Options, Profile,
    Rates, Sampling, StructuralZeros, Workspace,
};

/// A run replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The profile it was replayed under.
    pub profile: Profile,
    /// Every step as this engine computed it.
    pub steps: Vec<Step>,
    /// The counts of D after the last step, where the profile learns D.
    pub final_counts_d: Option<ByFactor>,
    /// One for each quantity that the run records and the replay computes.
    pub differences: Vec<Difference>,
    /// What the run records and the replay does not compute: it cannot be said to agree.
    pub uncomputed: Vec<Quantity>,
    /// The names of what the run records and the format does not have.
    pub unknown: Vec<String>,
}

impl Replay {
    /// Whether everything of the format that the run records was computed, and is near enough.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.uncomputed.is_empty() && self.differences.iter().all(Difference::is_within)
    }
}

/// Why a run could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The run needs something that this engine does not do.
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    /// The file contradicts itself.
    #[error("{0}")]
    Inconsistent(String),
    /// A quantity has another shape in the run than in the model.
    #[error("step {t}: {quantity} has another shape in the run than in the model")]
    Misfit {
        /// The step.
        t: usize,
        /// The quantity.
        quantity: Quantity,
    },
    /// The model was refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An agent could not be made or end its episode.
    #[error(transparent)]
    Agent(StepError),
    /// An observation or action was refused.
    #[error("step {t}: {source}")]
    Step {
        /// The step.
        t: usize,
        /// Why.
        source: StepError,
    },
}

/// How states are inferred in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inference {
    FixedPoint,
    Window(MessagePassing),
}

/// Replays the run of this name, under the profile that its name tells.
///
/// # Errors
/// [`ReplayError`]; [`ReplayError::Unsupported`] says what is missing.
pub fn replay(file: &GoldenFile, name: &str, run: &Run) -> Result<Replay, ReplayError> {
    let profile = profile_of(name)?;
    let inference = inference_of(name, profile, &file.options);
    let options = run_options(file, name)?;
    if run.steps.len() != file.observations.len() || file.actions.len() != run.steps.len() {
        return Err(ReplayError::Inconsistent(format!(
            "{} observations, {} actions and {} steps; there must be as many of each",
            file.observations.len(),
            file.actions.len(),
            run.steps.len()
        )));
    }
    let learns = file.options.learn_A || file.options.learn_B;
    let learns_first = file.options.learn_D && profile == Profile::Legacy;
    let (steps, final_counts_d) = match inference {
        Inference::Window(_) if learns => {
            return Err(ReplayError::Unsupported(match profile {
                // There `qs` is per policy and moment, which `update_A` and `update_B` fail on.
                Profile::Legacy => "pymdp 0.0.7.1 does not learn A or B with message passing",
                Profile::Modern => "runs of message passing record no counts of A and B",
            }));
        }
        Inference::Window(method) => replay_window(file, run, options, method)?,
        Inference::FixedPoint if learns || learns_first => replay_learning(file, run, options)?,
        Inference::FixedPoint => (replay_steps(file, run, options)?, None),
    };
    let policies = file.policies.shape.first().copied().unwrap_or(0);
    let Comparison { differences, uncomputed, unknown } =
        compare(run, &steps, final_counts_d.as_ref(), policies)
            .map_err(|misfit| ReplayError::Misfit { t: misfit.t, quantity: misfit.quantity })?;
    Ok(Replay { profile, steps, final_counts_d, differences, uncomputed, unknown })
}

/// The profile that a run's name tells.
///
/// # Errors
/// [`ReplayError::Unsupported`] for a name that tells none.
pub fn profile_of(name: &str) -> Result<Profile, ReplayError> {
    if name.starts_with("pymdp-0.") {
        Ok(Profile::Legacy)
    } else if name.starts_with("pymdp-1.") {
        Ok(Profile::Modern)
    } else {
        Err(ReplayError::Unsupported("the run's name tells neither pymdp 0.x nor 1.x"))
    }
}

/// The way of inference that a run's name tells, or in the legacy profile the file's options.
fn inference_of(name: &str, profile: Profile, options: &GoldenOptions) -> Inference {
    match profile {
        Profile::Modern if name.ends_with("-mmp") => Inference::Window(MessagePassing::Marginal),
        Profile::Modern if name.ends_with("-vmp") => Inference::Window(MessagePassing::Variational),
        Profile::Legacy if options.inference_algo == "MMP" => {
            Inference::Window(MessagePassing::Marginal)
        }
        _ => Inference::FixedPoint,
    }
}

/// How the agents of the run of this name were set up.
///
/// # Errors
/// [`ReplayError`].
pub fn run_options(file: &GoldenFile, name: &str) -> Result<Options, ReplayError> {
    let profile = profile_of(name)?;
    let given = &file.options;
    let policies = file.policy_list().ok_or_else(|| {
        ReplayError::Inconsistent(format!(
            "policies has shape {:?} and {} elements; it must be [policies, policy_len, factors]",
            file.policies.shape,
            file.policies.data.len()
        ))
    })?;
    if given.action_selection != "deterministic" {
        return Err(ReplayError::Unsupported("actions that were drawn cannot be compared"));
    }
    let settles = !name.ends_with("-fpi16");
    Ok(Options {
        policies: Some(policies),
        policy_len: given.policy_len,
        use_utility: given.use_utility,
        use_states_info_gain: given.use_states_info_gain,
        use_param_info_gain: given.use_param_info_gain,
        inductive: match file.options.use_inductive && profile == Profile::Modern {
            true => Some(goals(file).ok_or_else(|| {
                let problem = "use_inductive is on, but there is no H or no inductive option; both \
                               are needed";
                ReplayError::Inconsistent(problem.to_owned())
            })?),
            false => None,
        },
        gamma: given.gamma,
        alpha: given.alpha,
        sampling: match given.sampling_mode.as_str() {
            "marginal" => Sampling::Marginal,
            "full" => Sampling::Full,
            other => {
                return Err(ReplayError::Inconsistent(format!(
                    "sampling_mode is '{other}'; it must be 'marginal' or 'full'"
                )));
            }
        },
        num_iter: match profile {
            Profile::Legacy if settles => given.num_iter_v0,
            _ => given.num_iter_v1,
        },
        df_tolerance: if settles { given.dF_tol_v0 } else { 0.0 },
        ..Options::of(profile)
    })
}

/// What inductive inference needs, if the file has it.
fn goals(file: &GoldenFile) -> Option<Inductive> {
    let GoldenInductive { depth, threshold, epsilon } = file.options.inductive?;
    Some(Inductive { goals: file.model.H.clone()?, depth, threshold, epsilon })
}

/// The first step's terms, if the run records them: it has all of them, whatever its options.
fn add_terms(
    step: &mut Step,
    (file, run): (&GoldenFile, &Run),
    (model, counts): (&GenerativeModel, &Counts),
    options: &Options,
    beliefs: &[f64],
) -> Result<(), ReplayError> {
    if run.steps.get(step.t).is_some_and(|recorded| recorded.terms.is_some()) {
        let goals = goals(file).filter(|_| options.profile == Profile::Modern);
        step.terms = Some(terms::all(model, counts, options, goals, beliefs)?);
    }
    Ok(())
}

/// Observations with the actions executed after them.
fn episode(file: &GoldenFile) -> impl Iterator<Item = (usize, &Vec<usize>, &Vec<usize>)> {
    let pairs = file.observations.iter().zip(&file.actions).enumerate();
    pairs.map(|(t, (observation, executed))| (t, observation, executed))
}

fn at(t: usize) -> impl Fn(StepError) -> ReplayError + Copy {
    move |source| ReplayError::Step { t, source }
}

fn replay_steps(file: &GoldenFile, run: &Run, options: Options) -> Result<Vec<Step>, ReplayError> {
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let counts = file.model.counts(run.A_dependencies.as_ref());
    let model = Model::with_counts(&generative_model, &counts, options)?;
    let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let mut steps = Vec::with_capacity(file.observations.len());
    for (t, observation, executed) in episode(file) {
        let action = agent.step(observation, &mut workspace).map_err(at(t))?.to_vec();
        let mut step = filtered_step(t, &agent, &workspace, action);
        let known = (&generative_model, &counts);
        add_terms(&mut step, (file, run), known, &model.options, agent.beliefs())?;
        steps.push(step);
        agent.set_action(executed).map_err(at(t))?;
    }
    Ok(steps)
}

/// pymdp learns after inference and before planning, and does not infer again.
fn replay_learning(
    file: &GoldenFile,
    run: &Run,
    options: Options,
) -> Result<(Vec<Step>, Option<ByFactor>), ReplayError> {
    let given = &file.options;
    let profile = options.profile;
    let rates = Rates {
        a: given.learn_A.then_some(given.lr_pA),
        b: given.learn_B.then_some(given.lr_pB),
        // Modern pymdp does not learn D.
        d: (given.learn_D && profile == Profile::Legacy).then_some(given.lr_pD),
        zeros: zeros_of(profile),
        ..Rates::default()
    };
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let counts = file.model.counts(run.A_dependencies.as_ref());
    let mut learner = Learner::new(generative_model, counts, rates, options)?;
    let mut steps = Vec::with_capacity(file.observations.len());
    let flattened = |arrays: &Option<Vec<Array>>| {
        arrays.as_ref().map(|arrays| arrays.iter().map(|array| array.data.clone()).collect())
    };
    for (t, observation, executed) in episode(file) {
        let evidence: Vec<Evidence> = observation.iter().map(|o| Evidence::Outcome(*o)).collect();
        learner.perceive(&evidence).map_err(at(t))?;
        let (counts_a, counts_b) = (flattened(&learner.counts().a), flattened(&learner.counts().b));
        let action = learner.act().map_err(at(t))?.to_vec();
        let mut step = filtered_step(t, learner.agent(), learner.workspace(), action);
        let (agent, known) = (learner.agent(), (learner.generative_model(), learner.counts()));
        add_terms(&mut step, (file, run), known, &agent.model().options, agent.beliefs())?;
        steps.push(Step { pA: counts_a, pB: counts_b, ..step });
        learner.set_action(executed).map_err(at(t))?;
    }
    learner.end_episode().map_err(ReplayError::Agent)?;
    let final_counts_d = rates.d.and_then(|_| flattened(&learner.counts().d));
    Ok((steps, final_counts_d))
}

/// What pymdp's lines do where the model holds something to be impossible.
fn zeros_of(profile: Profile) -> StructuralZeros {
    match profile {
        Profile::Legacy => StructuralZeros::Keep,
        Profile::Modern => StructuralZeros::Count,
    }
}

fn replay_window(
    file: &GoldenFile,
    run: &Run,
    options: Options,
    method: MessagePassing,
) -> Result<(Vec<Step>, Option<ByFactor>), ReplayError> {
    let profile = options.profile;
    let horizon = match profile {
        Profile::Legacy => file.options.inference_horizon,
        Profile::Modern => file.observations.len().max(1),
    };
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let mut counts = file.model.counts(run.A_dependencies.as_ref());
    let sequence = SequenceModel::with_counts(&generative_model, &counts, options)?;
    let layout = &sequence.model().layout;
    let mut agent = SequenceAgent::new(&sequence, method, horizon).map_err(ReplayError::Agent)?;
    let mut steps = Vec::with_capacity(file.observations.len());
    for (t, observation, executed) in episode(file) {
        let latest_belief = by_factor(layout, agent.prior());
        agent.infer_states(observation).map_err(at(t))?;
        agent.infer_policies();
        let action = agent.sample_action().to_vec();
        let mut step = planned_step(t, sequence.model(), agent.plan(), action);
        match profile {
            Profile::Legacy => {
                let window = |window: &[Vec<f64>]| {
                    window.iter().map(|beliefs| by_factor(layout, beliefs)).collect()
                };
                step.latest_belief = Some(latest_belief);
                step.qs_pi = Some(agent.beliefs_by_policy().map(window).collect());
                step.F = Some(FreeEnergy::PerPolicy(agent.free_energy_by_policy().collect()));
            }
            Profile::Modern => {
                let moments = |f: usize| {
                    agent.window().iter().map(|beliefs| beliefs[layout.range(f)].to_vec()).collect()
                };
                step.qs_seq = Some((0..layout.factors()).map(moments).collect());
                step.F = Some(FreeEnergy::One(agent.free_energy()));
                let (known, options) = ((&generative_model, &counts), &sequence.model().options);
                if let Some(present) = agent.window().last() {
                    add_terms(&mut step, (file, run), known, options, present)?;
                }
            }
        }
        steps.push(step);
        agent.set_action(executed).map_err(at(t))?;
    }
    if !(file.options.learn_D && profile == Profile::Legacy) {
        return Ok((steps, None));
    }
    // `update_D` with message passing takes the beliefs that the window begins with.
    let first = counts.d.get_or_insert_with(|| generative_model.d.clone());
    let zeros = zeros_of(profile);
    let rates = Rates { d: Some(file.options.lr_pD), zeros, ..Rates::default() };
    count_first_states(first, agent.prior(), file.options.lr_pD, &rates);
    Ok((steps, Some(first.iter().map(|counts| counts.data.clone()).collect())))
}

fn filtered_step(t: usize, agent: &Agent, workspace: &Workspace, action: Vec<usize>) -> Step {
    let model = agent.model();
    Step {
        prior: Some(by_factor(&model.layout, workspace.prior())),
        qs: Some(by_factor(&model.layout, agent.beliefs())),
        F: Some(FreeEnergy::One(workspace.free_energy())),
        fpi_iters: match model.options.profile {
            Profile::Legacy => Some(workspace.sweeps()),
            Profile::Modern => None,
        },
        ..planned_step(t, model, &workspace.room.plan, action)
    }
}

fn planned_step(t: usize, model: &Model, plan: &Plan<f64>, action: Vec<usize>) -> Step {
    let options = &model.options;
    let when = |is_on: bool, term: &Vec<f64>| is_on.then(|| term.clone());
    Step {
        t,
        neg_efe: plan.neg_efe.clone(),
        q_pi: plan.q_pi.clone(),
        terms: Some(Terms {
            utility: when(options.use_utility, &plan.utility),
            states_info_gain: when(options.use_states_info_gain, &plan.states_info_gain),
            param_info_gain: when(options.use_param_info_gain, &plan.param_info_gain),
            inductive_value: when(options.inductive.is_some(), &plan.inductive_value),
            ..Terms::default()
        }),
        action,
        ..Step::default()
    }
}

fn by_factor(layout: &Layout, beliefs: &[f64]) -> ByFactor {
    (0..layout.factors()).map(|f| beliefs[layout.range(f)].to_vec()).collect()
}
