//! Dense models of any size that leave nothing to skip: no zeros, no symmetry, no shared beliefs.

use crate::random::RandomStream;
use crate::{Array, GenerativeModel};

/// A factor for each number in `states`, controlled by as many actions as stand beside it in
/// `actions`, and a modality for each number in `outcomes`, which depends on all factors. Every
/// distribution is drawn from the seed and has no zero; preferences go round -1.5, -0.5, 0.5, 1.5.
///
/// Time and memory grow with the product of all states, times outcomes. For measurements: what is
/// found with it is the worst that a model of this size can cost.
///
/// ```
/// use agent_core::{Model, Options, Profile, models};
///
/// let random = models::random(&[4, 3], &[5], &[2, 1], 7);
/// assert_eq!(random.a[0].shape, [5, 4, 3]);
/// assert_eq!(random, models::random(&[4, 3], &[5], &[2, 1], 7));
/// let model = Model::new(&random, Options::of(Profile::Modern))?;
/// assert_eq!(model.num_states(), 7);
/// # Ok::<(), agent_core::ModelError>(())
/// ```
#[must_use]
pub fn random(
    states: &[usize],
    outcomes: &[usize],
    actions: &[usize],
    seed: u64,
) -> GenerativeModel {
    let mut random = RandomStream::new(seed);
    let mut drawn = |shape: &[usize]| distributions(shape, &mut random);
    GenerativeModel {
        a: outcomes.iter().map(|outcomes| drawn(&[&[*outcomes], states].concat())).collect(),
        b: states.iter().zip(actions).map(|(states, u)| drawn(&[*states, *states, *u])).collect(),
        d: states.iter().map(|states| drawn(&[*states])).collect(),
        c: outcomes
            .iter()
            .map(|outcomes| Array::from_fn(&[*outcomes], |i| (i[0] % 4) as f64 - 1.5))
            .collect(),
        e: None,
        a_dependencies: None,
        b_dependencies: None,
    }
}

/// Distributions over the first axis, the cube root of whose weights is uniform: some outcomes
/// are much likelier than others, as in models that people make.
fn distributions(shape: &[usize], random: &mut RandomStream) -> Array {
    let mut array = Array::from_fn(shape, |_| (0.05 + random.uniform()).powi(3));
    array.normalise();
    array
}
