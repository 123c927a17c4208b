//! pymdp 1.0.x: `run_factorized_fpi` over the modalities' own sets of factors.

use std::cmp::Reverse;

use super::{Given, InferenceScratch, Inferred, MAX_PRODUCT, fill_uniform, outcomes};
use crate::beliefs::{ContractionRoom, Factors, JointSet, Layout};
use crate::evidence::{Evidence, Observation};
use crate::kernels::{self, AtLeast, LnModern, MODERN_FLOOR, Times};
use crate::lanes::Lanes;
use crate::probability::ln_modern;
use crate::{Array, GenerativeModel};

/// `ln P(o | s)`, computed once. Modalities whose factors are among those of another are added up
/// with it before the first sweep, so that a sweep costs the same however many there are.
#[derive(Debug)]
pub(crate) struct ModernLikelihood {
    groups: Vec<Group>,
    /// As they were given, with their factors: what predicts outcomes.
    modalities: Vec<(JointSet, Array)>,
}

/// The modalities of one set of factors.
#[derive(Debug)]
struct Group {
    set: JointSet,
    modalities: Vec<Modality>,
}

/// A likelihood spread over the joint states of its group, `[outcome, joint state]`.
#[derive(Debug)]
struct Modality {
    number: usize,
    /// `max(P(o | s), 2^-52)`; only for a model of one factor.
    clipped: Option<Array>,
    log_likelihood: Array,
}

impl ModernLikelihood {
    pub(crate) fn new(model: &GenerativeModel, layout: &Layout) -> Self {
        let modalities: Vec<(JointSet, Array)> =
            super::sets(model, layout).into_iter().zip(model.a.iter().cloned()).collect();
        let mut numbers: Vec<usize> = (0..modalities.len()).collect();
        numbers.sort_by_key(|m| Reverse(modalities[*m].0.factors().len()));
        let mut groups: Vec<Group> = Vec::new();
        for number in numbers {
            let (set, a) = &modalities[number];
            let holds =
                |group: &Group| set.factors().iter().all(|f| group.set.factors().contains(f));
            let place = groups.iter().position(holds).unwrap_or_else(|| {
                let mut factors = set.factors().to_vec();
                // The smallest first is what expectations are fastest with.
                factors.sort_by_key(|f| layout.range(*f).len());
                let set = JointSet::new(factors, layout);
                groups.push(Group { set, modalities: Vec::new() });
                groups.len() - 1
            });
            let group = &mut groups[place];
            let columns = set.projection_of(&group.set, layout);
            let spread = |value: fn(f64) -> f64| Array {
                shape: vec![a.shape[0], columns.len()],
                data: (0..a.shape[0])
                    .flat_map(|o| columns.iter().map(move |c| value(a.row(o)[*c as usize])))
                    .collect(),
            };
            let is_single = layout.factors() == 1 && modalities.len() <= MAX_PRODUCT;
            group.modalities.push(Modality {
                number,
                clipped: is_single.then(|| spread(|p| p.max(MODERN_FLOOR))),
                log_likelihood: spread(ln_modern),
            });
        }
        Self { groups, modalities }
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
    #[inline(always)]
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
    #[inline(always)]
    pub(crate) fn add_expectations<L: Lanes>(
        &self,
        lanes: L,
        observed: &[f64],
        of: Factors,
        room: &mut ContractionRoom,
        out: &mut [f64],
    ) {
        let mut rest = observed;
        for group in &self.groups {
            let (values, others) = rest.split_at(group.set.size());
            group.set.add_expectations(lanes, values, of, room, out);
            rest = others;
        }
    }

    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors) -> Vec<Vec<f64>> {
        let mut joint = vec![0.0; self.largest()];
        let of_modality =
            |(set, a): &(JointSet, Array)| outcomes(a, set.joint(|f| of.of(f), &mut joint));
        self.modalities.iter().map(of_modality).collect()
    }

    #[inline(always)]
    pub(crate) fn infer<L: Lanes>(
        &self,
        lanes: L,
        given: Given,
        scratch: &mut InferenceScratch,
        beliefs: &mut [f64],
    ) -> Inferred {
        let Given { observation, prior, layout, options } = given;
        if let Some(free_energy) = self.infer_product(lanes, observation, prior, beliefs) {
            return Inferred { free_energy, sweeps: 0 };
        }
        let InferenceScratch { observed, log_prior, next, room, .. } = scratch;
        log_prior.copy_from_slice(prior);
        kernels::map(lanes, log_prior, LnModern);
        self.observe(observation, observed);
        fill_uniform(beliefs, layout);
        let is_closed = layout.factors() == 1;
        let sweeps = if is_closed { 1 } else { options.num_iter };
        // What each sweep's beliefs are the softmax of, less the prior's part, and its sum.
        let mut divergence = 0.0;
        for _ in 0..sweeps {
            next.copy_from_slice(log_prior);
            self.add_expectations(lanes, observed, Factors { beliefs, layout }, room, next);
            divergence = 0.0;
            let mut is_settled = true;
            for f in 0..layout.factors() {
                let range = layout.range(f);
                let (beliefs, next) = (&mut beliefs[range.clone()], &mut next[range.clone()]);
                let said = &mut room.said[..next.len()];
                said.copy_from_slice(next);
                for (said, prior) in said.iter_mut().zip(&log_prior[range]) {
                    *said -= prior;
                }
                divergence -= kernels::softmax(lanes, next);
                divergence += kernels::dot(lanes, next, said);
                is_settled &= next == beliefs;
                beliefs.copy_from_slice(next);
            }
            // A sweep that changes no bit will change none however often it is repeated.
            if is_settled {
                break;
            }
        }
        let of = Factors { beliefs, layout };
        let mut free_energy = divergence;
        let mut rest = &observed[..];
        for group in &self.groups {
            let (values, others) = rest.split_at(group.set.size());
            free_energy -= group.set.expectation(lanes, values, of, room);
            rest = others;
        }
        Inferred { free_energy, sweeps: if is_closed { 0 } else { sweeps } }
    }

    /// Bayes' rule as a product, where one factor and few modalities allow it: the same as the
    /// softmax of sums of logarithms, without a logarithm. Returns the free energy, which is then
    /// the surprise.
    #[inline(always)]
    fn infer_product<L: Lanes>(
        &self,
        lanes: L,
        observation: Observation,
        prior: &[f64],
        beliefs: &mut [f64],
    ) -> Option<f64> {
        let Observation::Outcomes(outcomes) = observation else { return None };
        let [Group { modalities, .. }] = &self.groups[..] else { return None };
        beliefs.copy_from_slice(prior);
        kernels::map(lanes, beliefs, AtLeast(MODERN_FLOOR));
        let mut total = 1.0;
        for modality in modalities {
            let row = modality.clipped.as_ref()?.row(outcomes[modality.number]);
            total = kernels::multiply_into(lanes, row, beliefs);
        }
        kernels::map(lanes, beliefs, Times(total.recip()));
        Some(-lanes.ln(lanes.splat(total)).0)
    }
}
