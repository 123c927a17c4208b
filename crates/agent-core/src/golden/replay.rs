//! Replaying a run of a golden file.

use super::comparison::{Difference, Quantity, compare};
use super::{ByFactor, FreeEnergy, GoldenFile, GoldenOptions, Run, Step, Terms};
use crate::beliefs::Layout;
use crate::error::{ModelError, StepError};
use crate::sequence::{MessagePassing, SequenceAgent, SequenceModel};
use crate::workspace::Plan;
use crate::{
    Agent, Array, Evidence, Inductive, Learner, Model, Options, Profile, Rates, Sampling, Workspace,
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
    /// One for each quantity that the run records.
    pub differences: Vec<Difference>,
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
    let learns = file.options.learn_A || file.options.learn_B || file.options.learn_D;
    let mut final_counts_d = None;
    let steps = match inference {
        Inference::Window(_) if learns => {
            return Err(ReplayError::Unsupported("learning with message passing over a window"));
        }
        Inference::Window(method) => replay_window(file, run, options, method)?,
        Inference::FixedPoint if learns => {
            let (steps, counts_d) = replay_learning(file, run, options)?;
            final_counts_d = counts_d;
            steps
        }
        Inference::FixedPoint => replay_steps(file, run, options)?,
    };
    let policies = file.policies.shape.first().copied().unwrap_or(0);
    let differences = compare(run, &steps, final_counts_d.as_ref(), policies)
        .map_err(|misfit| ReplayError::Misfit { t: misfit.t, quantity: misfit.quantity })?;
    Ok(Replay { profile, steps, final_counts_d, differences })
}

/// The profile that a run's name tells.
fn profile_of(name: &str) -> Result<Profile, ReplayError> {
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
    let settles = !name.ends_with("-fpi16");
    Ok(Options {
        policies: Some(policies),
        policy_len: given.policy_len,
        use_utility: given.use_utility,
        use_states_info_gain: given.use_states_info_gain,
        use_param_info_gain: given.use_param_info_gain,
        inductive: inductive(file, profile)?,
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

/// Goals, if inductive inference is on; legacy pymdp has none.
fn inductive(file: &GoldenFile, profile: Profile) -> Result<Option<Inductive>, ReplayError> {
    if !file.options.use_inductive || profile == Profile::Legacy {
        return Ok(None);
    }
    let (Some(goals), Some(given)) = (file.model.H.clone(), file.options.inductive) else {
        return Err(ReplayError::Inconsistent(
            "use_inductive is on, but there is no H or no inductive option; both are needed"
                .to_owned(),
        ));
    };
    let (depth, threshold, epsilon) = (given.depth, given.threshold, given.epsilon);
    Ok(Some(Inductive { goals, depth, threshold, epsilon }))
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
    let model = Model::with_counts(&generative_model, &file.model.counts(), options)?;
    let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
    let mut steps = Vec::with_capacity(file.observations.len());
    for (t, observation, executed) in episode(file) {
        let action = agent.step(observation, &mut workspace).map_err(at(t))?.to_vec();
        steps.push(filtered_step(t, &agent, &workspace, action));
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
        // Modern pymdp learns D from smoothed beliefs; its runs record none.
        d: (given.learn_D && profile == Profile::Legacy).then_some(given.lr_pD),
        ..Rates::default()
    };
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let mut learner = Learner::new(generative_model, file.model.counts(), rates, options)?;
    let mut steps = Vec::with_capacity(file.observations.len());
    let flattened = |arrays: &Option<Vec<Array>>| {
        arrays.as_ref().map(|arrays| arrays.iter().map(|array| array.data.clone()).collect())
    };
    for (t, observation, executed) in episode(file) {
        let evidence: Vec<Evidence> = observation.iter().map(|o| Evidence::Outcome(*o)).collect();
        learner.perceive(&evidence).map_err(at(t))?;
        let (counts_a, counts_b) = (flattened(&learner.counts().a), flattened(&learner.counts().b));
        let action = learner.act().map_err(at(t))?.to_vec();
        let step = filtered_step(t, learner.agent(), learner.workspace(), action);
        steps.push(Step { pA: counts_a, pB: counts_b, ..step });
        learner.set_action(executed).map_err(at(t))?;
    }
    learner.end_episode().map_err(ReplayError::Agent)?;
    let final_counts_d = rates.d.and_then(|_| flattened(&learner.counts().d));
    Ok((steps, final_counts_d))
}

fn replay_window(
    file: &GoldenFile,
    run: &Run,
    options: Options,
    method: MessagePassing,
) -> Result<Vec<Step>, ReplayError> {
    let profile = options.profile;
    let horizon = match profile {
        Profile::Legacy => file.options.inference_horizon,
        Profile::Modern => file.observations.len().max(1),
    };
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let sequence = SequenceModel::new(&generative_model, options)?;
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
            }
        }
        steps.push(step);
        agent.set_action(executed).map_err(at(t))?;
    }
    Ok(steps)
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
        }),
        action,
        ..Step::default()
    }
}

fn by_factor(layout: &Layout, beliefs: &[f64]) -> ByFactor {
    (0..layout.factors()).map(|f| beliefs[layout.range(f)].to_vec()).collect()
}
