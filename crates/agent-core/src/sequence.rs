//! Inference over a window of time: beliefs about the past are revised by what came after.
//!
//! A [`SequenceModel`] is a [`Model`] with the messages that pass between moments. A
//! [`SequenceAgent`] infers by message passing, legacy pymdp's and modern pymdp's; [`smooth`] is
//! the forward-backward pass over beliefs that were already filtered.

mod agent;
mod legacy;
mod modern;
mod smoothing;

use std::sync::Arc;

use crate::beliefs::JointSet;
use crate::probability::{ln_legacy, ln_modern};
use crate::{Array, ArrayName, Counts, GenerativeModel, Model, ModelError, Options, Profile};

pub use agent::{MessagePassing, SequenceAgent};
pub use smoothing::{Smoothed, smooth};

/// A model made ready for inference over time. In the legacy profile and for smoothing every
/// factor must move by itself: its transitions depend on no other factor.
#[derive(Debug)]
pub struct SequenceModel {
    pub(crate) model: Arc<Model>,
    /// `[factor][action]`.
    messages: Vec<Vec<Messages>>,
    /// Modern only: `ln P(o | s)` of each modality, with the factors it depends on.
    log_likelihoods: Vec<(JointSet, Array)>,
}

/// What one transition matrix says forward and backward.
#[derive(Debug)]
struct Messages {
    /// `P(next | before)`, `[next, before]`; before are the joint states it comes from.
    forward: Array,
    /// The logarithms of the same.
    log_forward: Array,
    /// `[before, next]`: the transition turned round, each column made a distribution.
    backward: Array,
}

impl SequenceModel {
    /// Checks and compiles a generative model.
    ///
    /// # Errors
    /// [`ModelError`]; in the legacy profile [`ModelError::Coupled`] for a factor whose
    /// transitions depend on another, and [`ModelError::Shape`] for preferences that differ by
    /// step.
    pub fn new(model: &GenerativeModel, options: Options) -> Result<Arc<Self>, ModelError> {
        Self::with_counts(model, &Counts::default(), options)
    }

    /// The same with Dirichlet counts, from which parameter information gain is computed. As in
    /// pymdp, the legacy profile reckons with those of A only.
    ///
    /// # Errors
    /// As [`SequenceModel::new`] and [`Model::with_counts`].
    pub fn with_counts(
        model: &GenerativeModel,
        counts: &Counts,
        options: Options,
    ) -> Result<Arc<Self>, ModelError> {
        let profile = options.profile;
        let compiled = Model::with_counts(model, counts, options)?;
        if profile == Profile::Legacy {
            check_alone(&compiled)?;
            if let Some(m) = model.c.iter().position(|c| c.shape.len() != 1) {
                return Err(ModelError::Shape {
                    array: ArrayName::C(m),
                    found: model.c[m].shape.clone(),
                    expected: "legacy message passing values the present like the steps of a \
                               policy and needs one preference per outcome"
                        .to_owned(),
                });
            }
        }
        let messages = model.b.iter().map(|b| {
            crate::expected_free_energy::by_action(b).map(|b| Messages::new(b, profile)).collect()
        });
        let log_likelihood = |(m, a): (usize, &Array)| {
            let set = JointSet::new(model.factors_of_modality(m), &compiled.layout);
            let data = a.data.iter().map(|p| ln_modern(*p)).collect();
            (set, Array { shape: a.shape.clone(), data })
        };
        let log_likelihoods = match profile {
            Profile::Legacy => Vec::new(),
            Profile::Modern => model.a.iter().enumerate().map(log_likelihood).collect(),
        };
        let messages = messages.collect();
        Ok(Arc::new(Self { model: compiled, messages, log_likelihoods }))
    }

    /// The model of single steps.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

/// Whether every factor moves by itself.
fn check_alone(model: &Model) -> Result<(), ModelError> {
    for (factor, transition) in model.transitions.iter().enumerate() {
        let found = transition.from.factors();
        if found != [factor] {
            return Err(ModelError::Coupled { factor, found: found.to_vec() });
        }
    }
    Ok(())
}

impl Messages {
    fn new(forward: Array, profile: Profile) -> Self {
        let (states, before) = (forward.shape[0], forward.columns());
        let ln = match profile {
            Profile::Legacy => ln_legacy,
            Profile::Modern => ln_modern,
        };
        let mut backward = Array { shape: vec![before, states], data: vec![0.0; before * states] };
        for next in 0..states {
            let row = forward.row(next);
            let total: f64 = match profile {
                Profile::Legacy => row.iter().map(|p| p + 1e-16).sum(),
                Profile::Modern => row.iter().sum::<f64>().max(f64::EPSILON),
            };
            for (place, p) in row.iter().enumerate() {
                let p = if profile == Profile::Legacy { p + 1e-16 } else { *p };
                backward.data[place * states + next] = p / total;
            }
        }
        let data = forward.data.iter().map(|p| ln(*p)).collect();
        Self { log_forward: Array { shape: forward.shape.clone(), data }, forward, backward }
    }
}

/// `matrix x`.
fn product<'a>(matrix: &'a Array, x: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    matrix.data.chunks_exact(x.len()).map(|row| crate::probability::dot(row, x))
}
