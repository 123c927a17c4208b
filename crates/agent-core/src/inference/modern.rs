//! pymdp 1.0.x: `run_factorized_fpi` over the modalities' own sets of factors.

use super::{InferenceScratch, Inferred, fill_uniform, sets};
use crate::beliefs::{Factors, JointSet, Layout};
use crate::probability::{dot, ln_modern, softmax, x_ln_x};
use crate::{Array, GenerativeModel};

/// `ln P(o | s)` of each modality, computed once.
#[derive(Debug)]
pub(crate) struct ModernLikelihood {
    modalities: Vec<Modality>,
}

#[derive(Debug)]
struct Modality {
    set: JointSet,
    /// `[outcome, joint states of the set]`.
    log_likelihood: Array,
}

impl ModernLikelihood {
    pub(super) fn new(model: &GenerativeModel, layout: &Layout) -> Self {
        let modalities = model.a.iter().zip(sets(model, layout)).map(|(a, set)| Modality {
            set,
            log_likelihood: Array {
                shape: a.shape.clone(),
                data: a.data.iter().map(|p| ln_modern(*p)).collect(),
            },
        });
        Self { modalities: modalities.collect() }
    }

    /// Joint states of the largest set.
    pub(super) fn largest(&self) -> usize {
        self.modalities.iter().map(|m| m.set.size()).max().unwrap_or(0)
    }

    pub(super) fn infer(
        &self,
        observation: &[usize],
        prior: &[f64],
        layout: &Layout,
        num_iter: usize,
        scratch: &mut InferenceScratch,
        beliefs: &mut [f64],
    ) -> Inferred {
        let InferenceScratch { joint, log_prior, next, .. } = scratch;
        for (log, p) in log_prior.iter_mut().zip(prior) {
            *log = ln_modern(*p);
        }
        fill_uniform(beliefs, layout);
        let is_closed = layout.factors() == 1;
        let sweeps = if is_closed { 1 } else { num_iter };
        for _ in 0..sweeps {
            next.copy_from_slice(log_prior);
            let of = Factors { beliefs, layout };
            for (modality, outcome) in self.modalities.iter().zip(observation) {
                let values = modality.log_likelihood.row(*outcome);
                for &f in modality.set.factors() {
                    let out = &mut next[layout.range(f)];
                    modality.set.add_expectation_over_others(values, f, of, joint, out);
                }
            }
            for f in 0..layout.factors() {
                softmax(&mut next[layout.range(f)]);
            }
            // A sweep that changes no bit will change none however often it is repeated.
            if next == beliefs {
                break;
            }
            beliefs.copy_from_slice(next);
        }
        let mut free_energy = 0.0;
        for (q, p) in beliefs.iter().zip(prior) {
            free_energy += x_ln_x(*q) - if *q > 0.0 { q * ln_modern(*p) } else { 0.0 };
        }
        let of = Factors { beliefs, layout };
        for (modality, outcome) in self.modalities.iter().zip(observation) {
            let weights = modality.set.joint(of, joint);
            free_energy -= dot(weights, modality.log_likelihood.row(*outcome));
        }
        Inferred { free_energy, sweeps: if is_closed { 0 } else { sweeps } }
    }
}
