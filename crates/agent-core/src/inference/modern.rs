//! pymdp 1.0.x: `run_factorized_fpi` over the modalities' own sets of factors.

use std::collections::BTreeMap;

use super::{InferenceScratch, Inferred, fill_uniform, outcomes};
use crate::beliefs::{Factors, JointSet, Layout};
use crate::evidence::{Evidence, Observation};
use crate::probability::{dot, ln_modern, softmax, x_ln_x};
use crate::{Array, GenerativeModel};

/// `ln P(o | s)`, computed once. Modalities that depend on the same factors are added up before
/// the first sweep, so that a sweep costs the same however many there are.
#[derive(Debug)]
pub(crate) struct ModernLikelihood {
    groups: Vec<Group>,
}

/// The modalities of one set of factors.
#[derive(Debug)]
struct Group {
    set: JointSet,
    modalities: Vec<Modality>,
}

#[derive(Debug)]
struct Modality {
    number: usize,
    /// `[outcome, joint states of the set]`.
    a: Array,
    log_likelihood: Array,
}

impl ModernLikelihood {
    pub(crate) fn new(model: &GenerativeModel, layout: &Layout) -> Self {
        let mut groups: BTreeMap<Vec<usize>, Group> = BTreeMap::new();
        for (number, a) in model.a.iter().enumerate() {
            let factors = model.factors_of_modality(number);
            let group = groups.entry(factors.clone()).or_insert_with(|| Group {
                set: JointSet::new(factors, layout),
                modalities: Vec::new(),
            });
            let data = a.data.iter().map(|p| ln_modern(*p)).collect();
            let log_likelihood = Array { shape: a.shape.clone(), data };
            group.modalities.push(Modality { number, a: a.clone(), log_likelihood });
        }
        Self { groups: groups.into_values().collect() }
    }

    /// Joint states of the largest set.
    pub(crate) fn largest(&self) -> usize {
        self.groups.iter().map(|group| group.set.size()).max().unwrap_or(0)
    }

    /// Joint states of all sets.
    pub(crate) fn observed(&self) -> usize {
        self.groups.iter().map(|group| group.set.size()).sum()
    }

    /// The log likelihood of what was observed, group after group.
    pub(crate) fn observe(&self, observation: Observation, observed: &mut [f64]) {
        let mut rest = observed;
        for group in &self.groups {
            let (sum, others) = rest.split_at_mut(group.set.size());
            sum.fill(0.0);
            for modality in &group.modalities {
                match observation.of(modality.number) {
                    Evidence::Missing => {}
                    Evidence::Outcome(outcome) => {
                        for (sum, log) in sum.iter_mut().zip(modality.log_likelihood.row(outcome)) {
                            *sum += log;
                        }
                    }
                    Evidence::Distribution(distribution) => {
                        // pymdp: the logarithm of each outcome's likelihood, on average.
                        let rows = modality.log_likelihood.data.chunks_exact(sum.len());
                        for (p, row) in distribution.iter().zip(rows) {
                            for (sum, log) in sum.iter_mut().zip(row) {
                                *sum += p * log;
                            }
                        }
                    }
                }
            }
            rest = others;
        }
    }

    /// Adds to `out` what the observation says about each factor, given the others.
    pub(crate) fn add_expectations(
        &self,
        observed: &[f64],
        of: Factors,
        room: &mut crate::beliefs::ContractionRoom,
        out: &mut [f64],
    ) {
        let mut rest = observed;
        for group in &self.groups {
            let (values, others) = rest.split_at(group.set.size());
            group.set.add_expectations(values, of, room, out);
            rest = others;
        }
    }

    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors) -> Vec<Vec<f64>> {
        let mut joint = vec![0.0; self.largest()];
        let mut by_modality: Vec<(usize, Vec<f64>)> = Vec::new();
        for group in &self.groups {
            let weights = group.set.joint(|f| of.of(f), &mut joint);
            let outcomes = group.modalities.iter().map(|m| (m.number, outcomes(&m.a, weights)));
            by_modality.extend(outcomes);
        }
        by_modality.sort_by_key(|(number, _)| *number);
        by_modality.into_iter().map(|(_, outcomes)| outcomes).collect()
    }

    pub(crate) fn infer(
        &self,
        observation: Observation,
        prior: &[f64],
        layout: &Layout,
        num_iter: usize,
        scratch: &mut InferenceScratch,
        beliefs: &mut [f64],
    ) -> Inferred {
        let InferenceScratch { joint, observed, log_prior, next, room } = scratch;
        for (log, p) in log_prior.iter_mut().zip(prior) {
            *log = ln_modern(*p);
        }
        self.observe(observation, observed);
        fill_uniform(beliefs, layout);
        let is_closed = layout.factors() == 1;
        let sweeps = if is_closed { 1 } else { num_iter };
        for _ in 0..sweeps {
            next.copy_from_slice(log_prior);
            self.add_expectations(observed, Factors { beliefs, layout }, room, next);
            for f in 0..layout.factors() {
                softmax(&mut next[layout.range(f)]);
            }
            // A sweep that changes no bit will change none however often it is repeated.
            let is_settled = next == beliefs;
            beliefs.copy_from_slice(next);
            if is_settled {
                break;
            }
        }
        let mut free_energy = 0.0;
        for (q, log) in beliefs.iter().zip(&*log_prior) {
            free_energy += x_ln_x(*q) - q * log;
        }
        let of = Factors { beliefs, layout };
        let mut rest = &observed[..];
        for group in &self.groups {
            let (values, others) = rest.split_at(group.set.size());
            free_energy -= dot(group.set.joint(|f| of.of(f), joint), values);
            rest = others;
        }
        Inferred { free_energy, sweeps: if is_closed { 0 } else { sweeps } }
    }
}
