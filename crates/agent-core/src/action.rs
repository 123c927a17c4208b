//! From the posterior over policies to an action.

use crate::Model;
use crate::Options;
use crate::arithmetic::{Arithmetic, Same, argmax};
use crate::options::{ActionSelection, Sampling};
use crate::probability::softmax;
use crate::random::RandomStream;
use crate::workspace::Selection;

/// For each factor the probability of each first action, over all policies.
#[inline(always)]
pub(crate) fn add_up_marginals<A: Arithmetic>(
    arithmetic: A,
    model: &Model<A::Real>,
    q_pi: &[A::Number],
    marginals: &mut [A::Number],
) {
    marginals.fill(A::Number::default());
    let mut rest = q_pi;
    for run in model.policies.runs() {
        let (alike, others) = rest.split_at(run.policies as usize);
        rest = others;
        let probability = arithmetic.sum_of(alike, Same);
        let mut start = 0;
        for (action, controls) in model.policies.action(run.action).iter().zip(&model.num_controls)
        {
            let marginal = &mut marginals[start + action];
            *marginal = arithmetic.add(*marginal, probability);
            start += controls;
        }
    }
}

/// Chooses an action of one agent into `selection.action`, once the marginals are there.
pub(crate) fn select<A: Arithmetic>(
    model: &Model<A::Real>,
    agent: usize,
    q_pi: &[A::Number],
    random: &mut RandomStream,
    selection: &mut Selection<A::Number>,
) {
    let Selection { marginals, action, weights } = selection;
    let of_agent = |number: &A::Number| A::of(number, agent);
    match model.options.sampling {
        Sampling::Full => {
            let policy = choose(q_pi.iter().map(of_agent), &model.options, random, weights);
            action.copy_from_slice(model.policies.first_action(policy));
        }
        Sampling::Marginal => {
            let mut rest = &marginals[..];
            for (action, controls) in action.iter_mut().zip(&model.num_controls) {
                let (factor, others) = rest.split_at(*controls);
                *action = choose(factor.iter().map(of_agent), &model.options, random, weights);
                rest = others;
            }
        }
    }
}

/// The best of some options, or one drawn with `softmax(alpha ln p)`.
fn choose<R: crate::Real>(
    probabilities: impl Iterator<Item = R>,
    options: &Options,
    random: &mut RandomStream,
    weights: &mut [f64],
) -> usize {
    match options.action_selection {
        ActionSelection::Deterministic => argmax(probabilities),
        ActionSelection::Stochastic => {
            let mut count = 0;
            for (weight, probability) in weights.iter_mut().zip(probabilities) {
                *weight = probability.into();
                count += 1;
            }
            let weights = &mut weights[..count];
            sharpen(options.alpha, weights);
            random.categorical(weights.iter().copied())
        }
    }
}

/// `softmax(alpha ln p)`: what cannot happen stays so, and with `alpha` 0 all else is alike.
fn sharpen(alpha: f64, probabilities: &mut [f64]) {
    for p in &mut *probabilities {
        *p = if *p > 0.0 { alpha * p.ln() } else { f64::NEG_INFINITY };
    }
    softmax(probabilities);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Action probabilities that pymdp 1.0.4 gave for alpha 2.5.
    #[test]
    fn sharpening_agrees_with_pymdp() {
        let mut out = [0.394_444_374_228_325_07, 0.605_555_625_771_674_9];
        sharpen(2.5, &mut out);
        let expected = [0.255_085_483_987_450_3, 0.744_914_516_012_549_7];
        for (got, expected) in out.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-9, "{out:?}");
        }
    }

    #[test]
    fn no_precision_means_chance_among_what_can_happen() {
        let mut out = [0.9, 0.1, 0.0];
        sharpen(0.0, &mut out);
        assert_eq!(out, [0.5, 0.5, 0.0]);
    }
}
