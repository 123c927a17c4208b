//! The growth that `report_scaling` states.

#[path = "../../benches/growth/mod.rs"]
mod growth_of_times;

use growth_of_times::Growth;

#[test]
fn a_power_is_found_to_the_digit() {
    let points = [1.0, 10.0, 100.0, 1_000.0].map(|size: f64| (size, 3.0 * size.powf(1.5)));
    let Growth { exponent, interval } = Growth::of(&points).unwrap();
    for found in [exponent, interval[0], interval[1]] {
        assert!((found - 1.5).abs() < 1e-12, "{found}");
    }
}

#[test]
fn growth_that_bends_has_a_wide_interval_around_its_exponent() {
    let points = [1.0, 10.0, 100.0, 1_000.0].map(|size: f64| (size, 500.0 + size * size));
    let Growth { exponent, interval: [low, high] } = Growth::of(&points).unwrap();
    assert!(low < exponent && exponent < high && high - low > 0.5, "{low} {exponent} {high}");
}

#[test]
fn one_size_has_no_growth() {
    assert_eq!(Growth::of(&[(8.0, 1.0), (8.0, 2.0)]), None);
}
