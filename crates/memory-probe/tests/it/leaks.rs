//! Verdicts on series of which the truth is known.

use memory_probe::ProbeError;
use memory_probe::leaks::{Doubt, Series, Verdict};
use proptest::prelude::*;
use proptest::test_runner::TestRng;

/// Cycles of a series.
const CYCLES: usize = 2_000;

fn series(live: impl Fn(usize) -> i64) -> Series {
    Series { warm_up: 0, live_bytes: (0..=CYCLES).map(live).collect() }
}

/// Noise of so many bytes, as a neighbour makes it: above what must be there.
fn noise(bytes: u64, seed: u64) -> Vec<i64> {
    let mut rng = TestRng::from_seed(
        prop::test_runner::RngAlgorithm::XorShift,
        &[seed.to_le_bytes(), [7; 8]].concat(),
    );
    (0..=CYCLES).map(|_| (rng.next_u64() % (bytes + 1)) as i64).collect()
}

fn is_clean(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Returned | Verdict::Settled { .. })
}

fn grows(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Growing { .. })
}

#[test]
fn what_does_not_change_has_returned() {
    assert_eq!(series(|_| 4_711).verdict(), Verdict::Returned);
    // As in the warm-up's last cycle, but for the first of those that are watched.
    let late = series(|cycle| if (1..500).contains(&cycle) { 96 } else { 32 });
    assert_eq!(late.verdict(), Verdict::Returned);
    assert_eq!(late.growth(), 0);
}

#[test]
fn what_ends_higher_has_not_returned() {
    let step = series(|cycle| if cycle < 500 { 0 } else { 4_096 });
    assert!(matches!(step.verdict(), Verdict::Settled { bytes: 4_096, .. }), "{}", step.verdict());
}

#[test]
fn what_grows_until_the_end_is_told_from_what_rests() {
    let step = |at: usize| series(move |cycle| if cycle < at { 0 } else { 1 << 20 }).verdict();
    assert!(is_clean(step(CYCLES / 10)));
    for late in [CYCLES / 2, CYCLES * 3 / 4] {
        assert!(matches!(step(late), Verdict::Inconclusive(_)), "{}", step(late));
    }
}

/// The live bytes of a list that gets one entry a cycle.
fn doubling(warm_up: usize, watched: usize) -> Series {
    let live = |cycle: usize| 8 * (warm_up + cycle).next_power_of_two() as i64;
    Series { warm_up, live_bytes: (0..=watched).map(live).collect() }
}

#[test]
fn a_long_warm_up_may_hide_what_doubles() {
    let verdict = doubling(1_100, 900).verdict();
    assert_eq!(verdict, Verdict::Inconclusive(Doubt::LongWarmUp));
    let still = |warm_up: usize| Series { warm_up, live_bytes: vec![64; 1_001] }.verdict();
    assert_eq!(still(200), Verdict::Returned);
    assert_eq!(still(201), Verdict::Inconclusive(Doubt::LongWarmUp));
}

#[test]
fn what_fills_more_and_more_slowly_is_no_leak_yet() {
    let filling = |half_life: f64| {
        series(move |cycle| (1e6 * (1.0 - 0.5_f64.powf(cycle as f64 / half_life))) as i64).verdict()
    };
    assert!(is_clean(filling(50.0)), "{}", filling(50.0));
    for slow in [400.0, 800.0] {
        let verdict = filling(slow);
        assert_eq!(verdict, Verdict::Inconclusive(Doubt::Slackening), "{slow}: {verdict}");
    }
}

#[test]
fn few_cycles_show_nothing() {
    let few = Series { warm_up: 0, live_bytes: (0..50).map(|cycle| 64 * cycle).collect() };
    assert_eq!(few.verdict(), Verdict::Inconclusive(Doubt::TooFew));
    assert_eq!(few.growth(), 49 * 64);
    assert_eq!(Series { warm_up: 0, live_bytes: Vec::new() }.growth(), 0);
}

#[test]
fn without_the_counting_allocator_there_is_no_verdict() {
    let cycles = memory_probe::leaks::Cycles { warm_up: 1, watched: 100 };
    let watched = memory_probe::leaks::Watched::Process;
    let refused = memory_probe::leaks::watch(watched, cycles, |_| ()).unwrap_err();
    assert_eq!(refused, ProbeError::NotCounting);
}

/// Of a hundred noisy series that do not grow, none is called growing and at most five are doubted;
/// of a hundred with a leak no smaller than its noise in a hundred cycles, all are found, and the
/// interval holds the truth as often as it says.
#[test]
fn noise_is_no_leak_and_hides_none() {
    let (mut doubted, mut held) = (0, 0);
    for seed in 0..100 {
        let noise = noise(2_000, seed);
        let verdict = series(|cycle| noise[cycle]).verdict();
        assert!(!grows(verdict), "seed {seed}: {verdict}");
        doubted += usize::from(!is_clean(verdict));

        let verdict = series(|cycle| noise[cycle] + 20 * cycle as i64).verdict();
        let Verdict::Growing { bytes_per_cycle, interval: [low, high] } = verdict else {
            panic!("seed {seed}: {verdict}");
        };
        assert!((bytes_per_cycle - 20.0).abs() < 1.0, "seed {seed}: {verdict}");
        held += usize::from(low <= 20.0 && 20.0 <= high);
    }
    assert!(doubted <= 5, "{doubted} of 100 were doubted");
    assert!(held >= 90, "{held} of 100 intervals hold the truth");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_leak_is_found_however_seldom(bytes in 1_i64..100_000, every in 1_usize..100, start in any::<i32>()) {
        let leak = series(|cycle| i64::from(start) + bytes * (cycle / every) as i64);
        let verdict = leak.verdict();
        let Verdict::Growing { bytes_per_cycle, interval: [low, high] } = verdict else {
            return Err(TestCaseError::fail(format!("{verdict}")));
        };
        let truth = bytes as f64 / every as f64;
        prop_assert!((bytes_per_cycle / truth - 1.0).abs() < 0.1, "{verdict}, {truth}");
        prop_assert!(low <= bytes_per_cycle && bytes_per_cycle <= high, "{verdict}");
    }

    #[test]
    fn a_list_that_doubles_its_room_never_settles(warm_up in 1_usize..3_000, watched in 60_usize..3_000) {
        let verdict = doubling(warm_up, watched).verdict();
        prop_assert!(!is_clean(verdict), "{verdict}");
    }

    #[test]
    fn a_verdict_does_not_depend_on_where_it_starts(bytes in -50_i64..50, start in -1_000_000_i64..1_000_000) {
        let noise = noise(300, 9);
        let at = |start: i64| series(|cycle| start + noise[cycle] + bytes * cycle as i64).verdict();
        let same = match (at(0), at(start)) {
            (Verdict::Growing { bytes_per_cycle: a, .. }, Verdict::Growing { bytes_per_cycle: b, .. }) => {
                (a - b).abs() < 1e-6
            }
            (a, b) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
        };
        prop_assert!(same, "{} and {}", at(0), at(start));
    }
}
