//! Replaying a run of a golden file and comparing it step by step.

use std::collections::BTreeMap;
use std::fmt;

use super::{FreeEnergy, GoldenFile, Run, Step};
use crate::error::{ModelError, StepError};
use crate::{Agent, Model, Options, Profile, Sampling, Workspace};

/// The margin above which two implementations must choose the same action.
const DECISIVE_MARGIN: f64 = 1e-9;

/// Policies from which on sums are long enough for a wider tolerance of `neg_efe`.
const MANY_POLICIES: usize = 125;

/// Something that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The empirical prior.
    Prior,
    /// The posterior over states.
    Qs,
    /// The variational free energy.
    FreeEnergy,
    /// Sweeps of legacy iteration.
    Sweeps,
    /// The negative expected free energy.
    NegEfe,
    /// Its utility term.
    Utility,
    /// Its state information gain.
    StatesInfoGain,
    /// The posterior over policies.
    QPi,
    /// Decided actions that differ: a count.
    Actions,
}

/// The largest absolute difference of one quantity over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// What was compared.
    pub quantity: Quantity,
    /// How far apart at worst.
    pub largest: f64,
    /// How far apart they may be.
    pub tolerance: f64,
}

impl Difference {
    /// Whether it is small enough; what is not a number is not.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.largest <= self.tolerance
    }
}

/// One step as this engine computed it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayedStep {
    /// Its number.
    pub t: usize,
    /// The empirical prior of each factor.
    pub prior: Vec<Vec<f64>>,
    /// The posterior of each factor.
    pub qs: Vec<Vec<f64>>,
    /// The variational free energy.
    pub free_energy: f64,
    /// Sweeps of fixed-point iteration.
    pub sweeps: usize,
    /// The negative expected free energy of each policy.
    pub neg_efe: Vec<f64>,
    /// The policy posterior.
    pub q_pi: Vec<f64>,
    /// Utility of each policy.
    pub utility: Vec<f64>,
    /// State information gain of each policy.
    pub states_info_gain: Vec<f64>,
    /// What this engine would have done.
    pub action: Vec<usize>,
}

/// A run replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The profile it was replayed under.
    pub profile: Profile,
    /// Every step.
    pub steps: Vec<ReplayedStep>,
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
    /// The model was refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An observation or action was refused.
    #[error("step {t}: {source}")]
    Step {
        /// The step.
        t: usize,
        /// Why.
        source: StepError,
    },
}

/// Replays the run of this name, under the profile that its name tells.
///
/// # Errors
/// [`ReplayError`]; [`ReplayError::Unsupported`] says what is missing.
pub fn replay(file: &GoldenFile, name: &str, run: &Run) -> Result<Replay, ReplayError> {
    let profile = profile_of(name)?;
    check_supported(file, name)?;
    let options = options(file, name, profile)?;
    let generative_model = file.model.generative_model(run.A_dependencies.as_ref());
    let model = Model::new(&generative_model, options)?;
    if run.steps.len() != file.observations.len() || file.actions.len() != run.steps.len() {
        return Err(ReplayError::Inconsistent(format!(
            "{} observations, {} actions and {} steps; there must be as many of each",
            file.observations.len(),
            file.actions.len(),
            run.steps.len()
        )));
    }
    let mut agent = Agent::new(&model);
    let mut workspace = Workspace::new(&model);
    let mut steps = Vec::with_capacity(run.steps.len());
    for (t, (observation, executed)) in file.observations.iter().zip(&file.actions).enumerate() {
        let at = |source| ReplayError::Step { t, source };
        let action = agent.step(observation, &mut workspace).map_err(at)?.to_vec();
        steps.push(ReplayedStep::of(t, &agent, &workspace, action));
        agent.set_action(executed).map_err(at)?;
    }
    let differences = compare(&run.steps, &steps, file, profile)?;
    Ok(Replay { profile, steps, differences })
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

fn check_supported(file: &GoldenFile, name: &str) -> Result<(), ReplayError> {
    let options = &file.options;
    let obstacles = [
        (name.ends_with("-mmp") || name.ends_with("-vmp"), "message passing over a window"),
        (options.inference_algo != "VANILLA" && name.starts_with("pymdp-0."), "legacy MMP"),
        (options.use_param_info_gain, "parameter information gain"),
        (options.use_inductive, "inductive inference"),
        (options.learn_A || options.learn_B || options.learn_D, "learning"),
    ];
    match obstacles.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, obstacle)) => Err(ReplayError::Unsupported(obstacle)),
        None => Ok(()),
    }
}

fn options(file: &GoldenFile, name: &str, profile: Profile) -> Result<Options, ReplayError> {
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

impl ReplayedStep {
    fn of(t: usize, agent: &Agent, workspace: &Workspace, action: Vec<usize>) -> Self {
        let model = agent.model();
        let by_factor = |beliefs: &[f64]| -> Vec<Vec<f64>> {
            (0..model.factors()).map(|f| beliefs[model.states_of(f)].to_vec()).collect()
        };
        Self {
            t,
            prior: by_factor(workspace.prior()),
            qs: by_factor(agent.beliefs()),
            free_energy: workspace.free_energy(),
            sweeps: workspace.sweeps(),
            neg_efe: workspace.neg_efe().to_vec(),
            q_pi: workspace.q_pi().to_vec(),
            utility: workspace.utility().to_vec(),
            states_info_gain: workspace.states_info_gain().to_vec(),
            action,
        }
    }
}

/// The largest differences over all steps.
fn compare(
    expected: &[Step],
    got: &[ReplayedStep],
    file: &GoldenFile,
    profile: Profile,
) -> Result<Vec<Difference>, ReplayError> {
    let mut worst: BTreeMap<Quantity, f64> = BTreeMap::new();
    for (expected, got) in expected.iter().zip(got) {
        let mut see = |quantity, difference: Option<f64>| {
            let difference = difference.ok_or_else(|| {
                ReplayError::Inconsistent(format!(
                    "step {}: {quantity} has another shape in the run than in the model",
                    got.t
                ))
            })?;
            let largest = worst.entry(quantity).or_insert(0.0);
            // f64::max alone would pass over what is not a number.
            if difference.is_nan() || difference > *largest {
                *largest = difference;
            }
            Ok::<(), ReplayError>(())
        };
        if let Some(prior) = &expected.prior {
            see(Quantity::Prior, nested(prior, &got.prior))?;
        }
        if let Some(qs) = &expected.qs {
            see(Quantity::Qs, nested(qs, &got.qs))?;
        }
        if let Some(FreeEnergy::One(free_energy)) = expected.F {
            see(Quantity::FreeEnergy, Some((free_energy - got.free_energy).abs()))?;
        }
        if let (Some(sweeps), Profile::Legacy) = (expected.fpi_iters, profile) {
            see(Quantity::Sweeps, Some(sweeps.abs_diff(got.sweeps) as f64))?;
        }
        see(Quantity::NegEfe, flat(&expected.neg_efe, &got.neg_efe))?;
        see(Quantity::QPi, flat(&expected.q_pi, &got.q_pi))?;
        if let Some(terms) = &expected.terms {
            if let Some(utility) = terms.utility.as_ref().filter(|_| file.options.use_utility) {
                see(Quantity::Utility, flat(utility, &got.utility))?;
            }
            let gain = terms.states_info_gain.as_ref();
            if let Some(gain) = gain.filter(|_| file.options.use_states_info_gain) {
                see(Quantity::StatesInfoGain, flat(gain, &got.states_info_gain))?;
            }
        }
        let differs = expected.action_margin > DECISIVE_MARGIN && expected.action != got.action;
        *worst.entry(Quantity::Actions).or_insert(0.0) += f64::from(u8::from(differs));
    }
    let differences = worst.into_iter().map(|(quantity, largest)| Difference {
        quantity,
        largest,
        tolerance: quantity.tolerance(file.policies.shape[0]),
    });
    Ok(differences.collect())
}

impl Quantity {
    /// How far apart two implementations in f64 may be.
    fn tolerance(self, policies: usize) -> f64 {
        match self {
            Self::Sweeps | Self::Actions => 0.0,
            Self::NegEfe | Self::Utility | Self::StatesInfoGain if policies >= MANY_POLICIES => {
                1e-8
            }
            _ => 1e-9,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prior => "prior",
            Self::Qs => "qs",
            Self::FreeEnergy => "F",
            Self::Sweeps => "fpi_iters",
            Self::NegEfe => "neg_efe",
            Self::Utility => "utility",
            Self::StatesInfoGain => "states_info_gain",
            Self::QPi => "q_pi",
            Self::Actions => "actions",
        })
    }
}

/// The largest absolute difference; none if the lengths differ.
fn flat(a: &[f64], b: &[f64]) -> Option<f64> {
    let larger = |worst: f64, d: f64| if d <= worst { worst } else { d };
    (a.len() == b.len()).then(|| a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, larger))
}

fn nested(a: &[Vec<f64>], b: &[Vec<f64>]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let differences: Option<Vec<f64>> = a.iter().zip(b).map(|(x, y)| flat(x, y)).collect();
    flat(&differences?, &vec![0.0; a.len()])
}
