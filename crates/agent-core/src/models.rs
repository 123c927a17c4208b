//! Ready-made generative models: the field's small worlds.

mod cue_chaining;
mod grid;
mod random;
mod stress;
mod tmaze;

pub use cue_chaining::cue_chaining;
pub use grid::{GRID_SIDE, grid};
pub use random::random;
pub use stress::stress;
pub use tmaze::tmaze;

use crate::Array;

/// A belief that is sure of one state.
fn certain(states: usize, state: usize) -> Array {
    Array::from_fn(&[states], |index| f64::from(u8::from(index[0] == state)))
}

/// A belief that knows nothing.
fn uniform(states: usize) -> Array {
    Array::from_fn(&[states], |_| 1.0 / states as f64)
}

/// Transitions of a factor that stays as it is.
fn still(states: usize) -> Array {
    Array::from_fn(&[states, states, 1], |index| f64::from(u8::from(index[0] == index[1])))
}
