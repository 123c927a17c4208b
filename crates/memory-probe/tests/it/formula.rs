use memory_probe::{FitError, Formula, Term};
use proptest::prelude::*;

fn term(name: &str, values: &[f64]) -> Term {
    Term { name: name.to_owned(), values: values.to_vec() }
}

/// Models over every combination of some states, observations and actions.
fn design(sizes: &[f64]) -> Vec<Term> {
    let mut rows = Vec::new();
    for &states in sizes {
        for &observations in sizes {
            for actions in [1.0, 2.0, 5.0] {
                rows.push([1.0, states, states * observations, actions * states * states]);
            }
        }
    }
    let names = ["1", "states", "states x observations", "actions x states^2"];
    let column = |place: usize| rows.iter().map(|row| row[place]).collect::<Vec<f64>>();
    names.iter().enumerate().map(|(place, name)| term(name, &column(place))).collect()
}

fn sum(terms: &[Term], coefficients: &[f64]) -> Vec<f64> {
    let of_row = |row: usize| terms.iter().zip(coefficients).map(|(t, c)| c * t.values[row]).sum();
    (0..terms[0].values.len()).map(of_row).collect()
}

proptest! {
    #[test]
    fn planted_coefficients_are_found(
        planted in proptest::collection::vec(0.5_f64..500.0, 4),
        first in 2.0_f64..9.0,
        growth in 1.5_f64..4.0,
    ) {
        let terms = design(&[first, first * growth, first * growth * growth]);
        let formula = Formula::fit("bytes", &terms, &sum(&terms, &planted)).unwrap();
        for (coefficient, planted) in formula.coefficients.iter().zip(&planted) {
            let error = (coefficient.value - planted).abs() / planted;
            prop_assert!(error < 1e-6, "{formula:?} {planted}");
            prop_assert_eq!(coefficient.interval, None);
        }
        prop_assert!(formula.largest_error < 1e-9);
        prop_assert!(formula.r_squared.unwrap() > 1.0 - 1e-9);
        prop_assert!(formula.to_string().ends_with("; exact"));
    }

    /// At the least sum of squares, no change of a coefficient makes it less.
    #[test]
    fn no_other_coefficients_have_a_smaller_sum_of_squares(
        observed in proptest::collection::vec(10.0_f64..1000.0, 27),
        place in 0_usize..4,
        change in prop_oneof![Just(-0.01), Just(0.01)],
    ) {
        let terms = design(&[2.0, 5.0, 11.0]);
        let formula = Formula::fit("bytes", &terms, &observed).unwrap();
        let squares = |coefficients: &[f64]| -> f64 {
            let found = sum(&terms, coefficients);
            found.iter().zip(&observed).map(|(f, y)| ((f - y) / y).powi(2)).sum()
        };
        let best: Vec<f64> = formula.coefficients.iter().map(|c| c.value).collect();
        let mut other = best.clone();
        other[place] += change;
        prop_assert!(squares(&best) < squares(&other));
    }

    /// The terms behind it are not to blame.
    #[test]
    fn a_term_that_depends_on_those_before_it_is_named(
        factors in proptest::collection::vec(-3.0_f64..3.0, 1..5),
    ) {
        let mut terms = design(&[2.0, 5.0, 11.0]);
        let observed = vec![1.0; terms[0].values.len()];
        let dependent = term("dependent", &sum(&terms, &factors));
        terms.insert(factors.len(), dependent);
        let refused = Formula::fit("bytes", &terms, &observed).unwrap_err();
        prop_assert_eq!(refused, FitError::Dependent { term: "dependent".to_owned() });
    }
}

/// Against the normal equations of these five rows, solved in exact fractions elsewhere.
#[test]
fn residuals_and_intervals_are_those_of_exact_arithmetic() {
    let terms = [term("1", &[1.0; 5]), term("steps", &[1.0, 2.0, 4.0, 8.0, 16.0])];
    let formula = Formula::fit("bytes", &terms, &[110.0, 118.0, 140.0, 185.0, 260.0]).unwrap();
    assert_eq!(formula.to_string(), "bytes = 99.1 + 10.2 steps; off by at most 2.12 %");
    let near = |found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < 1e-4, "{found} instead of {expected}");
    };
    let [constant, steps] = &formula.coefficients[..] else { panic!("two terms") };
    near(constant.value, 99.132_481_786);
    near(steps.value, 10.243_003_110);
    for (found, expected) in [
        (constant.interval, [94.574_467_386, 103.690_496_187]),
        (steps.interval, [9.372_687_753, 11.113_318_466]),
    ] {
        let [low, high] = found.unwrap();
        near(low, expected[0]);
        near(high, expected[1]);
    }
    near(formula.largest_error, 0.021_208_072);
    near(formula.largest_residual, 3.923_493_335);
    near(formula.rms_residual, 2.346_821_354);
    near(formula.r_squared.unwrap(), 0.998_194_855);
}

#[test]
fn what_cannot_be_fitted_is_refused_by_name() {
    let states = term("states", &[1.0, 2.0, 3.0]);
    let fit = |terms: &[Term], observed: &[f64]| {
        Formula::fit("bytes", terms, observed).unwrap_err().to_string()
    };
    let message = fit(&[term("1", &[1.0; 2]), term("states", &[1.0, 2.0])], &[8.0]);
    assert!(message.starts_with("1 observations cannot tell 2 coefficients"), "{message}");
    let message = fit(&[], &[8.0]);
    assert!(message.starts_with("1 observations cannot tell 0 coefficients"), "{message}");
    let message = fit(std::slice::from_ref(&states), &[8.0, 16.0]);
    assert_eq!(message, "the term 'states' has 3 values for 2 observations");
    let message = fit(&[term("states", &[1.0, f64::NAN])], &[8.0, 16.0]);
    assert!(message.starts_with("the term 'states' is NaN in observation 1"), "{message}");
    for wrong in [0.0, -8.0, f64::INFINITY] {
        let message = fit(std::slice::from_ref(&states), &[8.0, 16.0, wrong]);
        assert!(message.starts_with(&format!("observation 2 is {wrong}")), "{message}");
    }
    let message = fit(&[term("none", &[0.0; 3])], &[8.0, 16.0, 24.0]);
    assert!(message.starts_with("the term 'none' is always zero"), "{message}");
}

#[test]
fn a_formula_is_read_as_one() {
    let terms = [term("1", &[1.0; 4]), term("states", &[1.0, 2.0, 3.0, 4.0])];
    let formula = Formula::fit("bytes", &terms, &[92.0, 84.0, 76.0, 68.0]).unwrap();
    assert_eq!(formula.to_string(), "bytes = 100 - 8.00 states; exact");
    assert!((formula.predict(&[1.0, 10.0]) - 20.0).abs() < 1e-9);
}

/// Columns that need no mirror at all.
#[test]
fn terms_of_single_observations_are_those_observations() {
    let terms = [term("tmaze", &[1.0, 0.0]), term("grid10", &[0.0, 1.0])];
    let formula = Formula::fit("bytes", &terms, &[88.0, 840.0]).unwrap();
    assert_eq!(formula.to_string(), "bytes = 88.0 tmaze + 840 grid10; exact");
}

/// `c = sum(1/y) / sum(1/y^2)`, here 3330/343.
#[test]
fn a_constant_is_the_mean_by_relative_error() {
    let constant = [term("1", &[1.0; 4])];
    let formula = Formula::fit("bytes", &constant, &[10.0, 10.0, 10.0, 9.0]).unwrap();
    let value = 3330.0 / 343.0;
    assert!((formula.coefficients[0].value - value).abs() < 1e-9);
    assert!((formula.largest_residual - (value - 9.0)).abs() < 1e-9);
    assert!((formula.largest_error - (value - 9.0) / 9.0).abs() < 1e-9);
    assert_eq!(Formula::fit("bytes", &constant, &[50.0; 4]).unwrap().r_squared, None);
}
