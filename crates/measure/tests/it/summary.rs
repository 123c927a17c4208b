use measure::Summary;
use measure::summary::{
    BOOTSTRAP_SEED, LEVEL, Outliers, SummaryError, bootstrap_interval, quantile,
};
use proptest::prelude::*;

/// Times of a step with two interruptions.
const STEPS: [f64; 13] =
    [412.5, 398.0, 405.25, 431.0, 399.5, 402.75, 388.0, 620.0, 404.0, 410.0, 397.25, 1200.0, 403.5];

fn assert_close(found: f64, expected: f64) {
    let tolerance = 1e-12 * expected.abs().max(1.0);
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

fn of(sample: &[f64]) -> Summary {
    Summary::of(sample).unwrap()
}

/// Expected: numpy 2.4.6, `mean`, `std(ddof=1)`, `median`, `percentile` of 75 less 25, and
/// `median(abs(x - median(x)))`.
#[test]
fn moments_and_order_statistics_are_numpys() {
    let summary = of(&STEPS);
    assert_eq!((summary.count, summary.min, summary.max), (13, 388.0, 1200.0));
    assert_close(summary.mean, 482.442_307_692_307_7);
    assert_close(summary.stddev, 223.882_203_816_867_6);
    assert_close(summary.median, 404.0);
    assert_close(summary.iqr, 13.0);
    assert_close(summary.mad, 6.0);

    // An even count, of which the quartiles fall between observations.
    let summary = of(&[-50.0, 2.0, 8.0, 9.0, 10.0, 10.5, 11.0, 12.0, 18.5, -3.0]);
    assert_close(summary.mean, 2.8);
    assert_close(summary.stddev, 19.428_215_449_586_6);
    assert_close(summary.median, 9.5);
    assert_close(summary.iqr, 7.375);
    assert_close(summary.mad, 2.0);
}

/// Expected: numpy 2.4.6, `quantile`.
#[test]
fn quantiles_are_numpys() {
    let mut sorted = STEPS;
    sorted.sort_by(f64::total_cmp);
    for (q, expected) in [
        (0.0, 388.0),
        (0.01, 389.11),
        (0.1, 397.4),
        (0.25, 399.5),
        (1.0 / 3.0, 402.75),
        (0.5, 404.0),
        (0.9, 582.2),
        (0.95, 852.0),
        (0.975, 1026.0),
        (1.0, 1200.0),
    ] {
        assert_close(quantile(&sorted, q), expected);
    }
}

/// Quartiles 95 and 108: the fences are 56, 75.5, 127.5 and 147.
#[test]
fn each_fence_has_its_outlier() {
    let summary =
        of(&[0.0, 70.0, 90.0, 95.0, 98.0, 100.0, 101.0, 102.0, 104.0, 108.0, 112.0, 130.0, 300.0]);
    let one_each = Outliers { low_severe: 1, low_mild: 1, high_mild: 1, high_severe: 1 };
    assert_eq!(summary.outliers, one_each);
    assert_eq!(of(&STEPS).outliers, Outliers { high_severe: 2, ..Outliers::default() });
}

/// The median of 13 draws with replacement is at most the j-th observation with probability
/// `P(Binomial(13, j / 13) >= 7)`: 0.016 for 398, 0.071 for 399.5, 0.929 for 410 and 0.984 for
/// 412.5. So its 2.5 % and 97.5 % quantiles are 399.5 and 412.5.
#[test]
fn the_interval_is_that_of_the_exact_bootstrap() {
    assert_eq!(of(&STEPS).median_interval, [399.5, 412.5]);
}

/// The mean of n draws has the deviation `sigma / sqrt(n)`, here 0.2886 with the population's
/// sigma of 0, 1, ..., 99: the 95 % interval reaches 1.96 of these to either side of 49.5.
#[test]
fn any_statistic_can_be_bootstrapped() {
    let sample: Vec<f64> = (0..10_000).map(|i| f64::from(i % 100)).collect();
    let mean = |draw: &mut [f64]| draw.iter().sum::<f64>() / draw.len() as f64;
    let [low, high] = bootstrap_interval(&sample, LEVEL, BOOTSTRAP_SEED, mean);
    let reach = 1.96 * 28.866 / 100.0;
    assert!((low - (49.5 - reach)).abs() < 0.05, "low end {low}");
    assert!((high - (49.5 + reach)).abs() < 0.05, "high end {high}");
    assert_ne!(bootstrap_interval(&sample, LEVEL, 1, mean), [low, high]);
}

#[test]
fn one_observation_has_no_spread() {
    let summary = of(&[7.0]);
    assert_eq!((summary.stddev, summary.iqr, summary.mad), (0.0, 0.0, 0.0));
    assert_eq!((summary.mean, summary.median, summary.median_interval), (7.0, 7.0, [7.0, 7.0]));
}

#[test]
fn a_sample_without_a_distribution_is_refused() {
    assert_eq!(Summary::of(&[]), Err(SummaryError::Empty));
    let infinite = SummaryError::NotFinite { index: 2, value: f64::INFINITY };
    assert_eq!(Summary::of(&[1.0, 2.0, f64::INFINITY]), Err(infinite));
    let error = Summary::of(&[1.0, f64::NAN]).unwrap_err();
    assert_eq!(error.to_string(), "observation 1 is NaN; observations must be finite");
}

fn samples() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![9 => 90.0..110.0, 1 => -1e4..1e4_f64], 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_does_not_matter(
        (sample, shuffled) in samples().prop_flat_map(|s| (Just(s.clone()), Just(s).prop_shuffle()))
    ) {
        prop_assert_eq!(of(&sample), of(&shuffled));
    }

    /// By powers of two and whole numbers, so that only the definitions are tested, not rounding.
    #[test]
    fn location_shifts_and_spread_scales(
        sample in prop::collection::vec(-1000..1000_i32, 1..40),
        shift in -1000..1000_i32,
        power in -3..4_i32,
    ) {
        let scale = 2_f64.powi(power);
        let sample: Vec<f64> = sample.into_iter().map(f64::from).collect();
        let moved: Vec<f64> = sample.iter().map(|x| x * scale + f64::from(shift)).collect();
        let (before, after) = (of(&sample), of(&moved));
        let place = |x: f64| x * scale + f64::from(shift);
        for (before, after) in [
            (before.min, after.min),
            (before.max, after.max),
            (before.mean, after.mean),
            (before.median, after.median),
            (before.median_interval[0], after.median_interval[0]),
            (before.median_interval[1], after.median_interval[1]),
        ] {
            prop_assert!((place(before) - after).abs() < 1e-9, "{} {after}", place(before));
        }
        for (before, after) in
            [(before.stddev, after.stddev), (before.iqr, after.iqr), (before.mad, after.mad)]
        {
            prop_assert!((before * scale - after).abs() < 1e-9, "{} {after}", before * scale);
        }
        prop_assert_eq!(before.outliers, after.outliers);
    }

    #[test]
    fn the_figures_agree_with_each_other(sample in samples()) {
        let summary = of(&sample);
        let [low, high] = summary.median_interval;
        prop_assert!(low <= summary.median && summary.median <= high);
        prop_assert!(summary.min <= low && high <= summary.max);
        let rounding = 1e-9 * summary.max.abs().max(summary.min.abs());
        prop_assert!(summary.min - rounding <= summary.mean);
        prop_assert!(summary.mean <= summary.max + rounding);
        prop_assert!(summary.iqr <= summary.max - summary.min);
        let Outliers { low_severe, low_mild, high_mild, high_severe } = summary.outliers;
        // The middle half lies within the quartiles.
        prop_assert!(2 * (low_severe + low_mild + high_mild + high_severe) <= summary.count);
    }

    #[test]
    fn quantiles_grow_with_q(sample in samples(), a in 0.0..=1.0, b in 0.0..=1.0) {
        let mut sorted = sample;
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&sorted, f64::min(a, b)), quantile(&sorted, f64::max(a, b)));
        prop_assert!(low <= high);
        prop_assert!(sorted[0] <= low && high <= sorted[sorted.len() - 1]);
    }
}
