//! pymdp 1.0.x: `run_mmp` and `run_vmp`, Jacobi over time and factors.

use super::{MessagePassing, SequenceModel, product};
use crate::beliefs::Factors;
use crate::evidence::Observation;
use crate::inference::Likelihood;
use crate::probability::{PLAIN, ln_modern, softmax};

/// Beliefs about each moment of a window, given all of it.
///
/// `actions[t]` was done after `observations[t]`. As in pymdp 1.0.4, variational message passing
/// over a single moment leaves the prior out.
pub(super) fn infer(
    sequence: &SequenceModel,
    method: MessagePassing,
    observations: &[Vec<usize>],
    actions: &[Vec<usize>],
    prior: &[f64],
) -> Vec<Vec<f64>> {
    let model = &*sequence.model;
    let (layout, states) = (&model.layout, model.num_states());
    let moments = observations.len();
    let Likelihood::Modern(likelihood) = &model.likelihood else { return Vec::new() };
    let mut room = model.likelihood.scratch(layout);
    let observed: Vec<Vec<f64>> = observations
        .iter()
        .map(|observation| {
            let mut observed = vec![0.0; likelihood.observed()];
            likelihood.observe(PLAIN, &[Observation::Outcomes(observation)], &mut observed);
            observed
        })
        .collect();
    let mut uniform = vec![0.0; states];
    crate::inference::fill_uniform(PLAIN, &mut uniform, layout);
    let mut beliefs = vec![uniform; moments];
    let mut next = beliefs.clone();
    for _ in 0..model.options.num_iter {
        for t in 0..moments {
            let slot = &mut next[t];
            slot.fill(0.0);
            let of = Factors { beliefs: &beliefs[t], layout };
            likelihood.add_expectations(PLAIN, &observed[t], of, room.contraction(), slot);
            for (f, by_action) in sequence.messages.iter().enumerate() {
                let range = layout.range(f);
                let out = &mut slot[range.clone()];
                let has_future = t + 1 < moments;
                let share = match method {
                    MessagePassing::Marginal if has_future => 0.5,
                    _ => 1.0,
                };
                if t == 0 {
                    if method == MessagePassing::Marginal || moments > 1 {
                        let logs = prior[range.clone()].iter().map(|p| ln_modern(*p));
                        out.iter_mut().zip(logs).for_each(|(out, log)| *out += share * log);
                    }
                } else {
                    let messages = &by_action[actions[t - 1][f]];
                    let past = &beliefs[t - 1][range.clone()];
                    match method {
                        MessagePassing::Marginal => out
                            .iter_mut()
                            .zip(product(&messages.forward, past))
                            .for_each(|(out, p)| *out += share * ln_modern(p)),
                        MessagePassing::Variational => out
                            .iter_mut()
                            .zip(product(&messages.log_forward, past))
                            .for_each(|(out, log)| *out += log),
                    }
                }
                if has_future {
                    let messages = &by_action[actions[t][f]];
                    let future = &beliefs[t + 1][range];
                    match method {
                        MessagePassing::Marginal => out
                            .iter_mut()
                            .zip(product(&messages.backward, future))
                            .for_each(|(out, p)| *out += share * ln_modern(p)),
                        MessagePassing::Variational => {
                            let rows = messages.log_forward.data.chunks_exact(future.len());
                            for (belief, row) in future.iter().zip(rows) {
                                for (out, log) in out.iter_mut().zip(row) {
                                    *out += belief * log;
                                }
                            }
                        }
                    }
                }
                softmax(out);
            }
        }
        std::mem::swap(&mut beliefs, &mut next);
    }
    beliefs
}
