//! Inference of hidden states: the posterior given an observation and a prior.
//!
//! Fixed-point iteration on the mean-field free energy. Both profiles are Jacobi: every factor is
//! updated from the same old beliefs. With a single factor both have a closed form.

mod legacy;
mod modern;

use crate::beliefs::{ContractionRoom, Factors, JointSet, Layout};
use crate::error::ModelError;
use crate::evidence::Observation;
use crate::lanes::Lanes;
use crate::probability::dot;
use crate::{Array, GenerativeModel, Options, Profile};

use legacy::LegacyLikelihood;
use modern::ModernLikelihood;

/// Most modalities whose likelihoods are multiplied instead of their logarithms added: a product
/// of so many of at least 1e-16, a prior's too, is still a normal number.
const MAX_PRODUCT: usize = 16;

/// The likelihood as a profile needs it.
#[derive(Debug)]
pub(crate) enum Likelihood {
    Legacy(LegacyLikelihood),
    Modern(ModernLikelihood),
}

/// What a posterior is inferred from; the observation was checked.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) observation: Observation<'a>,
    /// The prior over all factors, one after the other.
    pub(crate) prior: &'a [f64],
    pub(crate) layout: &'a Layout,
    pub(crate) options: &'a Options,
}

/// What inference leaves beside the beliefs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Inferred {
    /// Variational free energy of the posterior.
    pub(crate) free_energy: f64,
    /// Sweeps made; 0 for the closed form.
    pub(crate) sweeps: usize,
}

/// Room for one inference.
#[derive(Clone, Debug)]
pub(crate) struct InferenceScratch {
    /// Log likelihood of what was observed, per joint state.
    observed: Vec<f64>,
    /// Log prior, all factors.
    log_prior: Vec<f64>,
    /// The next beliefs, all factors.
    next: Vec<f64>,
    room: ContractionRoom,
}

impl InferenceScratch {
    /// Room for expectations over other factors.
    pub(crate) fn contraction(&mut self) -> &mut ContractionRoom {
        &mut self.room
    }
}

impl Likelihood {
    pub(crate) fn new(
        model: &GenerativeModel,
        layout: &Layout,
        options: &Options,
    ) -> Result<Self, ModelError> {
        Ok(match options.profile {
            Profile::Legacy => Self::Legacy(LegacyLikelihood::new(model, layout)?),
            Profile::Modern => Self::Modern(ModernLikelihood::new(model, layout)),
        })
    }

    /// The posterior, into `beliefs`.
    #[inline(always)]
    pub(crate) fn infer<L: Lanes>(
        &self,
        lanes: L,
        given: Given,
        scratch: &mut InferenceScratch,
        beliefs: &mut [f64],
    ) -> Inferred {
        match self {
            Self::Legacy(likelihood) => likelihood.infer(lanes, given, scratch, beliefs),
            Self::Modern(likelihood) => likelihood.infer(lanes, given, scratch, beliefs),
        }
    }

    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors) -> Vec<Vec<f64>> {
        match self {
            Self::Legacy(likelihood) => likelihood.predict(of),
            Self::Modern(likelihood) => likelihood.predict(of),
        }
    }

    /// Room for this likelihood.
    pub(crate) fn scratch(&self, layout: &Layout) -> InferenceScratch {
        let (joint, observed) = match self {
            Self::Legacy(likelihood) => (likelihood.size(), likelihood.size()),
            Self::Modern(likelihood) => (likelihood.largest(), likelihood.observed()),
        };
        InferenceScratch {
            observed: vec![0.0; observed],
            log_prior: vec![0.0; layout.total()],
            next: vec![0.0; layout.total()],
            room: ContractionRoom::new(joint, layout.factors()),
        }
    }
}

/// `A weights`, for columns as many as there are weights.
fn outcomes(a: &Array, weights: &[f64]) -> Vec<f64> {
    a.data.chunks_exact(weights.len()).map(|row| dot(row, weights)).collect()
}

/// The set of factors of each modality.
fn sets(model: &GenerativeModel, layout: &Layout) -> Vec<JointSet> {
    (0..model.a.len()).map(|m| JointSet::new(model.factors_of_modality(m), layout)).collect()
}

/// Every factor's beliefs alike.
pub(crate) fn fill_uniform(beliefs: &mut [f64], layout: &Layout) {
    for f in 0..layout.factors() {
        let range = layout.range(f);
        let states = range.len() as f64;
        beliefs[range].fill(1.0 / states);
    }
}
