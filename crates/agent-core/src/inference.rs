//! Inference of hidden states: the posterior given an observation and a prior.
//!
//! Fixed-point iteration on the mean-field free energy. Both profiles are Jacobi: every factor is
//! updated from the same old beliefs. With a single factor both have a closed form.

mod legacy;
mod modern;

use crate::aligned::{Aligned, zeros};
use crate::arithmetic::Arithmetic;
use crate::beliefs::{ContractionRoom, Factors, JointSet, Layout};
use crate::error::ModelError;
use crate::evidence::Observation;
use crate::probability::{PLAIN, dot};
use crate::real::Real;
use crate::{Array, GenerativeModel, Options, Profile};

use legacy::LegacyLikelihood;
use modern::ModernLikelihood;

/// Most modalities whose likelihoods are multiplied instead of their logarithms added: a product
/// of so many of at least 1e-16, a prior's too, is still a normal number.
const MAX_PRODUCT: usize = 16;

/// The likelihood as a profile needs it.
#[derive(Debug)]
pub(crate) enum Likelihood<R> {
    Legacy(LegacyLikelihood<R>),
    Modern(ModernLikelihood<R>),
}

/// What posteriors are inferred from; the observations were checked.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, N> {
    /// One for each agent at hand.
    pub(crate) observations: &'a [Observation<'a>],
    /// The prior over all factors, one after the other.
    pub(crate) prior: &'a [N],
    pub(crate) layout: &'a Layout,
    pub(crate) options: &'a Options,
}

/// What inference leaves beside the beliefs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Inferred<N> {
    /// Variational free energy of the posterior.
    pub(crate) free_energy: N,
    /// Sweeps made, by the agent that needed most; 0 for the closed form.
    pub(crate) sweeps: usize,
}

/// Room for one inference.
#[derive(Clone, Debug)]
pub(crate) struct InferenceScratch<N> {
    /// Log likelihood of what was observed, per joint state.
    observed: Aligned<N>,
    /// Log prior, all factors.
    log_prior: Aligned<N>,
    /// The next beliefs, all factors.
    next: Aligned<N>,
    room: ContractionRoom<N>,
}

impl<N> InferenceScratch<N> {
    /// Room for expectations over other factors.
    pub(crate) fn contraction(&mut self) -> &mut ContractionRoom<N> {
        &mut self.room
    }
}

impl<R: Real> Likelihood<R> {
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
    pub(crate) fn infer<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        given: Given<A::Number>,
        scratch: &mut InferenceScratch<A::Number>,
        beliefs: &mut [A::Number],
    ) -> Inferred<A::Number> {
        match self {
            Self::Legacy(likelihood) => likelihood.infer(arithmetic, given, scratch, beliefs),
            Self::Modern(likelihood) => likelihood.infer(arithmetic, given, scratch, beliefs),
        }
    }

    /// Room for this likelihood.
    pub(crate) fn scratch<N: Copy + Default>(&self, layout: &Layout) -> InferenceScratch<N> {
        let (joint, observed) = match self {
            Self::Legacy(likelihood) => (likelihood.size(), likelihood.size()),
            Self::Modern(likelihood) => (likelihood.largest(), likelihood.observed()),
        };
        InferenceScratch {
            observed: zeros(observed),
            log_prior: zeros(layout.total()),
            next: zeros(layout.total()),
            room: ContractionRoom::new(joint, layout.factors()),
        }
    }
}

impl Likelihood<f64> {
    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors<f64>) -> Vec<Vec<f64>> {
        match self {
            Self::Legacy(likelihood) => likelihood.predict(of),
            Self::Modern(likelihood) => likelihood.predict(of),
        }
    }
}

/// `P(o)` of one modality over these factors.
fn outcomes(a: &Array, set: &JointSet, of: &Factors<f64>, joint: &mut [f64]) -> Vec<f64> {
    let weights = set.joint(PLAIN, |f| of.of(f), joint);
    a.data.chunks_exact(weights.len()).map(|row| dot(row, weights)).collect()
}

/// The set of factors of each modality.
fn sets(model: &GenerativeModel, layout: &Layout) -> Vec<JointSet> {
    (0..model.a.len()).map(|m| JointSet::new(model.factors_of_modality(m), layout)).collect()
}

/// Every factor's beliefs alike.
#[inline(always)]
pub(crate) fn fill_uniform<A: Arithmetic>(
    arithmetic: A,
    beliefs: &mut [A::Number],
    layout: &Layout,
) {
    for f in 0..layout.factors() {
        let range = layout.range(f);
        let alike = A::Real::of(1.0 / range.len() as f64);
        beliefs[range].fill(arithmetic.number(alike));
    }
}
