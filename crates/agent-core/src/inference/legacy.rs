//! pymdp 0.0.7.1: `run_vanilla_fpi` over the likelihood joined from all modalities.

use super::{Given, InferenceScratch, Inferred, fill_uniform, outcomes, sets};
use crate::beliefs::{Factors, JointSet, Layout};
use crate::error::ModelError;
use crate::evidence::{Evidence, Observation};
use crate::kernels::{self, LEGACY_EPSILON, LnLegacy, Plus, Times};
use crate::lanes::Lanes;
use crate::{Array, GenerativeModel};

/// Most joint states that the legacy profile keeps a likelihood of.
pub(crate) const MAX_JOINT_STATES: usize = 1 << 24;

/// The likelihood of each modality, to be joined once the outcomes are known.
#[derive(Debug)]
pub(crate) struct LegacyLikelihood {
    all: JointSet,
    modalities: Vec<Modality>,
}

#[derive(Debug)]
struct Modality {
    set: JointSet,
    a: Array,
    /// The column of `a` for each joint state of all factors.
    columns: Vec<u32>,
}

impl LegacyLikelihood {
    pub(crate) fn new(model: &GenerativeModel, layout: &Layout) -> Result<Self, ModelError> {
        let joint: f64 = model.d.iter().map(|d| d.data.len() as f64).product();
        if joint > MAX_JOINT_STATES as f64 {
            return Err(ModelError::TooLarge {
                what: "the number of joint states, all of which the legacy profile keeps,",
                size: joint,
                limit: MAX_JOINT_STATES,
                remedy: "use the modern profile with A_dependencies",
            });
        }
        // The smallest first is what expectations are fastest with.
        let mut order: Vec<usize> = (0..layout.factors()).collect();
        order.sort_by_key(|f| layout.range(*f).len());
        let all = JointSet::new(order, layout);
        let modalities = model.a.iter().zip(sets(model, layout)).map(|(a, set)| {
            let columns = set.projection_of(&all, layout);
            Modality { set, a: a.clone(), columns }
        });
        Ok(Self { modalities: modalities.collect(), all })
    }

    pub(crate) fn set(&self) -> &JointSet {
        &self.all
    }

    pub(crate) fn size(&self) -> usize {
        self.all.size()
    }

    /// `prod_m P(o_m | s)` for every joint state.
    pub(crate) fn multiply(&self, observation: Observation, out: &mut [f64]) {
        out.fill(1.0);
        for (m, modality) in self.modalities.iter().enumerate() {
            let joint = out.iter_mut().zip(&modality.columns);
            match observation.of(m) {
                Evidence::Missing => {}
                Evidence::Outcome(outcome) => {
                    let row = modality.a.row(outcome);
                    for (joint, column) in joint {
                        *joint *= row[*column as usize];
                    }
                }
                Evidence::Distribution(distribution) => {
                    let columns = modality.a.columns();
                    for (joint, column) in joint {
                        let column = modality.a.data.iter().skip(*column as usize);
                        let weighted = column.step_by(columns).zip(distribution);
                        *joint *= weighted.map(|(a, o)| a * o).sum::<f64>();
                    }
                }
            }
        }
    }

    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors) -> Vec<Vec<f64>> {
        let largest = self.modalities.iter().map(|m| m.set.size()).max().unwrap_or(0);
        let mut joint = vec![0.0; largest];
        let of_modality = |modality: &Modality| {
            outcomes(&modality.a, modality.set.joint(|f| of.of(f), &mut joint))
        };
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
        let InferenceScratch { observed, log_prior, next, room } = scratch;
        self.multiply(observation, observed);
        if layout.factors() == 1 {
            // The softmax of a sum of logarithms is a product; its free energy is the surprise.
            beliefs.copy_from_slice(prior);
            kernels::map(lanes, beliefs, Plus(LEGACY_EPSILON));
            kernels::map(lanes, observed, Plus(LEGACY_EPSILON));
            let total = kernels::multiply_into(lanes, observed, beliefs);
            kernels::map(lanes, beliefs, Times(total.recip()));
            return Inferred { free_energy: -lanes.ln(lanes.splat(total)).0, sweeps: 0 };
        }
        kernels::map(lanes, observed, LnLegacy);
        log_prior.copy_from_slice(prior);
        kernels::map(lanes, log_prior, LnLegacy);
        fill_uniform(beliefs, layout);
        // pymdp's first free energy leaves the likelihood out.
        let mut before = divergence(lanes, beliefs, log_prior);
        let mut inferred = Inferred::default();
        let mut change = f64::INFINITY;
        while inferred.sweeps < options.num_iter && change >= options.df_tolerance {
            next.copy_from_slice(log_prior);
            // pymdp divides the weighted joint by the old beliefs; leaving them out of the
            // weights is the same, and defined where a belief is zero.
            self.all.add_expectations(lanes, observed, Factors { beliefs, layout }, room, next);
            for f in 0..layout.factors() {
                kernels::softmax(lanes, &mut next[layout.range(f)]);
            }
            beliefs.copy_from_slice(next);
            let of = Factors { beliefs, layout };
            inferred.free_energy = divergence(lanes, beliefs, log_prior)
                - self.all.expectation(lanes, observed, of, room);
            change = (before - inferred.free_energy).abs();
            before = inferred.free_energy;
            inferred.sweeps += 1;
        }
        inferred
    }
}

/// `sum q (ln q - ln prior)` over all factors.
#[inline(always)]
fn divergence<L: Lanes>(lanes: L, beliefs: &[f64], log_prior: &[f64]) -> f64 {
    kernels::sum_x_ln_x_legacy(lanes, beliefs) - kernels::dot(lanes, beliefs, log_prior)
}
