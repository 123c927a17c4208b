//! pymdp 1.0.x: `run_factorized_fpi` over the modalities' own sets of factors.

use std::cmp::Reverse;

use super::{Given, InferenceScratch, Inferred, MAX_PRODUCT, fill_uniform, outcomes};
use crate::aligned::{Aligned, aligned};
use crate::arithmetic::{Arithmetic, AtLeast, LnModern, MODERN_FLOOR, Weighted};
use crate::beliefs::{ContractionRoom, Factors, JointSet, Layout};
use crate::evidence::{Evidence, Observation};
use crate::probability::ln_modern;
use crate::real::Real;
use crate::{Array, GenerativeModel};

/// `ln P(o | s)`, computed once. Modalities whose factors are among those of another are added up
/// with it before the first sweep, so that a sweep costs the same however many there are.
#[derive(Debug)]
pub(crate) struct ModernLikelihood<R> {
    groups: Vec<Group<R>>,
    /// As they were given, with their factors: what predicts outcomes.
    modalities: Vec<(JointSet, Array)>,
}

/// The modalities of one set of factors.
#[derive(Debug)]
struct Group<R> {
    set: JointSet,
    modalities: Vec<Modality<R>>,
}

/// A likelihood spread over the joint states of its group, `[outcome, joint state]`.
#[derive(Debug)]
struct Modality<R> {
    number: usize,
    /// `max(P(o | s), 2^-52)`; only for a model of one factor.
    clipped: Option<Aligned<R>>,
    log_likelihood: Aligned<R>,
}

impl<R: Real> ModernLikelihood<R> {
    pub(crate) fn new(model: &GenerativeModel, layout: &Layout) -> Self {
        let modalities: Vec<(JointSet, Array)> =
            super::sets(model, layout).into_iter().zip(model.a.iter().cloned()).collect();
        let mut numbers: Vec<usize> = (0..modalities.len()).collect();
        numbers.sort_by_key(|m| Reverse(modalities[*m].0.factors().len()));
        let mut groups: Vec<Group<R>> = Vec::new();
        for number in numbers {
            let (set, a) = &modalities[number];
            let holds =
                |group: &Group<R>| set.factors().iter().all(|f| group.set.factors().contains(f));
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
            let spread = |value: fn(f64) -> f64| {
                let row = |o| columns.iter().map(move |c| R::of(value(a.row(o)[*c as usize])));
                aligned(&(0..a.shape[0]).flat_map(row).collect::<Vec<_>>())
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
    pub(crate) fn observe<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        observations: &[Observation],
        observed: &mut [A::Number],
    ) {
        let mut rest = observed;
        for group in &self.groups {
            let (sum, others) = rest.split_at_mut(group.set.size());
            sum.fill(A::Number::default());
            for modality in &group.modalities {
                modality.observe(arithmetic, observations, sum);
            }
            rest = others;
        }
    }

    /// Adds to `out` what the observation says about each factor, given the others.
    #[inline(always)]
    pub(crate) fn add_expectations<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        observed: &[A::Number],
        of: Factors<A::Number>,
        room: &mut ContractionRoom<A::Number>,
        out: &mut [A::Number],
    ) {
        let mut rest = observed;
        for group in &self.groups {
            let (values, others) = rest.split_at(group.set.size());
            group.set.add_expectations(arithmetic, values, of, room, out);
            rest = others;
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
        if let Some(free_energy) = self.infer_product(arithmetic, observations, prior, beliefs) {
            return Inferred { free_energy, sweeps: 0 };
        }
        let InferenceScratch { observed, log_prior, next, room } = scratch;
        log_prior.copy_from_slice(prior);
        arithmetic.map(log_prior, LnModern);
        self.observe(arithmetic, observations, observed);
        fill_uniform(arithmetic, beliefs, layout);
        let is_closed = layout.factors() == 1;
        let sweeps = if is_closed { 1 } else { options.num_iter };
        for _ in 0..sweeps {
            next.copy_from_slice(log_prior);
            let of = Factors { beliefs, layout };
            self.add_expectations(arithmetic, observed, of, room, next);
            for f in 0..layout.factors() {
                arithmetic.softmax(&mut next[layout.range(f)]);
            }
            // A sweep that changes no bit will change none however often it is repeated.
            let is_settled = **next == *beliefs;
            beliefs.copy_from_slice(next);
            if is_settled {
                break;
            }
        }
        let of = Factors { beliefs, layout };
        let mut free_energy = arithmetic.sub(
            arithmetic.sum_of(beliefs, Weighted(LnModern)),
            arithmetic.dot(beliefs, log_prior),
        );
        let mut rest = &observed[..];
        for group in &self.groups {
            let (values, others) = rest.split_at(group.set.size());
            let expected = group.set.expectation(arithmetic, values, of, room);
            free_energy = arithmetic.sub(free_energy, expected);
            rest = others;
        }
        Inferred { free_energy, sweeps: if is_closed { 0 } else { sweeps } }
    }

    /// Bayes' rule as a product, where one factor and few modalities allow it: the same as the
    /// softmax of sums of logarithms, without a logarithm. Returns the free energy, which is then
    /// the surprise.
    #[inline(always)]
    fn infer_product<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        observations: &[Observation],
        prior: &[A::Number],
        beliefs: &mut [A::Number],
    ) -> Option<A::Number> {
        let [Group { modalities, .. }] = &self.groups[..] else { return None };
        for observation in observations {
            if !matches!(observation, Observation::Outcomes(_)) {
                return None;
            }
        }
        beliefs.copy_from_slice(prior);
        arithmetic.map(beliefs, AtLeast(MODERN_FLOOR));
        let mut total = arithmetic.number(R::ONE);
        for modality in modalities {
            let clipped = modality.clipped.as_ref()?;
            let row = |agent: usize| match observations[agent] {
                Observation::Outcomes(outcomes) => {
                    &clipped[outcomes[modality.number] * prior.len()..][..prior.len()]
                }
                Observation::Evidence(_) => &[],
            };
            total = arithmetic.multiply_rows(row, beliefs);
        }
        arithmetic.scale(beliefs, arithmetic.recip(total));
        Some(arithmetic.sub(A::Number::default(), arithmetic.ln(total)))
    }
}

impl ModernLikelihood<f64> {
    /// `P(o_m)` of each modality under these beliefs.
    pub(crate) fn predict(&self, of: Factors<f64>) -> Vec<Vec<f64>> {
        let mut joint = vec![0.0; self.largest()];
        let of_modality = |(set, a): &(JointSet, Array)| outcomes(a, set, &of, &mut joint);
        self.modalities.iter().map(of_modality).collect()
    }
}

impl<R: Real> Modality<R> {
    /// Adds the log likelihood of what each agent observed.
    #[inline(always)]
    fn observe<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        observations: &[Observation],
        sum: &mut [A::Number],
    ) {
        let size = sum.len();
        let row = |outcome: usize| &self.log_likelihood[outcome * size..][..size];
        let mut are_outcomes = true;
        for observation in observations {
            are_outcomes &= matches!(observation, Observation::Outcomes(_));
        }
        if are_outcomes {
            let of_agent = |agent: usize| match observations[agent] {
                Observation::Outcomes(outcomes) => row(outcomes[self.number]),
                Observation::Evidence(_) => &[],
            };
            arithmetic.add_rows(of_agent, sum);
            return;
        }
        for (agent, observation) in observations.iter().enumerate() {
            match observation.of(self.number) {
                Evidence::Missing => {}
                Evidence::Outcome(outcome) => add_row::<A>(agent, row(outcome), R::ONE, sum),
                Evidence::Distribution(distribution) => {
                    // pymdp: the logarithm of each outcome's likelihood, on average.
                    for (outcome, p) in distribution.iter().enumerate() {
                        add_row::<A>(agent, row(outcome), R::of(*p), sum);
                    }
                }
            }
        }
    }
}

/// `sum_i += weight row_i`, for one agent.
#[inline(always)]
fn add_row<A: Arithmetic>(agent: usize, row: &[A::Real], weight: A::Real, sum: &mut [A::Number]) {
    for (sum, log) in sum.iter_mut().zip(row) {
        let total = A::of(sum, agent) + weight * *log;
        A::set(sum, agent, total);
    }
}
