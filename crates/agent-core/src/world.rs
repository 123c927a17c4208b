//! What agents live in: hidden states that go on as a generative model says.

use std::sync::Arc;

use crate::random::RandomStream;
use crate::validation;
use crate::{Array, GenerativeModel, ModelError, Options, Profile, StepError};

/// A world that is as a generative model says: the states are drawn from D, outcomes from A, what
/// follows from an action from B. pymdp's `Env` classes do the same by hand.
///
/// ```
/// use std::sync::Arc;
/// use agent_core::{Agent, Model, Options, Profile, Workspace, World, models};
///
/// let tmaze = Arc::new(models::tmaze(0.98));
/// let model = Model::new(&tmaze, Options::of(Profile::Modern))?;
/// let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
/// let mut world = World::new(&tmaze, 7)?;
/// for _ in 0..3 {
///     let action = agent.step(world.observe(), &mut workspace)?;
///     world.act(action)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct World {
    model: Arc<GenerativeModel>,
    states: Vec<usize>,
    outcomes: Vec<usize>,
    /// Of the factors that one array depends on.
    index: Vec<usize>,
    following: Vec<usize>,
    random: RandomStream,
}

impl World {
    /// A world of this model; the same seed lives the same life.
    ///
    /// # Errors
    /// [`ModelError`] for a model that says nothing consistent.
    pub fn new(model: &Arc<GenerativeModel>, seed: u64) -> Result<Self, ModelError> {
        validation::check(model, &Options::of(Profile::Modern))?;
        Ok(Self::begun(model, seed))
    }

    /// A world of the same model with another life: without checking the model again.
    #[must_use]
    pub fn another(&self, seed: u64) -> Self {
        Self::begun(&self.model, seed)
    }

    fn begun(model: &Arc<GenerativeModel>, seed: u64) -> Self {
        let mut random = RandomStream::new(seed);
        let states: Vec<usize> =
            model.d.iter().map(|d| random.categorical(d.data.iter().copied())).collect();
        Self {
            model: Arc::clone(model),
            outcomes: vec![0; model.a.len()],
            index: Vec::with_capacity(states.len() + 1),
            following: vec![0; states.len()],
            states,
            random,
        }
    }

    /// The true state of each factor.
    #[must_use]
    pub fn states(&self) -> &[usize] {
        &self.states
    }

    /// One outcome for each modality, drawn anew. Allocates nothing.
    pub fn observe(&mut self) -> &[usize] {
        for (m, a) in self.model.a.iter().enumerate() {
            let factors = self.model.a_dependencies.as_ref().map(|all| &all[m]);
            stand(&mut self.index, &self.states, factors.map(Vec::as_slice));
            self.outcomes[m] = self.random.categorical(column(a, &self.index));
        }
        &self.outcomes
    }

    /// What follows from one action for each factor. Allocates nothing.
    ///
    /// # Errors
    /// [`StepError`] for an action that does not exist; nothing has happened then.
    pub fn act(&mut self, action: &[usize]) -> Result<(), StepError> {
        let (found, expected) = (action.len(), self.states.len());
        if found != expected {
            return Err(StepError::ActionCount { found, expected });
        }
        for (factor, (b, &found)) in self.model.b.iter().zip(action).enumerate() {
            let controls = b.shape.last().copied().unwrap_or(0);
            if found >= controls {
                return Err(StepError::Action { factor, found, last: controls.saturating_sub(1) });
            }
        }
        for (f, (b, &action)) in self.model.b.iter().zip(action).enumerate() {
            let own = [f];
            let factors = self.model.b_dependencies.as_ref().map_or(&own[..], |all| &all[f]);
            stand(&mut self.index, &self.states, Some(factors));
            self.index.push(action);
            self.following[f] = self.random.categorical(column(b, &self.index));
        }
        std::mem::swap(&mut self.states, &mut self.following);
        Ok(())
    }
}

/// The states of these factors; of all if none are named.
fn stand(index: &mut Vec<usize>, states: &[usize], factors: Option<&[usize]>) {
    index.clear();
    match factors {
        Some(factors) => index.extend(factors.iter().map(|f| states[*f])),
        None => index.extend_from_slice(states),
    }
}

/// The distribution over the first axis of an array at this place of the others.
fn column<'a>(
    array: &'a Array,
    place: &[usize],
) -> impl DoubleEndedIterator<Item = f64> + ExactSizeIterator + Clone + 'a {
    let axes = array.shape.iter().skip(1);
    let offset = place.iter().zip(axes).fold(0, |offset, (i, length)| offset * length + i);
    array.data.iter().skip(offset).step_by(array.columns()).copied()
}
