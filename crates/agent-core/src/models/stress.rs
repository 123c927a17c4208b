//! A dense model that leaves nothing to skip: no zeros, no symmetry, no shared beliefs.

use crate::random::RandomStream;
use crate::{Array, GenerativeModel};

const STATES: [usize; 3] = [10, 8, 6];
const ACTIONS: [usize; 3] = [3, 2, 1];
const OUTCOMES: [usize; 3] = [40, 32, 24];

/// Three factors of 10, 8 and 6 states with 3, 2 and 1 actions, and three modalities of 40, 32 and
/// 24 outcomes that depend on all of them. Every distribution is drawn from a fixed seed and has
/// no zero, so that neither sparsity nor merging of equal beliefs can help: 216 policies of three
/// steps have 258 nodes, all different.
#[must_use]
pub fn stress() -> GenerativeModel {
    let mut random = RandomStream::new(2026);
    let mut drawn = |shape: &[usize]| distributions(shape, &mut random);
    GenerativeModel {
        a: OUTCOMES.iter().map(|outcomes| drawn(&[&[*outcomes], &STATES[..]].concat())).collect(),
        b: STATES.iter().zip(ACTIONS).map(|(states, u)| drawn(&[*states, *states, u])).collect(),
        d: STATES.iter().map(|states| drawn(&[*states])).collect(),
        c: OUTCOMES
            .iter()
            .map(|outcomes| Array::from_fn(&[*outcomes], |i| (i[0] % 4) as f64 - 1.5))
            .collect(),
        e: None,
        a_dependencies: None,
        b_dependencies: None,
    }
}

/// Distributions over the first axis, the cube of whose weights is uniform: some outcomes are
/// much likelier than others, as in models that people make.
fn distributions(shape: &[usize], random: &mut RandomStream) -> Array {
    let mut array = Array::from_fn(shape, |_| (0.05 + random.uniform()).powi(3));
    array.normalise();
    array
}
