//! Dirichlet counts: what an agent has seen of each element of its model.

use serde::{Deserialize, Serialize};

use crate::Array;

/// Concentration parameters of the Dirichlet distributions over a model's arrays, each with the
/// shape of its array. Where there are none, that part of the model is taken as known.
///
/// They feed parameter information gain and are what a [`crate::Learner`] updates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Counts {
    /// pA: `[O_m, S_f, ...]` for each modality.
    pub a: Option<Vec<Array>>,
    /// pB: `[S_f, ..., U_f]` for each factor.
    pub b: Option<Vec<Array>>,
    /// pC: `[O_m]` for each modality: how often each outcome was met.
    pub c: Option<Vec<Array>>,
    /// pD: `[S_f]` for each factor.
    pub d: Option<Vec<Array>>,
    /// pE: `[policies]`.
    pub e: Option<Array>,
}
