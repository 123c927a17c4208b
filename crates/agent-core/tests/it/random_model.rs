//! Random small generative models for properties.

use agent_core::{Array, GenerativeModel};
use proptest::prelude::*;

/// Distributions over the first axis, one per column, from arbitrary weights.
fn distributions(shape: Vec<usize>, weights: Vec<f64>) -> Array {
    let columns: usize = shape[1..].iter().product();
    let mut data = weights;
    for column in 0..columns {
        let total: f64 = data.iter().skip(column).step_by(columns).sum();
        for value in data.iter_mut().skip(column).step_by(columns) {
            *value /= total;
        }
    }
    Array { shape, data }
}

fn array(shape: Vec<usize>) -> impl Strategy<Value = Array> {
    let size: usize = shape.iter().product();
    proptest::collection::vec(0.05_f64..1.0, size)
        .prop_map(move |weights| distributions(shape.clone(), weights))
}

/// Factors with 2 to 4 states and 1 to 3 actions, modalities over all of them with 2 to 3
/// outcomes, preferences that differ by the step of a policy.
pub fn models(
    factors: std::ops::Range<usize>,
    policy_len: usize,
) -> impl Strategy<Value = GenerativeModel> {
    let sizes = proptest::collection::vec((2_usize..5, 1_usize..4), factors);
    let outcomes = proptest::collection::vec(2_usize..4, 1..3);
    (sizes, outcomes).prop_flat_map(move |(sizes, outcomes)| {
        let states: Vec<usize> = sizes.iter().map(|(states, _)| *states).collect();
        let a: Vec<_> =
            outcomes.iter().map(|o| array([&[*o], &states[..]].concat()).boxed()).collect();
        let b: Vec<_> = sizes.iter().map(|(s, u)| array(vec![*s, *s, *u]).boxed()).collect();
        let c: Vec<_> = outcomes
            .iter()
            .map(|o| {
                let shape = vec![*o, policy_len];
                proptest::collection::vec(-3.0_f64..3.0, o * policy_len)
                    .prop_map(move |data| Array { shape: shape.clone(), data })
                    .boxed()
            })
            .collect();
        let d: Vec<_> = states.iter().map(|s| array(vec![*s]).boxed()).collect();
        (a, b, c, d).prop_map(|(a, b, c, d)| GenerativeModel {
            a,
            b,
            c,
            d,
            e: None,
            a_dependencies: None,
            b_dependencies: None,
        })
    })
}

/// Every combination of indices below these lengths, last fastest.
pub fn indices(lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for length in lengths {
        all = all
            .into_iter()
            .flat_map(|prefix: Vec<usize>| (0..*length).map(move |i| [&prefix[..], &[i]].concat()))
            .collect();
    }
    all
}

/// The element of an array at an index.
pub fn at(array: &Array, index: &[usize]) -> f64 {
    assert_eq!(index.len(), array.shape.len());
    array.data[index.iter().zip(&array.shape).fold(0, |place, (i, n)| place * n + i)]
}
