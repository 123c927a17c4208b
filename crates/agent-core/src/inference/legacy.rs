//! pymdp 0.0.7.1: `run_vanilla_fpi` over the likelihood joined from all modalities.

use super::{Given, InferenceScratch, Inferred, fill_uniform, outcomes, sets};
use crate::arithmetic::{Arithmetic, LEGACY_EPSILON, LnLegacy, Plus, Weighted};
use crate::beliefs::{Factors, JointSet, Layout};
use crate::error::ModelError;
use crate::evidence::{Evidence, Observation};
use crate::real::Real;
use crate::{Array, GenerativeModel};

/// Most joint states that the legacy profile keeps a likelihood of.
pub(crate) const MAX_JOINT_STATES: usize = 1 << 24;

/// The likelihood of each modality, to be joined once the outcomes are known.
#[derive(Debug)]
pub(crate) struct LegacyLikelihood<R> {
    all: JointSet,
    modalities: Vec<Modality<R>>,
}

#[derive(Debug)]
struct Modality<R> {
    set: JointSet,
    a: Array,
    /// The elements of `a`.
    elements: Vec<R>,
    /// The column of `a` for each joint state of all factors.
    columns: Vec<u32>,
}

impl<R: Real> LegacyLikelihood<R> {
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
            let elements = a.data.iter().map(|p| R::of(*p)).collect();
            Modality { set, a: a.clone(), elements, columns }
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
    #[inline(always)]
    pub(crate) fn multiply<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        observations: &[Observation],
        out: &mut [A::Number],
    ) {
        out.fill(arithmetic.number(R::ONE));
        for (agent, observation) in observations.iter().enumerate() {
            for (m, modality) in self.modalities.iter().enumerate() {
                let columns = modality.a.columns();
                match observation.of(m) {
                    Evidence::Missing => {}
                    Evidence::Outcome(outcome) => {
                        let row = &modality.elements[outcome * columns..][..columns];
                        for (joint, column) in out.iter_mut().zip(&modality.columns) {
                            let product = A::of(joint, agent) * row[*column as usize];
                            A::set(joint, agent, product);
                        }
                    }
                    Evidence::Distribution(distribution) => {
                        for (joint, column) in out.iter_mut().zip(&modality.columns) {
                            let mut total = R::ZERO;
                            let elements =
                                modality.elements.iter().skip(*column as usize).step_by(columns);
                            for (a, o) in elements.zip(distribution) {
                                total += *a * R::of(*o);
                            }
                            let product = A::of(joint, agent) * total;
                            A::set(joint, agent, product);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    pub(crate) fn infer<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        given: Given<A::Number>,
        scratch: &mut InferenceScratch<A::Number>,
        beliefs: &mut [A::Number],
    ) -> Inferred<A::Number> {
        let Given { observations, prior, layout, options } = given;
        let InferenceScratch { observed, log_prior, next, room } = scratch;
        self.multiply(arithmetic, observations, observed);
        if layout.factors() == 1 {
            // The softmax of a sum of logarithms is a product; its free energy is the surprise.
            beliefs.copy_from_slice(prior);
            arithmetic.map(beliefs, Plus(LEGACY_EPSILON));
            arithmetic.map(observed, Plus(LEGACY_EPSILON));
            let total = arithmetic.multiply_into(observed, beliefs);
            arithmetic.scale(beliefs, arithmetic.recip(total));
            let surprise = arithmetic.sub(A::Number::default(), arithmetic.ln(total));
            return Inferred { free_energy: surprise, sweeps: 0 };
        }
        arithmetic.map(observed, LnLegacy);
        log_prior.copy_from_slice(prior);
        arithmetic.map(log_prior, LnLegacy);
        fill_uniform(arithmetic, beliefs, layout);
        // pymdp's first free energy leaves the likelihood out.
        let mut free_energy = divergence(arithmetic, beliefs, log_prior);
        let mut sweeps = 0;
        // 1 for agents whose iteration goes on.
        let mut goes_on = arithmetic.number(R::ONE);
        let tolerance = R::of(options.df_tolerance);
        while sweeps < options.num_iter && (0..A::AGENTS).any(|i| A::of(&goes_on, i) > R::ZERO) {
            next.copy_from_slice(log_prior);
            // pymdp divides the weighted joint by the old beliefs; leaving them out of the
            // weights is the same, and defined where a belief is zero.
            let of = Factors { beliefs, layout };
            self.all.add_expectations(arithmetic, observed, of, room, next);
            for f in 0..layout.factors() {
                arithmetic.softmax(&mut next[layout.range(f)]);
            }
            for (belief, next) in beliefs.iter_mut().zip(next.iter()) {
                *belief = arithmetic.where_above(goes_on, R::ZERO, *next, *belief);
            }
            let of = Factors { beliefs, layout };
            let expected = self.all.expectation(arithmetic, observed, of, room);
            let after = arithmetic.sub(divergence(arithmetic, beliefs, log_prior), expected);
            for agent in 0..A::AGENTS {
                let change: f64 = (A::of(&free_energy, agent) - A::of(&after, agent)).into();
                if R::of(change.abs()) < tolerance {
                    A::set(&mut goes_on, agent, R::ZERO);
                }
            }
            free_energy = after;
            sweeps += 1;
        }
        if sweeps == 0 {
            free_energy = A::Number::default();
        }
        Inferred { free_energy, sweeps }
    }
}

impl LegacyLikelihood<f64> {
    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors<f64>) -> Vec<Vec<f64>> {
        let largest = self.modalities.iter().map(|m| m.set.size()).max().unwrap_or(0);
        let mut joint = vec![0.0; largest];
        let of_modality =
            |modality: &Modality<f64>| outcomes(&modality.a, &modality.set, &of, &mut joint);
        self.modalities.iter().map(of_modality).collect()
    }
}

/// `sum q (ln q - ln prior)` over all factors.
#[inline(always)]
fn divergence<A: Arithmetic>(
    arithmetic: A,
    beliefs: &[A::Number],
    log_prior: &[A::Number],
) -> A::Number {
    let negative_entropy = arithmetic.sum_of(beliefs, Weighted(LnLegacy));
    arithmetic.sub(negative_entropy, arithmetic.dot(beliefs, log_prior))
}
