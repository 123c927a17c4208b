//! Transitions with several action dimensions: a motor may move more than one factor, and a
//! factor may be moved by more than one motor.
//!
//! The engine has one action per factor. [`Controls`] turns a model whose B has several action
//! axes into such a model, and actions back: pymdp's `B_action_dependencies`.

use crate::error::{ArrayName, ModelError, StepError};
use crate::{Array, GenerativeModel, Policies};

/// What an agent can do, apart from which factors that moves.
///
/// ```
/// use agent_core::{Array, Controls, GenerativeModel};
///
/// // Two motors with 2 and 3 positions; the first factor obeys both, the second the last.
/// let controls = Controls { actions: vec![2, 3], of_factor: vec![vec![0, 1], vec![1]] };
/// assert_eq!(controls.encode(&[1, 2])?, [5, 2]);
/// assert_eq!(controls.decode(&[5, 2])?, [1, 2]);
/// assert_eq!(controls.policies(2)?.len(), 36);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controls {
    /// Actions of each dimension.
    pub actions: Vec<usize>,
    /// For each factor the dimensions that move it, in the order of the last axes of its B.
    pub of_factor: Vec<Vec<usize>>,
}

impl Controls {
    /// The model with one action axis per factor: the last axes of each B made one. Its elements
    /// stay where they are, since arrays are row-major.
    ///
    /// # Errors
    /// [`ModelError`] for a B whose last axes are not the actions of its dimensions, and for
    /// dimensions that do not exist.
    pub fn flatten(&self, model: &GenerativeModel) -> Result<GenerativeModel, ModelError> {
        if self.of_factor.len() != model.b.len() {
            let (found, expected) = (model.b.len(), self.of_factor.len());
            return Err(ModelError::ArrayCount {
                name: "B",
                found,
                expected,
                per: "factor that Controls names",
            });
        }
        let b = (0..model.b.len()).map(|f| self.flattened(&model.b[f], f));
        Ok(GenerativeModel { b: b.collect::<Result<_, _>>()?, ..model.clone() })
    }

    fn flattened(&self, b: &Array, f: usize) -> Result<Array, ModelError> {
        let actions = self.actions_of(f)?;
        let kept = b.shape.len().saturating_sub(actions.len());
        if b.shape[kept..] != actions {
            return Err(ModelError::Shape {
                array: ArrayName::B(f),
                found: b.shape.clone(),
                expected: format!("its last axes are the actions {actions:?} of its dimensions"),
            });
        }
        let mut shape = b.shape[..kept].to_vec();
        shape.push(actions.iter().product());
        Ok(Array { shape, data: b.data.clone() })
    }

    /// Actions of the dimensions that move a factor.
    fn actions_of(&self, f: usize) -> Result<Vec<usize>, ModelError> {
        let of = |dimension: &usize| {
            self.actions.get(*dimension).copied().ok_or_else(|| ModelError::Dependencies {
                array: ArrayName::B(f),
                found: self.of_factor[f].clone(),
                last: self.actions.len().saturating_sub(1),
            })
        };
        self.of_factor[f].iter().map(of).collect()
    }

    /// Every sequence of `steps` actions in all dimensions, as policies of the flattened model
    /// (last dimension of the last step fastest).
    ///
    /// # Errors
    /// [`ModelError`] for too many policies or dimensions that do not exist.
    pub fn policies(&self, steps: usize) -> Result<Vec<Vec<Vec<usize>>>, ModelError> {
        for f in 0..self.of_factor.len() {
            self.actions_of(f)?;
        }
        let all = Policies::enumerate(&self.actions, steps)?.to_list();
        let flat = |policy: Vec<Vec<usize>>| {
            policy.iter().map(|action| self.flat(action)).collect::<Vec<_>>()
        };
        Ok(all.into_iter().map(flat).collect())
    }

    /// The flat action of each factor for an action in each dimension.
    ///
    /// # Errors
    /// [`StepError`] for an action that does not exist.
    pub fn encode(&self, action: &[usize]) -> Result<Vec<usize>, StepError> {
        if action.len() != self.actions.len() {
            let (found, expected) = (action.len(), self.actions.len());
            return Err(StepError::DimensionCount { found, expected });
        }
        for (dimension, (&found, &actions)) in action.iter().zip(&self.actions).enumerate() {
            if found >= actions {
                let last = actions.saturating_sub(1);
                return Err(StepError::Dimension { dimension, found, last });
            }
        }
        Ok(self.flat(action))
    }

    fn flat(&self, action: &[usize]) -> Vec<usize> {
        let of = |dimensions: &Vec<usize>| {
            dimensions.iter().fold(0, |flat, d| flat * self.actions[*d] + action[*d])
        };
        self.of_factor.iter().map(of).collect()
    }

    /// The action in each dimension for a flat action of each factor. Where factors that share a
    /// dimension disagree about it, as marginal sampling can make them, the last is believed,
    /// as in pymdp; a dimension that moves nothing stays at 0.
    ///
    /// # Errors
    /// [`StepError`] for an action that does not exist.
    pub fn decode(&self, flat: &[usize]) -> Result<Vec<usize>, StepError> {
        if flat.len() != self.of_factor.len() {
            let (found, expected) = (flat.len(), self.of_factor.len());
            return Err(StepError::ActionCount { found, expected });
        }
        let mut action = vec![0; self.actions.len()];
        for (factor, (dimensions, &found)) in self.of_factor.iter().zip(flat).enumerate() {
            let mut rest = found;
            for &dimension in dimensions.iter().rev() {
                let actions = self.actions.get(dimension).copied().unwrap_or(1).max(1);
                if let Some(slot) = action.get_mut(dimension) {
                    *slot = rest % actions;
                }
                rest /= actions;
            }
            if rest > 0 {
                let of = |d: &usize| self.actions.get(*d).copied().unwrap_or(1);
                let last = dimensions.iter().map(of).product::<usize>().saturating_sub(1);
                return Err(StepError::Action { factor, found, last });
            }
        }
        Ok(action)
    }
}
