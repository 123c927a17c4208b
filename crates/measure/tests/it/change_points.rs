use measure::change_points::{LEAST_SEGMENT, drift, of_exact, of_noisy};
use proptest::prelude::*;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

const LEVEL: f64 = 0.001;

/// Days of one benchmark: a time with noise of 2 %, this part of them spikes, and a step after so many.
fn history(seed: u64, days: usize, step_at: Option<usize>, step: f64, spikes: f64) -> Vec<f64> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut uniform = || random.next_u64() as f64 / u64::MAX as f64;
    (0..days)
        .map(|day| {
            let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            let spike = if uniform() < spikes { 1.3 } else { 1.0 };
            let level = if step_at.is_some_and(|at| day >= at) { step } else { 1.0 };
            100.0 * level * (1.0 + 0.02 * normal) * spike
        })
        .collect()
}

/// Of forty histories that step by a tenth, five figures before their end: how many have one change,
/// upwards, at most so far from where it is.
fn found(spikes: f64, away: usize) -> usize {
    let is_found = |seed: &u64| {
        let changes = of_noisy(&history(*seed, 35, Some(30), 1.1, spikes), LEVEL);
        let [change] = changes[..] else { return false };
        change.at.abs_diff(30) <= away && change.after > change.before
    };
    (0..40).filter(is_found).count()
}

#[test]
fn a_step_of_a_tenth_is_found_at_its_place_with_five_figures_after_it() {
    let right = found(0.0, 0);
    assert!(right >= 38, "{right} of 40");
}

#[test]
fn among_spikes_it_is_found_near_its_place() {
    // Who stands beside a spike cannot say on which side of it the step was.
    let right = found(0.05, 3);
    assert!(right >= 38, "{right} of 40");
}

#[test]
fn a_flat_history_has_no_changes() {
    let changed = |seed: &u64| !of_noisy(&history(*seed, 35, None, 1.0, 0.05), LEVEL).is_empty();
    let alarms = (0..100).filter(changed).count();
    assert!(alarms <= 1, "{alarms} of 100");
}

#[test]
fn two_steps_are_two_changes() {
    let mut series = history(1, 20, None, 1.0, 0.05);
    series.extend(history(2, 20, Some(0), 1.5, 0.05));
    series.extend(history(3, 20, Some(0), 0.8, 0.05));
    let places: Vec<usize> = of_noisy(&series, LEVEL).iter().map(|change| change.at).collect();
    assert_eq!(places, [20, 40]);
}

#[test]
fn exact_figures_step_wherever_they_differ_by_more_than_a_thousandth() {
    let changes = of_exact(&[1000.0, 1000.0, 1000.5, 1002.0, 1002.0, 0.0, 0.0, 5.0]);
    let seen: Vec<_> =
        changes.iter().map(|change| (change.at, change.before, change.after)).collect();
    assert_eq!(seen, [(3, 1000.0, 1002.0), (5, 1002.0, 0.0), (7, 0.0, 5.0)]);
}

#[test]
fn a_drift_is_by_part_of_the_median_and_has_its_interval() {
    let times: Vec<f64> = (0..60).map(f64::from).collect();
    let figures: Vec<f64> = history(4, 60, None, 1.0, 0.05)
        .iter()
        .zip(&times)
        .map(|(x, t)| x * (1.0 + 0.01 * t))
        .collect();
    let found = drift(&times, &figures).unwrap();
    // A hundredth of the first day's a day is less of the median day's.
    assert!((0.006..0.009).contains(&found.rate), "{found:?}");
    assert!(found.interval[0] > 0.0 && found.interval[0] < found.rate, "{found:?}");
    assert!(found.interval[1] > found.rate, "{found:?}");
    let flat = drift(&times, &history(5, 60, None, 1.0, 0.05)).unwrap();
    assert!(flat.interval[0] < 0.0 && flat.interval[1] > 0.0, "{flat:?}");
    assert_eq!(drift(&times[..4], &figures[..4]), None);
    assert_eq!(drift(&[1.0; 9], &figures[..9]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stretches_are_never_too_short_and_scale_does_not_matter(
        series in prop::collection::vec(1.0..2.0_f64, 0..40),
        doublings in 0..20_i32,
    ) {
        let changes = of_noisy(&series, 0.05);
        let mut begin = 0;
        for change in &changes {
            prop_assert!(change.at >= begin + LEAST_SEGMENT);
            begin = change.at;
        }
        prop_assert!(changes.is_empty() || series.len() >= begin + LEAST_SEGMENT);
        // By a power of two nothing is rounded.
        let scaled: Vec<f64> = series.iter().map(|x| x * 2_f64.powi(doublings)).collect();
        let places = |changes: &[measure::change_points::ChangePoint]| {
            changes.iter().map(|change| change.at).collect::<Vec<_>>()
        };
        prop_assert_eq!(places(&of_noisy(&scaled, 0.05)), places(&changes));
    }
}

/// Fifty series with no step, one or two, and where apache-otava 0.8.0 sees changes
/// (`compute_change_points_orig`, permutations, p below 0.001). It sees one more where none was planted.
#[test]
fn changes_are_where_apache_otava_sees_them() {
    #[derive(serde::Deserialize)]
    struct Series {
        figures: Vec<f64>,
        changes: Vec<usize>,
    }
    let all: Vec<Series> = serde_json::from_str(include_str!("otava.json")).unwrap();
    let mut other = 0;
    for Series { figures, changes } in &all {
        let found: Vec<usize> = of_noisy(figures, 0.001).iter().map(|change| change.at).collect();
        assert!(found.iter().all(|at| changes.contains(at)), "{found:?} instead of {changes:?}");
        other += changes.len() - found.len();
    }
    assert_eq!((all.len(), other), (50, 1));
}
