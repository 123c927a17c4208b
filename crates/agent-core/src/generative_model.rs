//! What an agent believes about its world, as plain data.

use serde::{Deserialize, Serialize};

use crate::Array;

/// A discrete generative model: hidden state factors, outcome modalities, actions.
///
/// Names and axes are the field's and pymdp's. `F` factors with `S_f` states, `M` modalities
/// with `O_m` outcomes; factor `f` has `U_f` actions, and with one action it is uncontrolled.
///
/// ```
/// use agent_core::{Array, GenerativeModel};
///
/// // Two rooms, seen clearly; stay or switch; the second is preferred.
/// let rooms = GenerativeModel {
///     a: vec![Array { shape: vec![2, 2], data: vec![0.9, 0.1, 0.1, 0.9] }],
///     b: vec![Array {
///         shape: vec![2, 2, 2],
///         data: vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
///     }],
///     c: vec![Array::vector(vec![0.0, 2.0])],
///     d: vec![Array::vector(vec![0.5, 0.5])],
///     e: None,
///     a_dependencies: None,
///     b_dependencies: None,
/// };
/// assert_eq!(rooms.num_controls(), [2]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerativeModel {
    /// Likelihood of each modality, `P(o | s)`: `[O_m, S_f, S_g, ...]` over the factors it
    /// depends on. Every column (over the first axis) sums to one.
    pub a: Vec<Array>,
    /// Transitions of each factor, `P(s' | s, u)`: `[S_f, S_g, S_h, ..., U_f]` over the factors
    /// it depends on. Every column (over the first axis) sums to one.
    pub b: Vec<Array>,
    /// Preferences of each modality as unnormalised log probabilities: `[O_m]`, or
    /// `[O_m, policy_len]` where they differ by the step of a policy.
    pub c: Vec<Array>,
    /// Prior over the first state of each factor: `[S_f]`.
    pub d: Vec<Array>,
    /// Habits: a prior over policies, `[policies]`. Without it all are alike.
    pub e: Option<Array>,
    /// Which factors each modality depends on, in the order of A's axes; all of them if none.
    pub a_dependencies: Option<Vec<Vec<usize>>>,
    /// Which factors each factor's next state depends on, in the order of B's axes; itself if
    /// none.
    pub b_dependencies: Option<Vec<Vec<usize>>>,
}

impl GenerativeModel {
    /// States of each factor, by the length of D.
    #[must_use]
    pub fn num_states(&self) -> Vec<usize> {
        self.d.iter().map(|d| d.data.len()).collect()
    }

    /// Outcomes of each modality, by the first axis of A.
    #[must_use]
    pub fn num_obs(&self) -> Vec<usize> {
        self.a.iter().map(|a| a.shape.first().copied().unwrap_or(0)).collect()
    }

    /// Actions of each factor, by the last axis of B.
    #[must_use]
    pub fn num_controls(&self) -> Vec<usize> {
        self.b.iter().map(|b| b.shape.last().copied().unwrap_or(0)).collect()
    }

    /// The factors that modality `m` depends on.
    pub(crate) fn factors_of_modality(&self, m: usize) -> Vec<usize> {
        let given = self.a_dependencies.as_ref().and_then(|all| all.get(m));
        given.cloned().unwrap_or_else(|| (0..self.d.len()).collect())
    }

    /// The factors that the next state of factor `f` depends on.
    pub(crate) fn factors_of_transition(&self, f: usize) -> Vec<usize> {
        let given = self.b_dependencies.as_ref().and_then(|all| all.get(f));
        given.cloned().unwrap_or_else(|| vec![f])
    }
}
