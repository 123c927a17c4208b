//! Whether the arrays of a generative model fit together and are what they claim to be.

use crate::error::{ArrayName, ModelError, StepError};
use crate::{Array, Counts, GenerativeModel, Inductive, Options};

/// How far from 1 a distribution may sum.
pub(crate) const SUM_TOLERANCE: f64 = 1e-6;

/// The deepest reach of inductive inference.
const MAX_INDUCTIVE_DEPTH: usize = 1 << 16;

/// The most sweeps of an inference: one that has not settled by then never will.
const MAX_ITERATIONS: usize = 1 << 16;

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
    if let Some(inductive) = &options.inductive {
        check_inductive(inductive, model)?;
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
    if !(1..=MAX_ITERATIONS).contains(&options.num_iter) {
        return Err(ModelError::Option {
            name: "num_iter",
            value: options.num_iter as f64,
            expected: "inference needs at least one sweep, and at most 65536",
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

/// Checks Dirichlet counts against the arrays that they are of.
pub(crate) fn check_counts_of(
    counts: &Counts,
    model: &GenerativeModel,
    policies: usize,
) -> Result<(), ModelError> {
    let outcomes: Vec<Vec<usize>> = model.num_obs().iter().map(|o| vec![*o]).collect();
    let shapes = |arrays: &[Array]| -> Vec<Vec<usize>> {
        arrays.iter().map(|array| array.shape.clone()).collect()
    };
    check_each(&counts.a, &shapes(&model.a), "pA", ArrayName::PA)?;
    check_each(&counts.b, &shapes(&model.b), "pB", ArrayName::PB)?;
    check_each(&counts.c, &outcomes, "pC", ArrayName::PC)?;
    check_each(&counts.d, &shapes(&model.d), "pD", ArrayName::PD)?;
    match &counts.e {
        Some(e) => check_count(e, ArrayName::PE, &[policies]),
        None => Ok(()),
    }
}

/// Checks the counts of one kind, if there are any, against the shapes they should have.
fn check_each(
    counts: &Option<Vec<Array>>,
    shapes: &[Vec<usize>],
    name: &'static str,
    named: fn(usize) -> ArrayName,
) -> Result<(), ModelError> {
    let Some(counts) = counts else { return Ok(()) };
    if counts.len() != shapes.len() {
        let (found, expected) = (counts.len(), shapes.len());
        return Err(ModelError::ArrayCount { name, found, expected, per: "array counted" });
    }
    let mut arrays = counts.iter().zip(shapes).enumerate();
    arrays.try_for_each(|(index, (array, shape))| check_count(array, named(index), shape))
}

fn check_count(array: &Array, name: ArrayName, shape: &[usize]) -> Result<(), ModelError> {
    check_shape(array, name, shape, "counts have the shape of what they count")?;
    match array.data.iter().position(|count| !(count.is_finite() && *count >= 0.0)) {
        None => Ok(()),
        Some(place) => Err(ModelError::Value {
            array: name,
            index: index_of(place, &array.shape),
            value: array.data[place],
            expected: "a count is finite and not negative",
        }),
    }
}

/// Checks soft evidence of one modality.
pub(crate) fn check_evidence(
    distribution: &[f64],
    modality: usize,
    outcomes: usize,
) -> Result<(), StepError> {
    let refused = |problem| Err(StepError::Evidence { modality, problem });
    if distribution.len() != outcomes {
        let found = distribution.len();
        return refused(format!("has {found} elements, but there are {outcomes} outcomes"));
    }
    let is_probability = |p: &f64| (0.0..=1.0 + SUM_TOLERANCE).contains(p);
    if let Some(place) = distribution.iter().position(|p| !is_probability(p)) {
        let value = distribution[place];
        return refused(format!("gives outcome {place} the probability {value}, not in 0 to 1"));
    }
    let sum: f64 = distribution.iter().sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return refused(format!("sums to {sum}; it must sum to 1 within {SUM_TOLERANCE}"));
    }
    Ok(())
}

fn check_inductive(inductive: &Inductive, model: &GenerativeModel) -> Result<(), ModelError> {
    let (found, expected) = (inductive.goals.len(), model.d.len());
    if found != expected {
        return Err(ModelError::ArrayCount { name: "H", found, expected, per: "factor" });
    }
    for (f, goal) in inductive.goals.iter().enumerate() {
        check_shape(goal, ArrayName::H(f), &model.d[f].shape, "a goal marks states of its factor")?;
        if let Some(place) = goal.data.iter().position(|mark| *mark != 0.0 && *mark != 1.0) {
            return Err(ModelError::Value {
                array: ArrayName::H(f),
                index: vec![place],
                value: goal.data[place],
                expected: "a goal is 1 for the states that are one and 0 for the others",
            });
        }
    }
    let probability = "a probability lies between 0 and 1";
    for (name, value) in
        [("inductive.threshold", inductive.threshold), ("inductive.epsilon", inductive.epsilon)]
    {
        if !(0.0..=1.0).contains(&value) {
            return Err(ModelError::Option { name, value, expected: probability });
        }
    }
    if !(1..=MAX_INDUCTIVE_DEPTH).contains(&inductive.depth) {
        return Err(ModelError::Option {
            name: "inductive.depth",
            value: inductive.depth as f64,
            expected: "it is at least 1 and at most 65536",
        });
    }
    Ok(())
}

/// The index of the element at `place` of a row-major array.
pub(crate) fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (slot, length) in index.iter_mut().zip(shape).rev() {
        *slot = place % length;
        place /= length;
    }
    index
}
