//! Forward-backward smoothing of filtered beliefs.
//!
//! For one factor it is the exact smoother of a hidden Markov model (modern pymdp's `exact`),
//! for several it treats each by itself (`ovf`, online variational filtering).

use super::SequenceModel;
use crate::StepError;

/// Beliefs about a whole episode, given all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Smoothed {
    /// `[moment]`: beliefs about all factors, one after the other.
    pub beliefs: Vec<Vec<f64>>,
    /// `[factor][moment]`: joint beliefs `[next state, state]` about each moment and the next;
    /// one less than there are moments. What learning B needs.
    pub pairwise: Vec<Vec<Vec<f64>>>,
}

/// Revises beliefs that were filtered step by step: `filtered[t]` holds all factors, and
/// `actions[t]` was done after moment `t`.
///
/// Time is linear in moments and in the elements of B.
///
/// # Errors
/// [`StepError`] if there is not one action less than moments, or one does not exist, or a
/// factor's transitions depend on another.
pub fn smooth(
    sequence: &SequenceModel,
    filtered: &[Vec<f64>],
    actions: &[Vec<usize>],
) -> Result<Smoothed, StepError> {
    let model = &*sequence.model;
    super::check_alone(model)?;
    let moments = filtered.len();
    if actions.len() + 1 != moments {
        return Err(StepError::Moments { actions: actions.len(), moments });
    }
    if let Some(short) = filtered.iter().find(|beliefs| beliefs.len() != model.num_states()) {
        return Err(StepError::BeliefCount { found: short.len(), expected: model.num_states() });
    }
    for action in actions {
        model.check_action(action)?;
    }
    let mut beliefs = filtered.to_vec();
    let mut pairwise = vec![vec![Vec::new(); moments - 1]; model.factors()];
    for t in (0..moments - 1).rev() {
        let (earlier, later) = beliefs.split_at_mut(t + 1);
        for (f, pairs) in pairwise.iter_mut().enumerate() {
            let range = model.layout.range(f);
            let forward = &sequence.messages[f][actions[t][f]].forward;
            let now = &mut earlier[t][range.clone()];
            let states = now.len();
            let mut joint = vec![0.0; states * states];
            let rows = joint.chunks_exact_mut(states).zip(forward.data.chunks_exact(states));
            for ((row, p), next) in rows.zip(&later[0][range]) {
                for (cell, (p, q)) in row.iter_mut().zip(p.iter().zip(&*now)) {
                    *cell = p * q;
                }
                // Of a next state that cannot follow nothing is left to share out.
                let total: f64 = row.iter().sum();
                let scale = if total > 0.0 { next / total } else { 0.0 };
                row.iter_mut().for_each(|cell| *cell *= scale);
            }
            now.fill(0.0);
            for row in joint.chunks_exact(states) {
                now.iter_mut().zip(row).for_each(|(now, cell)| *now += cell);
            }
            pairs[t] = joint;
        }
    }
    Ok(Smoothed { beliefs, pairwise })
}
