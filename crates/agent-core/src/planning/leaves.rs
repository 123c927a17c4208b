//! Beliefs from which nothing follows, valued by what led to them.
//!
//! Where one factor by itself decides what is seen, the predicted outcomes after an action are
//! `A B q`. With `A B` worked out per action when a model is compiled, the last beliefs of a plan,
//! `B q`, need not be computed.

use super::graph::{Graph, Questions};
use super::tuples::Prefix;
use crate::expected_free_energy::{Part, Valuation};
use crate::matrix::Wide;
use crate::model::Moves;
use crate::real::Real;

/// Most bytes of matrices for one factor: no more than stay in the nearest cache.
const MAX_BYTES: usize = 1 << 15;

/// What is valued without being computed.
#[derive(Debug)]
pub(crate) struct Leaves<R> {
    /// For each part.
    parts: Vec<OfPart<R>>,
    /// `[move]`: whether where it leads to is not computed.
    is_skipped: Vec<bool>,
}

/// The leaves among the combinations of beliefs that a part is asked about.
#[derive(Debug)]
pub(crate) struct OfPart<R> {
    /// What the part makes of a belief that an action is taken from, for each action.
    after: Vec<Wide<R>>,
    /// `[combination]`: the belief and the action that lead to it, where it is a leaf.
    origins: Vec<Option<(u32, u32)>>,
}

impl<R: Real> Leaves<R> {
    pub(crate) fn new(
        moves: &[Moves],
        graph: &Graph,
        valuation: &Valuation<R>,
        questions: &[Questions],
    ) -> Self {
        let mut is_skipped = vec![false; graph.moves().len()];
        let nothing = || OfPart { after: Vec::new(), origins: Vec::new() };
        let mut parts: Vec<OfPart<R>> = questions.iter().map(|_| nothing()).collect();
        // What moves teach, and inductive value, ask for every belief.
        if !graph.by(0).is_empty() || valuation.is_inductive() {
            return Self { parts, is_skipped };
        }
        for (f, own) in moves.iter().enumerate() {
            let depends = |moves: &&Moves| moves.from.factors().contains(&f);
            if own.from.factors() != [f] || moves.iter().filter(depends).count() != 1 {
                continue;
            }
            let asked = |part: &&(usize, &Part<R>)| part.1.factors().contains(&f);
            let asking: Vec<_> = valuation.parts.iter().enumerate().collect();
            let asking: Vec<_> = asking.iter().filter(asked).collect();
            let [(number, Part::Contraction(contraction))] = asking[..] else { continue };
            let Some(after) = contraction.after(own, MAX_BYTES) else { continue };
            let origins = leaves(graph, f);
            for (skipped, step) in is_skipped.iter_mut().zip(graph.moves()) {
                *skipped |= step.factor as usize == f && origins[step.to as usize].is_some();
            }
            let combinations = questions[*number].prefixes.first();
            let origin = |prefix: &Prefix| origins[prefix.last as usize];
            let origins = combinations.into_iter().flatten().map(origin).collect();
            parts[*number] = OfPart { after, origins };
        }
        Self { parts, is_skipped }
    }

    #[inline(always)]
    pub(crate) fn is_skipped(&self, number: usize) -> bool {
        self.is_skipped[number]
    }

    pub(crate) fn of_parts(&self) -> &[OfPart<R>] {
        &self.parts
    }
}

impl<R> OfPart<R> {
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Where a combination is a leaf, the belief that an action was taken from, and what the part
    /// makes of it.
    #[inline(always)]
    pub(crate) fn leaf(&self, combination: usize) -> Option<(u32, &Wide<R>)> {
        let (origin, action) = (*self.origins.get(combination)?)?;
        Some((origin, &self.after[action as usize]))
    }
}

/// Of each belief about a factor that moves by itself, if it is a leaf: where it comes from, by
/// which action.
fn leaves(graph: &Graph, f: usize) -> Vec<Option<(u32, u32)>> {
    let mut origins = vec![None; graph.beliefs()[f]];
    let own = graph.moves().iter().filter(|step| step.factor as usize == f);
    let own: Vec<_> = own.map(|step| (graph.origins(step, 1)[0], step)).collect();
    for (origin, step) in &own {
        origins[step.to as usize] = Some((*origin, step.action));
    }
    for (origin, _) in &own {
        origins[*origin as usize] = None;
    }
    origins
}

#[cfg(test)]
mod tests {
    use crate::{Array, GenerativeModel, Inductive, Model, Options, Profile, models};

    fn skipped(model: &GenerativeModel, options: Options) -> usize {
        let model = Model::new(model, options).unwrap();
        let moves = 0..model.graph.moves().len();
        moves.filter(|number| model.leaves.is_skipped(*number)).count()
    }

    #[test]
    fn the_last_beliefs_are_skipped_where_one_factor_decides_what_is_seen() {
        let one_step = Options { policy_len: 1, ..Options::of(Profile::Modern) };
        // Every action but to stay, which leads to no new belief.
        assert_eq!(skipped(&models::grid(), one_step.clone()), 4);
        assert_eq!(skipped(&models::tmaze(0.98), one_step.clone()), 0);
        let goals = vec![Array::from_fn(&[100], |i| f64::from(u8::from(i[0] == 37)))];
        let inductive = Some(Inductive { goals, depth: 3, threshold: 0.1, epsilon: 1e-3 });
        assert_eq!(skipped(&models::grid(), Options { inductive, ..one_step }), 0);
    }
}
