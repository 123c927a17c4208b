//! From the posterior over policies to an action.

use crate::kernels::argmax;
use crate::options::{ActionSelection, Sampling};
use crate::probability::softmax;
use crate::random::RandomStream;
use crate::workspace::Selection;
use crate::{Model, Options};

/// Chooses an action into `selection.action`.
pub(crate) fn select(
    model: &Model,
    q_pi: &[f64],
    random: &mut RandomStream,
    selection: &mut Selection,
) {
    add_up_marginals(model, q_pi, &mut selection.marginals);
    let Selection { marginals, action, weights } = selection;
    match model.options.sampling {
        Sampling::Full => {
            let policy = choose(q_pi, &model.options, random, weights);
            action.copy_from_slice(model.policies.first_action(policy));
        }
        Sampling::Marginal => {
            let mut rest = &marginals[..];
            for (action, controls) in action.iter_mut().zip(&model.num_controls) {
                let (factor, others) = rest.split_at(*controls);
                *action = choose(factor, &model.options, random, weights);
                rest = others;
            }
        }
    }
}

/// For each factor the probability of each first action, over all policies.
fn add_up_marginals(model: &Model, q_pi: &[f64], marginals: &mut [f64]) {
    marginals.fill(0.0);
    for (policy, probability) in q_pi.iter().enumerate() {
        let mut start = 0;
        for (action, controls) in
            model.policies.first_action(policy).iter().zip(&model.num_controls)
        {
            marginals[start + action] += probability;
            start += controls;
        }
    }
}

/// The best of some options, or one drawn with `softmax(alpha ln p)`.
fn choose(
    probabilities: &[f64],
    options: &Options,
    random: &mut RandomStream,
    weights: &mut [f64],
) -> usize {
    match options.action_selection {
        ActionSelection::Deterministic => argmax(probabilities),
        ActionSelection::Stochastic => {
            let weights = &mut weights[..probabilities.len()];
            sharpen(probabilities, options.alpha, weights);
            random.categorical(weights)
        }
    }
}

/// `softmax(alpha ln p)`: what cannot happen stays so, and with `alpha` 0 all else is alike.
fn sharpen(probabilities: &[f64], alpha: f64, out: &mut [f64]) {
    for (out, p) in out.iter_mut().zip(probabilities) {
        *out = if *p > 0.0 { alpha * p.ln() } else { f64::NEG_INFINITY };
    }
    softmax(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Action probabilities that pymdp 1.0.4 gave for alpha 2.5.
    #[test]
    fn sharpening_agrees_with_pymdp() {
        let marginals = [0.394_444_374_228_325_07, 0.605_555_625_771_674_9];
        let mut out = [0.0; 2];
        sharpen(&marginals, 2.5, &mut out);
        let expected = [0.255_085_483_987_450_3, 0.744_914_516_012_549_7];
        for (got, expected) in out.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-9, "{out:?}");
        }
    }

    #[test]
    fn no_precision_means_chance_among_what_can_happen() {
        let mut out = [0.0; 3];
        sharpen(&[0.9, 0.1, 0.0], 0.0, &mut out);
        assert_eq!(out, [0.5, 0.5, 0.0]);
    }
}
