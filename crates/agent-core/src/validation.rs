//! Whether the arrays of a generative model fit together and are what they claim to be.

use crate::error::{ArrayName, ModelError};
use crate::{Array, GenerativeModel, Options};

/// How far from 1 a distribution may sum.
pub(crate) const SUM_TOLERANCE: f64 = 1e-6;

/// Checks everything but the number of policies, on which E's length depends.
pub(crate) fn check(model: &GenerativeModel, options: &Options) -> Result<(), ModelError> {
    check_counts(model)?;
    let num_states = model.num_states();
    for (f, d) in model.d.iter().enumerate() {
        let name = ArrayName::D(f);
        check_shape(d, name, &[d.data.len().max(1)], "D has one axis, of at least one state")?;
        check_distributions(d, name)?;
    }
    for (m, a) in model.a.iter().enumerate() {
        let name = ArrayName::A(m);
        let factors = model.factors_of_modality(m);
        check_dependencies(name, &factors, num_states.len())?;
        let mut shape = vec![a.shape.first().copied().unwrap_or(0).max(1)];
        shape.extend(factors.iter().map(|f| num_states[*f]));
        check_shape(a, name, &shape, "A's axes are outcomes, then the states it depends on")?;
        check_distributions(a, name)?;
    }
    for (f, b) in model.b.iter().enumerate() {
        let name = ArrayName::B(f);
        let factors = model.factors_of_transition(f);
        check_dependencies(name, &factors, num_states.len())?;
        let mut shape = vec![num_states[f]];
        shape.extend(factors.iter().map(|g| num_states[*g]));
        shape.push(b.shape.last().copied().unwrap_or(0).max(1));
        check_shape(
            b,
            name,
            &shape,
            "B's axes are next states, then the states it depends on, then actions",
        )?;
        check_distributions(b, name)?;
    }
    for (m, c) in model.c.iter().enumerate() {
        check_preferences(c, m, model.num_obs()[m], options.policy_len)?;
    }
    check_options(options)
}

/// Checks the habits against the number of policies.
pub(crate) fn check_habits(e: &Array, policies: usize) -> Result<(), ModelError> {
    check_shape(e, ArrayName::E, &[policies], "E has one element per policy")?;
    check_distributions(e, ArrayName::E)
}

fn check_counts(model: &GenerativeModel) -> Result<(), ModelError> {
    if model.d.is_empty() {
        return Err(ModelError::Empty { what: "factor (D is empty)" });
    }
    if model.a.is_empty() {
        return Err(ModelError::Empty { what: "modality (A is empty)" });
    }
    let (factors, modalities) = (model.d.len(), model.a.len());
    let lists = [
        ("B", Some(model.b.len()), factors, "factor"),
        ("C", Some(model.c.len()), modalities, "modality"),
        ("A_dependencies", model.a_dependencies.as_ref().map(Vec::len), modalities, "modality"),
        ("B_dependencies", model.b_dependencies.as_ref().map(Vec::len), factors, "factor"),
    ];
    for (name, found, expected, per) in lists {
        if let Some(found) = found.filter(|found| *found != expected) {
            return Err(ModelError::ArrayCount { name, found, expected, per });
        }
    }
    Ok(())
}

fn check_dependencies(array: ArrayName, found: &[usize], factors: usize) -> Result<(), ModelError> {
    let is_repeated = |i: usize| found[..i].contains(&found[i]);
    let fits = (0..found.len()).all(|i| found[i] < factors && !is_repeated(i));
    if fits && !found.is_empty() {
        return Ok(());
    }
    Err(ModelError::Dependencies { array, found: found.to_vec(), last: factors - 1 })
}

fn check_shape(
    array: &Array,
    name: ArrayName,
    expected: &[usize],
    rule: &str,
) -> Result<(), ModelError> {
    if array.shape != expected {
        return Err(ModelError::Shape {
            array: name,
            found: array.shape.clone(),
            expected: format!("{expected:?} would fit: {rule}"),
        });
    }
    // A product that overflows cannot be the length of anything.
    let size = expected.iter().try_fold(1_usize, |size, axis| size.checked_mul(*axis));
    match size {
        Some(size) if size == array.data.len() => Ok(()),
        _ => Err(ModelError::Length {
            array: name,
            shape: array.shape.clone(),
            expected: size.unwrap_or(usize::MAX),
            found: array.data.len(),
        }),
    }
}

/// Every column over the first axis is a probability distribution.
fn check_distributions(array: &Array, name: ArrayName) -> Result<(), ModelError> {
    for (place, value) in array.data.iter().enumerate() {
        if !(0.0..=1.0 + SUM_TOLERANCE).contains(value) {
            return Err(ModelError::Value {
                array: name,
                index: index_of(place, &array.shape),
                value: *value,
                expected: "a probability lies between 0 and 1",
            });
        }
    }
    let columns = array.columns();
    for column in 0..columns {
        let sum: f64 = array.data.iter().skip(column).step_by(columns).sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            return Err(ModelError::Sum {
                array: name,
                index: index_of(column, &array.shape[1..]),
                sum,
                tolerance: SUM_TOLERANCE,
            });
        }
    }
    Ok(())
}

fn check_preferences(
    c: &Array,
    m: usize,
    outcomes: usize,
    policy_len: usize,
) -> Result<(), ModelError> {
    let name = ArrayName::C(m);
    let rule = "C has one preference per outcome, or per outcome and step of a policy";
    let shape = if c.shape.len() == 2 { vec![outcomes, policy_len] } else { vec![outcomes] };
    check_shape(c, name, &shape, rule)?;
    match c.data.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(place) => Err(ModelError::Value {
            array: name,
            index: index_of(place, &c.shape),
            value: c.data[place],
            expected: "a preference is a finite log probability",
        }),
    }
}

fn check_options(options: &Options) -> Result<(), ModelError> {
    for (name, value) in [("gamma", options.gamma), ("alpha", options.alpha)] {
        if !(value.is_finite() && value >= 0.0) {
            return Err(ModelError::Option { name, value, expected: "a precision is 0 or more" });
        }
    }
    if options.num_iter == 0 {
        return Err(ModelError::Option {
            name: "num_iter",
            value: 0.0,
            expected: "inference needs at least one sweep",
        });
    }
    if options.df_tolerance.is_nan() {
        return Err(ModelError::Option {
            name: "df_tolerance",
            value: options.df_tolerance,
            expected: "a tolerance is a number",
        });
    }
    Ok(())
}

/// The index of the element at `place` of a row-major array.
fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (slot, length) in index.iter_mut().zip(shape).rev() {
        *slot = place % length;
        place /= length;
    }
    index
}
