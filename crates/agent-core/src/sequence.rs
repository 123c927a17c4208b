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

use crate::probability::{ln_legacy, ln_modern};
use crate::{Array, GenerativeModel, Model, ModelError, Options, Profile};

pub use agent::{MessagePassing, SequenceAgent};
pub use smoothing::{Smoothed, smooth};

/// A model made ready for inference over time. Every factor must move by itself: its
/// transitions depend on no other factor.
#[derive(Debug)]
pub struct SequenceModel {
    pub(crate) model: Arc<Model>,
    /// `[factor][action]`.
    messages: Vec<Vec<Messages>>,
}

/// What one transition matrix says forward and backward.
#[derive(Debug)]
struct Messages {
    /// `P(next | before)`, `[next, before]`.
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
    /// [`ModelError`]; [`ModelError::Dependencies`] for a factor whose transitions depend on
    /// another.
    pub fn new(model: &GenerativeModel, options: Options) -> Result<Arc<Self>, ModelError> {
        let profile = options.profile;
        let compiled = Model::new(model, options)?;
        for f in 0..model.d.len() {
            let found = model.factors_of_transition(f);
            if found != [f] {
                return Err(ModelError::Coupled { factor: f, found });
            }
        }
        let messages = model.b.iter().map(|b| {
            crate::expected_free_energy::by_action(b).map(|b| Messages::new(b, profile)).collect()
        });
        Ok(Arc::new(Self { model: compiled, messages: messages.collect() }))
    }

    /// The model of single steps.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

impl Messages {
    fn new(forward: Array, profile: Profile) -> Self {
        let states = forward.shape[0];
        let ln = match profile {
            Profile::Legacy => ln_legacy,
            Profile::Modern => ln_modern,
        };
        let mut backward = Array { shape: vec![states, states], data: vec![0.0; states * states] };
        for next in 0..states {
            let row = forward.row(next);
            let total: f64 = match profile {
                Profile::Legacy => row.iter().map(|p| p + 1e-16).sum(),
                Profile::Modern => row.iter().sum::<f64>().max(f64::EPSILON),
            };
            for (before, p) in row.iter().enumerate() {
                let p = if profile == Profile::Legacy { p + 1e-16 } else { *p };
                backward.data[before * states + next] = p / total;
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
