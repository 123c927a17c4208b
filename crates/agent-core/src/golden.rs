//! Golden files: models, observations and what pymdp made of them, for parity.
//!
//! The format is `aif-golden/1`: one JSON file per model, arrays as `{"shape", "data"}`,
//! row-major, every f64 printed so that it is read back to the bit. A file holds one or more
//! runs, each by one implementation under one profile; the actions of the file are the ones
//! executed in all of them, so that runs can be compared step by step.

mod comparison;
mod replay;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

pub use comparison::{Difference, Quantity};
pub use replay::{Replay, ReplayError, profile_of, replay, run_options};

use crate::{Array, Counts, GenerativeModel, json};

/// The only format this module reads.
pub const FORMAT: &str = "aif-golden/1";

/// One golden file.
#[derive(Clone, Debug, Deserialize)]
pub struct GoldenFile {
    /// [`FORMAT`].
    pub format: String,
    /// The model's name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The generative model.
    pub model: GoldenModel,
    /// How the agents were set up.
    pub options: GoldenOptions,
    /// Every policy: `[policies, policy_len, factors]`.
    pub policies: IntegerArray,
    /// `[step][modality]`.
    pub observations: Vec<Vec<usize>>,
    /// `[step][factor]`: what was executed after each step, in every run.
    pub actions: Vec<Vec<usize>>,
    /// By the implementation's name.
    pub runs: BTreeMap<String, Run>,
}

/// The model of a golden file.
#[derive(Clone, Debug, Deserialize)]
#[expect(non_snake_case, reason = "the format's own names")]
pub struct GoldenModel {
    /// Outcomes of each modality.
    pub num_obs: Vec<usize>,
    /// States of each factor.
    pub num_states: Vec<usize>,
    /// Actions of each factor.
    pub num_controls: Vec<usize>,
    /// Likelihoods.
    pub A: Vec<Array>,
    /// Transitions.
    pub B: Vec<Array>,
    /// Raw log preferences.
    pub C: Vec<Array>,
    /// Priors.
    pub D: Vec<Array>,
    /// Habits.
    pub E: Option<Array>,
    /// Dirichlet counts of A.
    #[serde(default)]
    pub pA: Option<Vec<Array>>,
    /// Dirichlet counts of B.
    #[serde(default)]
    pub pB: Option<Vec<Array>>,
    /// Dirichlet counts of D.
    #[serde(default)]
    pub pD: Option<Vec<Array>>,
    /// The goal of each factor, for inductive inference.
    #[serde(default)]
    pub H: Option<Vec<Array>>,
    /// Factors of each modality; all if none.
    #[serde(default)]
    pub A_dependencies: Option<Vec<Vec<usize>>>,
    /// Factors of each factor's transitions; itself if none.
    #[serde(default)]
    pub B_dependencies: Option<Vec<Vec<usize>>>,
}

/// The options of a golden file that decide whether and how it can be replayed.
#[derive(Clone, Debug, Deserialize)]
#[expect(non_snake_case, reason = "the format's own names")]
pub struct GoldenOptions {
    /// Steps of a policy.
    pub policy_len: usize,
    /// Whether utility counts.
    pub use_utility: bool,
    /// Whether information about states counts.
    pub use_states_info_gain: bool,
    /// Whether information about parameters counts.
    #[serde(default)]
    pub use_param_info_gain: bool,
    /// Precision of the policy posterior.
    pub gamma: f64,
    /// Precision of stochastic selection.
    pub alpha: f64,
    /// `VANILLA` for fixed-point iteration, or `MMP`.
    pub inference_algo: String,
    /// Most sweeps of the legacy profile.
    pub num_iter_v0: usize,
    /// Where legacy iteration ends.
    pub dF_tol_v0: f64,
    /// Sweeps of the modern profile.
    pub num_iter_v1: usize,
    /// `marginal` or `full`.
    pub sampling_mode: String,
    /// `deterministic`, the only one of which actions can be compared.
    #[serde(default = "deterministic")]
    pub action_selection: String,
    /// Whether A is learned.
    #[serde(default)]
    pub learn_A: bool,
    /// Whether B is learned.
    #[serde(default)]
    pub learn_B: bool,
    /// Whether D is learned.
    #[serde(default)]
    pub learn_D: bool,
    /// Learning rate of A.
    #[serde(default = "one")]
    pub lr_pA: f64,
    /// Learning rate of B.
    #[serde(default = "one")]
    pub lr_pB: f64,
    /// Learning rate of D.
    #[serde(default = "one")]
    pub lr_pD: f64,
    /// Observations that legacy message passing looks back on.
    #[serde(default = "one_observation")]
    pub inference_horizon: usize,
    /// Whether inductive inference is on.
    #[serde(default)]
    pub use_inductive: bool,
    /// How inductive inference is set up, if it is on.
    #[serde(default)]
    pub inductive: Option<GoldenInductive>,
}

/// The options of inductive inference.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct GoldenInductive {
    /// Rows of the reach.
    pub depth: usize,
    /// A transition is possible if it is more probable than this.
    pub threshold: f64,
    /// The probability given to what is out of reach.
    pub epsilon: f64,
}

/// pymdp's action selection where a file names none.
fn deterministic() -> String {
    "deterministic".to_owned()
}

/// pymdp's learning rate where a file names none.
fn one() -> f64 {
    1.0
}

/// pymdp's inference horizon where a file names none.
fn one_observation() -> usize {
    1
}

/// An array of integers with a shape.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IntegerArray {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// Row-major elements.
    pub data: Vec<usize>,
}

/// One implementation's run.
#[derive(Clone, Debug, Deserialize)]
#[expect(non_snake_case, reason = "the format's own names")]
pub struct Run {
    /// Dependencies that this run's model was given, where they differ from the file's.
    #[serde(default)]
    pub A_dependencies: Option<Vec<Vec<usize>>>,
    /// One for each observation.
    pub steps: Vec<Step>,
    /// The counts of D after the last step, where D is learned.
    #[serde(default)]
    pub final_pD: Option<Vec<Vec<f64>>>,
    /// What the format does not have.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// Beliefs about each factor.
pub type ByFactor = Vec<Vec<f64>>;

/// One step of a run, as a file records it or as a replay computed it; which quantities are there
/// depends on the kind of run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(non_snake_case, reason = "the format's own names")]
pub struct Step {
    /// Its number, from 0.
    pub t: usize,
    /// The empirical prior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior: Option<ByFactor>,
    /// The posterior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qs: Option<ByFactor>,
    /// Legacy message passing: the prior of the window's first moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_belief: Option<ByFactor>,
    /// Legacy message passing, `[policy][moment]`: the window, then the policy's steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qs_pi: Option<Vec<Vec<ByFactor>>>,
    /// Modern message passing, `[factor][moment][state]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qs_seq: Option<Vec<ByFactor>>,
    /// Variational free energy: one of a posterior, or one per policy of legacy message passing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub F: Option<FreeEnergy>,
    /// Sweeps of legacy iteration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fpi_iters: Option<usize>,
    /// Counts of each modality's A after the step, row-major.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pA: Option<Vec<Vec<f64>>>,
    /// Counts of each factor's B after the step, row-major.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pB: Option<Vec<Vec<f64>>>,
    /// Negative expected free energy of each policy.
    pub neg_efe: Vec<f64>,
    /// The policy posterior.
    pub q_pi: Vec<f64>,
    /// The terms of `neg_efe`; files record them at the first step only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// What the run itself would have done.
    pub action: Vec<usize>,
    /// How far the best action was ahead; a tie is decided by rounding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_margin: Option<f64>,
    /// What the format does not have.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// Free energy of a posterior.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FreeEnergy {
    /// Of the one posterior.
    One(f64),
    /// Of each policy's posterior.
    PerPolicy(Vec<f64>),
}

/// The terms of expected free energy, per policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Expected utility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utility: Option<Vec<f64>>,
    /// Expected information about states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub states_info_gain: Option<Vec<f64>>,
    /// Expected information about A and B.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param_info_gain: Option<Vec<f64>>,
    /// Inductive value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inductive_value: Option<Vec<f64>>,
    /// What the format does not have.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

/// Why a golden file could not be read. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// It could not be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not of this format.
    #[error("{}: not a golden file: in {field}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The field, as `model.A[0].shape`.
        field: String,
        /// What was wrong, with line and column.
        source: serde_json::Error,
    },
    /// It is of another version.
    #[error("{}: the format is '{found}', this program reads '{FORMAT}'", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
    },
}

impl GoldenFile {
    /// Reads a golden file.
    ///
    /// # Errors
    /// [`GoldenError`].
    pub fn read(path: &Path) -> Result<Self, GoldenError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(source) => Err(GoldenError::Read { path: path.to_owned(), source }),
        }
    }

    /// Reads a golden file's text; `path` is what errors call it.
    ///
    /// # Errors
    /// [`GoldenError`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, GoldenError> {
        /// The version is looked at before the rest, so that a newer file says that it is newer.
        #[derive(Deserialize)]
        struct Version {
            format: String,
        }
        let malformed =
            |(field, source)| GoldenError::Malformed { path: path.to_owned(), field, source };
        let Version { format } = json::parse(text).map_err(malformed)?;
        if format != FORMAT {
            return Err(GoldenError::Format { path: path.to_owned(), found: format });
        }
        json::parse(text).map_err(malformed)
    }

    /// The policies as `[policy][step][factor]`, or none if the array is not of that form.
    #[must_use]
    pub fn policy_list(&self) -> Option<Vec<Vec<Vec<usize>>>> {
        let [_, steps, factors] = self.policies.shape[..] else { return None };
        let size = self.policies.shape.iter().try_fold(1_usize, |n, axis| n.checked_mul(*axis))?;
        if size != self.policies.data.len() || steps == 0 || factors == 0 {
            return None;
        }
        let policies = self.policies.data.chunks_exact(steps * factors);
        Some(policies.map(|p| p.chunks_exact(factors).map(<[usize]>::to_vec).collect()).collect())
    }
}

impl GoldenModel {
    /// The Dirichlet counts that the file gives, those of A with the axes that A has under a
    /// run's own dependencies, if it has any.
    #[must_use]
    pub fn counts(&self, a_dependencies: Option<&Vec<Vec<usize>>>) -> Counts {
        let a = self.pA.as_ref().map(|counts| with_axes(counts, a_dependencies));
        Counts { a, b: self.pB.clone(), d: self.pD.clone(), ..Counts::default() }
    }

    /// The generative model, with a run's own dependencies if it has any: then the axes of A
    /// that a modality does not depend on are dropped, at their first element.
    #[must_use]
    pub fn generative_model(&self, a_dependencies: Option<&Vec<Vec<usize>>>) -> GenerativeModel {
        let a = with_axes(&self.A, a_dependencies);
        GenerativeModel {
            a,
            b: self.B.clone(),
            c: self.C.clone(),
            d: self.D.clone(),
            e: self.E.clone(),
            a_dependencies: a_dependencies.or(self.A_dependencies.as_ref()).cloned(),
            b_dependencies: self.B_dependencies.clone(),
        }
    }
}

/// Arrays over all factors as arrays over a run's own.
fn with_axes(arrays: &[Array], a_dependencies: Option<&Vec<Vec<usize>>>) -> Vec<Array> {
    match a_dependencies {
        None => arrays.to_vec(),
        Some(all) => {
            arrays.iter().zip(all).map(|(array, kept)| without_other_axes(array, kept)).collect()
        }
    }
}

/// An array with axis 0 and one axis for each kept factor, in their order in the array.
fn without_other_axes(a: &Array, kept: &[usize]) -> Array {
    let axes: Vec<usize> = kept.iter().map(|factor| factor.saturating_add(1)).collect();
    let distinct: BTreeSet<&usize> = axes.iter().collect();
    let size = a.shape.iter().try_fold(1_usize, |size, axis| size.checked_mul(*axis));
    if axes.iter().any(|axis| *axis >= a.shape.len())
        || a.shape.is_empty()
        || distinct.len() != axes.len()
        || size != Some(a.data.len())
    {
        // Left as it is, the model's own check names what does not fit.
        return a.clone();
    }
    let mut strides = vec![1; a.shape.len()];
    for axis in (1..a.shape.len()).rev() {
        strides[axis - 1] = strides[axis] * a.shape[axis];
    }
    let mut shape = vec![a.shape[0]];
    shape.extend(axes.iter().map(|axis| a.shape[*axis]));
    Array::from_fn(&shape, |index| {
        let rest: usize = index[1..].iter().zip(&axes).map(|(i, axis)| i * strides[*axis]).sum();
        a.data.get(index[0] * strides[0] + rest).copied().unwrap_or(f64::NAN)
    })
}
