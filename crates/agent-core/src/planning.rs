//! Planning by enumeration: every policy is valued along the tree of their prefixes.

use crate::Model;
use crate::beliefs::Factors;
use crate::expected_free_energy::Value;
use crate::probability::softmax;
use crate::workspace::Planning;

/// Values every policy from these beliefs: `q_pi = softmax(gamma neg_efe + ln E)`.
///
/// Time is linear in the nodes of the policy tree; nothing is allocated.
pub(crate) fn evaluate(model: &Model, beliefs: &[f64], planning: &mut Planning) {
    let Planning { path, joint, outcomes, utility, states_info_gain, neg_efe, q_pi, totals } =
        planning;
    let states = model.num_states();
    path[..states].copy_from_slice(beliefs);
    for node in model.policies.nodes() {
        let step = node.depth as usize;
        let (before, after) = path.split_at_mut((step + 1) * states);
        let present = &before[step * states..];
        let predicted = &mut after[..states];
        model.predict(present, model.policies.action(node.action), joint, predicted);
        let of = Factors { beliefs: predicted, layout: &model.layout };
        let value = model.valuation.of(step, of, joint, outcomes);
        totals[step + 1] = Value {
            utility: totals[step].utility + value.utility,
            information: totals[step].information + value.information,
        };
        if let Some(policy) = node.policy {
            let total = totals[step + 1];
            let policy = policy as usize;
            utility[policy] = total.utility;
            states_info_gain[policy] = total.information;
            neg_efe[policy] = total.utility + total.information;
        }
    }
    for (log, value) in q_pi.iter_mut().zip(&*neg_efe) {
        *log = model.options.gamma * value;
    }
    for (log, habit) in q_pi.iter_mut().zip(&model.log_habits) {
        *log += habit;
    }
    softmax(q_pi);
}
