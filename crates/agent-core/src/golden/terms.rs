//! The terms of expected free energy apart, whether or not they count in the run.

use super::{ReplayError, Terms};
use crate::planning::{Evaluation, Planning};
use crate::workspace::Plan;
use crate::{Counts, GenerativeModel, Inductive, Model, Options};

/// Every term that the model has something for, of each policy from these beliefs.
pub(super) fn all(
    generative_model: &GenerativeModel,
    counts: &Counts,
    options: &Options,
    inductive: Option<Inductive>,
    beliefs: &[f64],
) -> Result<Terms, ReplayError> {
    let has_counts = counts.a.is_some() || counts.b.is_some();
    let options = Options {
        use_utility: true,
        use_states_info_gain: true,
        use_param_info_gain: has_counts,
        inductive,
        ..options.clone()
    };
    let has_goals = options.inductive.is_some();
    let model = &*Model::with_counts(generative_model, counts, options)?;
    let (mut planning, mut plan) = (Planning::new(model), Plan::new(model.policies.len()));
    model.machine.run(Evaluation { model, beliefs, planning: &mut planning, plan: &mut plan });
    Ok(Terms {
        utility: Some(plan.utility),
        states_info_gain: Some(plan.states_info_gain),
        param_info_gain: Some(plan.param_info_gain),
        inductive_value: has_goals.then_some(plan.inductive_value),
        ..Terms::default()
    })
}
