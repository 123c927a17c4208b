//! A dense model of a size that hurts.

use super::random;
use crate::GenerativeModel;

const STATES: [usize; 3] = [10, 8, 6];
const ACTIONS: [usize; 3] = [3, 2, 1];
const OUTCOMES: [usize; 3] = [40, 32, 24];

/// Three factors of 10, 8 and 6 states with 3, 2 and 1 actions, and three modalities of 40, 32 and
/// 24 outcomes that depend on all of them: a [`random`] model. It has no zero, so that neither
/// sparsity nor merging of equal beliefs can help: 216 policies of three steps have 258 nodes, all
/// different.
#[must_use]
pub fn stress() -> GenerativeModel {
    random(&STATES, &OUTCOMES, &ACTIONS, 2026)
}
