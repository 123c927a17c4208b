//! Logarithms that meet zero, and distributions made of them: for the places where time does not
//! matter. They are the engine's own on portable lanes, so that a number is the same wherever it
//! is computed.

use crate::arithmetic::{Along, Arithmetic as _, LEGACY_EPSILON, MODERN_FLOOR};
use crate::lanes::Portable;

/// One agent's arithmetic without wide instructions.
pub(crate) const PLAIN: Plain = Along::new(Portable);

/// The type of [`PLAIN`].
pub(crate) type Plain = Along<f64, Portable>;

/// The natural logarithm of a normal positive number.
pub(crate) fn ln(x: f64) -> f64 {
    PLAIN.ln(x)
}

/// `ln(x + 1e-16)`: legacy pymdp's `spm_log_single`.
pub(crate) fn ln_legacy(x: f64) -> f64 {
    ln(x + LEGACY_EPSILON)
}

/// `ln(max(x, 2^-52))`: modern pymdp's `log_stable`.
pub(crate) fn ln_modern(x: f64) -> f64 {
    ln(x.max(MODERN_FLOOR))
}

/// `x ln x` as modern pymdp has it: clipped inside the logarithm, 0 at 0.
pub(crate) fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * ln_modern(x) } else { 0.0 }
}

/// `sum x_i y_i`.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    PLAIN.dot(x, y)
}

/// Turns log weights into the distribution they are proportional to, in place.
pub(crate) fn softmax(weights: &mut [f64]) {
    PLAIN.softmax(weights);
}
