//! pymdp 0.0.7.1: `run_mmp`, marginal message passing by gradient descent, once for each policy
//! over the window and the policy's future.

use super::{SequenceModel, product};
use crate::beliefs::Factors;
use crate::evidence::Observation;
use crate::inference::Likelihood;
use crate::probability::{PLAIN, ln_legacy, softmax};

/// The rate of descent, pymdp's `tau`.
const RATE: f64 = 0.25;

/// Beliefs about each moment under one policy, and their free energy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PolicyBeliefs {
    /// `[moment]`, factors one after the other: the window, then the policy's steps.
    pub(super) beliefs: Vec<Vec<f64>>,
    pub(super) free_energy: f64,
}

/// The likelihood of each observation for every joint state.
pub(super) fn likelihoods(sequence: &SequenceModel, observations: &[Vec<usize>]) -> Vec<Vec<f64>> {
    let Likelihood::Legacy(likelihood) = &sequence.model.likelihood else { return Vec::new() };
    let of = |observation: &Vec<usize>| {
        let mut joint = vec![0.0; likelihood.size()];
        likelihood.multiply(PLAIN, &[Observation::Outcomes(observation)], &mut joint);
        joint
    };
    observations.iter().map(of).collect()
}

/// Beliefs under one policy. `past` are the actions between the observations, `prior` the
/// beliefs about the window's first moment.
pub(super) fn infer(
    sequence: &SequenceModel,
    likelihoods: &[Vec<f64>],
    past: &[Vec<usize>],
    policy: &[Vec<usize>],
    prior: &[f64],
) -> PolicyBeliefs {
    let model = &*sequence.model;
    let (layout, factors) = (&model.layout, model.factors());
    let Likelihood::Legacy(likelihood) = &model.likelihood else {
        return PolicyBeliefs { beliefs: Vec::new(), free_energy: 0.0 };
    };
    let mut room = model.likelihood.scratch(layout);
    let moments = likelihoods.len() + policy.len();
    // pymdp passes messages back only up to here.
    let last_with_future = moments - 2;
    let action = |t: usize| past.get(t).unwrap_or_else(|| &policy[t - past.len()]);
    let mut uniform = vec![0.0; model.num_states()];
    crate::inference::fill_uniform(PLAIN, &mut uniform, layout);
    let mut beliefs = vec![uniform.clone(); moments];
    let mut evidence = uniform;
    let mut free_energy = 0.0;
    for _ in 0..model.options.num_iter {
        free_energy = 0.0;
        for t in 0..moments {
            for f in 0..factors {
                let range = layout.range(f);
                // Beliefs about the other factors change within the sweep.
                evidence.fill(0.0);
                if let Some(joint) = likelihoods.get(t) {
                    let of = Factors { beliefs: &beliefs[t], layout };
                    likelihood.set().add_expectations(
                        PLAIN,
                        joint,
                        of,
                        room.contraction(),
                        &mut evidence,
                    );
                    evidence[range.clone()].iter_mut().for_each(|p| *p = ln_legacy(*p));
                }
                let forward: Vec<f64> = match t {
                    0 => prior[range.clone()].iter().map(|p| ln_legacy(*p)).collect(),
                    _ => {
                        let messages = &sequence.messages[f][action(t - 1)[f]];
                        let past = &beliefs[t - 1][range.clone()];
                        product(&messages.forward, past).map(ln_legacy).collect()
                    }
                };
                let has_future = t < last_with_future;
                let backward: Vec<f64> = if has_future {
                    let messages = &sequence.messages[f][action(t)[f]];
                    product(&messages.backward, &beliefs[t + 1][range.clone()])
                        .map(ln_legacy)
                        .collect()
                } else {
                    vec![0.0; range.len()]
                };
                let weight = if has_future { 2.0 } else { 1.0 };
                let seen = &evidence[range.clone()];
                let belief = &mut beliefs[t][range];
                let errors: Vec<f64> = belief
                    .iter()
                    .zip(seen.iter().zip(forward.iter().zip(&backward)))
                    .map(|(q, (seen, (forward, backward)))| {
                        weight * seen + forward + backward - weight * ln_legacy(*q)
                    })
                    .collect();
                // Between its ends, the window counts each observation once, not per factor.
                let shared = if t == 0 || t == moments - 1 {
                    0.0
                } else {
                    (factors as f64 - 1.0) / factors as f64
                };
                let terms = belief.iter().zip(errors.iter().zip(seen));
                free_energy +=
                    terms.map(|(q, (error, seen))| q * 0.5 * (error - shared * seen)).sum::<f64>();
                let mean = errors.iter().sum::<f64>() / errors.len() as f64;
                for (q, error) in belief.iter_mut().zip(&errors) {
                    *q = ln_legacy(*q) + RATE * (error - mean);
                }
                softmax(belief);
            }
        }
    }
    PolicyBeliefs { beliefs, free_energy }
}
