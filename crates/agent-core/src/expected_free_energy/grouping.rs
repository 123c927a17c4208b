//! Which modalities are valued together.
//!
//! Modalities of the same factors share one array. One whose factors are among another's may
//! join it, if summing the larger array out costs less than summing out both.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::contraction::{Contraction, order};
use super::{Part, Product};
use crate::arithmetic::padded;
use crate::beliefs::{JointSet, Layout};
use crate::planning::Graph;
use crate::probability::{ln_legacy, softmax};
use crate::real::Real;
use crate::{Array, GenerativeModel, Options, Profile};

/// What one combination of beliefs costs beside its multiplications, in multiplications.
const COMBINATION: usize = 400;

/// What an outcome's logarithm costs, in multiplications.
const LOGARITHM: usize = 12;

/// The modalities that are valued together.
pub(super) struct Group<'a> {
    pub(super) factors: Vec<usize>,
    /// The likelihood, over these factors alone, and the preferences of each modality.
    modalities: Vec<(Array, &'a Array)>,
}

/// The modalities of a model by what is cheapest to value together.
pub(super) fn groups<'a, R: Real>(
    model: &'a GenerativeModel,
    layout: &Layout,
    options: &Options,
    graph: &Graph,
) -> Vec<Group<'a>> {
    let mut by_set: BTreeMap<Vec<usize>, Vec<(Array, &Array)>> = BTreeMap::new();
    for (m, c) in model.c.iter().enumerate() {
        let (a, factors) = effective(&model.a[m], model.factors_of_modality(m));
        by_set.entry(factors).or_default().push((a, c));
    }
    let group = |(factors, modalities)| Group { factors, modalities };
    let mut sets: Vec<Group> = by_set.into_iter().map(group).collect();
    sets.sort_by_key(|group| Reverse(group.factors.len()));
    let mut groups: Vec<Group> = Vec::new();
    for small in sets {
        let joined = groups.iter_mut().find_map(|large| {
            let joined = large.with(&small, layout)?;
            let apart =
                large.work::<R>(layout, options, graph) + small.work::<R>(layout, options, graph);
            let is_cheaper = joined.work::<R>(layout, options, graph) <= apart;
            is_cheaper.then(|| *large = joined)
        });
        if joined.is_none() {
            groups.push(small);
        }
    }
    groups
}

/// Whether information about states is valued by modality.
fn informs(options: &Options) -> bool {
    options.use_states_info_gain && options.profile == Profile::Modern
}

impl<'a> Group<'a> {
    /// As a contraction, unless sparse products are far less work.
    pub(super) fn part<R: Real>(
        &self,
        layout: &Layout,
        options: &Options,
        graph: &Graph,
    ) -> Part<R> {
        let product = self.product(layout, options);
        match Contraction::new(self, &product, layout, graph) {
            Some(contraction) => Part::Contraction(contraction),
            None => Part::Product(product),
        }
    }

    /// This group with the modalities of another whose factors are among its own.
    fn with(&self, small: &Self, layout: &Layout) -> Option<Self> {
        if !small.factors.iter().all(|f| self.factors.contains(f)) {
            return None;
        }
        let mut modalities = self.modalities.clone();
        modalities.extend(
            small
                .modalities
                .iter()
                .map(|(a, c)| (spread(a, &small.factors, &self.factors, layout), *c)),
        );
        Some(Self { factors: self.factors.clone(), modalities })
    }

    /// About how many multiplications a plan takes for this group.
    fn work<R: Real>(&self, layout: &Layout, options: &Options, graph: &Graph) -> usize {
        let product = self.product::<R>(layout, options);
        let outcomes = product.all_outcomes();
        let stride = padded(outcomes + 1 + product.utility().len());
        let factors = order(&self.factors, layout, graph);
        let mut left = product.set().size().saturating_mul(stride);
        let mut contraction = 0_usize;
        let mut combinations = 0;
        for (level, f) in factors.iter().enumerate() {
            combinations = graph.combinations(&factors[..=level]);
            contraction = contraction.saturating_add(combinations.saturating_mul(left));
            left /= layout.range(*f).len();
        }
        let product = combinations.saturating_mul(product.work());
        contraction.min(product) + combinations * (COMBINATION + LOGARITHM * outcomes)
    }

    fn product<R: Real>(&self, layout: &Layout, options: &Options) -> Product<R> {
        let set = JointSet::new(self.factors.clone(), layout);
        let utility = match options.use_utility {
            true => self.utility(options),
            false => Vec::new(),
        };
        Product::new(set, utility, self.likelihoods().filter(|_| informs(options)))
    }

    pub(super) fn likelihoods(&self) -> impl Iterator<Item = &Array> + Clone {
        self.modalities.iter().map(|(a, _)| a)
    }

    /// Per step, the expected utility of each joint state: `sum_m sum_o P(o|s) c_m(o)`.
    fn utility(&self, options: &Options) -> Vec<Vec<f64>> {
        let is_timed = self.modalities.iter().any(|(_, c)| c.shape.len() == 2);
        let steps = if is_timed { options.policy_len } else { 1 };
        let of_step = |step| {
            let mut utility = Vec::new();
            for (a, c) in &self.modalities {
                utility.resize(a.columns(), 0.0);
                for (outcome, preference) in
                    preferences(c, step, options.profile).iter().enumerate()
                {
                    for (sum, p) in utility.iter_mut().zip(a.row(outcome)) {
                        *sum += p * preference;
                    }
                }
            }
            utility
        };
        (0..steps).map(of_step).collect()
    }
}

/// A likelihood over those of its factors that it really depends on; one at least is left.
fn effective(a: &Array, mut factors: Vec<usize>) -> (Array, Vec<usize>) {
    let mut a = a.clone();
    let mut axis = a.shape.len() - 1;
    while axis > 0 && factors.len() > 1 {
        let length = a.shape[axis];
        let inner: usize = a.shape[axis + 1..].iter().product();
        let is_same =
            |block: &[f64]| block.chunks_exact(inner).all(|slice| *slice == block[..inner]);
        if a.data.chunks_exact(length * inner).all(is_same) {
            let blocks = a.data.chunks_exact(length * inner);
            a.data = blocks.flat_map(|block| block[..inner].iter().copied()).collect();
            a.shape.remove(axis);
            factors.remove(axis - 1);
        }
        axis -= 1;
    }
    (a, factors)
}

/// A likelihood over more factors, on which it does not depend.
fn spread(a: &Array, factors: &[usize], over: &[usize], layout: &Layout) -> Array {
    let over = JointSet::new(over.to_vec(), layout);
    let columns = JointSet::new(factors.to_vec(), layout).projection_of(&over, layout);
    let of_outcome = |o| columns.iter().map(move |column| a.row(o)[*column as usize]);
    let mut shape = vec![a.shape[0]];
    shape.extend(over.factors().iter().map(|f| layout.range(*f).len()));
    Array { shape, data: (0..a.shape[0]).flat_map(of_outcome).collect() }
}

/// Log preferences in one step: normalised in the legacy profile, as they are in the modern one.
fn preferences(c: &Array, step: usize, profile: Profile) -> Vec<f64> {
    let columns = c.columns();
    let raw = c.data.iter().skip(step.min(columns - 1)).step_by(columns);
    let mut preferences: Vec<f64> = raw.copied().collect();
    if profile == Profile::Legacy {
        softmax(&mut preferences);
        for preference in &mut preferences {
            *preference = ln_legacy(*preference);
        }
    }
    preferences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_likelihood_keeps_only_the_factors_it_depends_on() {
        let of_second = Array::from_fn(&[2, 3, 4, 2], |i| (i[0] + 10 * i[2]) as f64);
        let (a, factors) = effective(&of_second, vec![0, 3, 5]);
        assert_eq!(factors, [3]);
        assert_eq!(a, Array::from_fn(&[2, 4], |i| (i[0] + 10 * i[1]) as f64));
        let of_none = Array::from_fn(&[2, 3, 4], |i| i[0] as f64);
        assert_eq!(effective(&of_none, vec![1, 2]).1, [1]);
        let of_all = Array::from_fn(&[2, 3, 2], |i| (i[0] + 5 * i[1] + 7 * i[2]) as f64);
        assert_eq!(effective(&of_all, vec![1, 2]), (of_all.clone(), vec![1, 2]));
    }
}
