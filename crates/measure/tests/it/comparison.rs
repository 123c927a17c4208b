use measure::comparison::{Times, Verdict, obstacles_to_counts, obstacles_to_times};
use measure::{Comparison, Direction, Profile, Record, Run, SeriesId, Unit};
use proptest::prelude::*;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::runs;

fn run(records: Vec<Record>) -> Run {
    Run { records, ..runs::full() }
}

fn count(name: &str, instructions: f64) -> Record {
    Record::new("s", "g", name, "instructions", Unit::Instructions, instructions)
}

fn time(name: &str, estimate: f64, spread: f64) -> Record {
    let interval = Some([estimate * (1.0 - spread), estimate * (1.0 + spread)]);
    Record { interval, ..Record::new("s", "g", name, "time", Unit::Nanoseconds, estimate) }
}

fn compared(before: Vec<Record>, after: Vec<Record>, limit: f64) -> Comparison {
    Comparison::of(&run(before), &run(after), |_| limit, Times::Judged)
}

fn only_verdict(before: Record, after: Record, limit: f64) -> Verdict {
    let comparison = compared(vec![before], vec![after], limit);
    let [pair] = &comparison.pairs[..] else { panic!("{comparison:?}") };
    pair.verdict
}

proptest! {
    #[test]
    fn a_run_is_the_same_as_itself(run in runs::any_run()) {
        let comparison = Comparison::of(&run, &run, |_| 0.0, Times::Judged);
        prop_assert!(comparison.pairs.iter().all(|pair| pair.verdict == Verdict::Same));
        prop_assert_eq!((comparison.gone, comparison.new), (vec![], vec![]));
        prop_assert!(obstacles_to_counts(&run, &run).is_empty());
    }

    #[test]
    fn a_count_is_worse_exactly_beyond_its_limit(
        before in 1..1_000_000_u32,
        after in 1..1_000_000_u32,
        percent in 0..30_u32,
    ) {
        let (old, new, limit) = (f64::from(before), f64::from(after), f64::from(percent) / 100.0);
        // In whole numbers, so that nothing is rounded.
        let [old_100, new_100] = [before, after].map(|count| u64::from(count) * 100);
        let hundred = u64::from(100 + percent);
        let expected = if new_100 > u64::from(before) * hundred {
            Verdict::Worse
        } else if old_100 > u64::from(after) * hundred {
            Verdict::Better
        } else {
            Verdict::Same
        };
        let at_the_limit = new_100 == u64::from(before) * hundred
            || old_100 == u64::from(after) * hundred;
        prop_assume!(!at_the_limit || percent == 0);
        prop_assert_eq!(only_verdict(count("b", old), count("b", new), limit), expected);
    }

    #[test]
    fn there_and_back_is_worse_and_better(before in 1.0..1e9_f64, after in 1.0..1e9_f64) {
        let forth = only_verdict(time("b", before, 0.01), time("b", after, 0.01), 0.1);
        let back = only_verdict(time("b", after, 0.01), time("b", before, 0.01), 0.1);
        let turned = match forth {
            Verdict::Worse => Verdict::Better,
            Verdict::Better => Verdict::Worse,
            other => other,
        };
        prop_assert_eq!(back, turned);
    }
}

#[test]
fn something_from_nothing_is_beyond_every_limit() {
    assert_eq!(only_verdict(count("b", 0.0), count("b", 1.0), 9.0), Verdict::Worse);
    assert_eq!(only_verdict(count("b", 1.0), count("b", 0.0), 9.0), Verdict::Better);
    assert_eq!(only_verdict(count("b", 0.0), count("b", 0.0), 0.0), Verdict::Same);
}

#[test]
fn more_of_what_should_be_more_is_better() {
    let rate =
        |rate: f64| Record { direction: Direction::HigherIsBetter, ..time("b", rate, 0.001) };
    assert_eq!(only_verdict(rate(100.0), rate(200.0), 0.1), Verdict::Better);
    assert_eq!(only_verdict(rate(200.0), rate(100.0), 0.1), Verdict::Worse);
}

#[test]
fn what_one_run_lacks_is_gone_or_new_and_another_unit_is_another_figure() {
    let bytes = Record::new("s", "g", "unit", "instructions", Unit::Bytes, 1.0);
    let before = vec![count("kept", 1.0), count("old", 1.0), count("unit", 1.0)];
    let comparison = compared(before, vec![bytes, count("new", 1.0), count("kept", 1.0)], 0.0);
    let named = |name: &str| SeriesId(format!("s/g/{name}:instructions"));
    assert_eq!(comparison.pairs.len(), 1);
    assert_eq!(comparison.gone, [named("old"), named("unit")]);
    assert_eq!(comparison.new, [named("unit"), named("new")]);
}

/// Two runs of one binary: every time moves by itself, and all move together.
fn noisy(seed: u64, sigma: f64, together: f64) -> Vec<Record> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut normal = || {
        let sum: f64 = (0..12).map(|_| random.next_u64() as f64 / u64::MAX as f64).sum();
        sum - 6.0
    };
    let shift = together * normal();
    (0..200).map(|n| time(&n.to_string(), 100.0 * (sigma * normal() + shift).exp(), 0.01)).collect()
}

#[test]
fn runs_of_one_binary_differ_in_nothing() {
    let is_judged = |pair: &&measure::comparison::Pair| {
        matches!(pair.verdict, Verdict::Worse | Verdict::Better)
    };
    let mut alarms = 0;
    for seed in 0..30 {
        let comparison = compared(noisy(seed, 0.08, 0.1), noisy(seed + 100, 0.08, 0.1), 0.1);
        alarms += usize::from(comparison.pairs.iter().any(|pair| is_judged(&pair)));
    }
    assert!(alarms <= 1, "{alarms} of 30 comparisons found a change");
}

#[test]
fn one_time_that_doubles_among_noisy_ones_is_found() {
    for seed in 0..30 {
        let mut after = noisy(seed + 100, 0.03, 0.03);
        after[17].estimate *= 2.0;
        after[17].interval = after[17].interval.map(|interval| interval.map(|end| end * 2.0));
        let comparison = compared(noisy(seed, 0.03, 0.03), after, 0.1);
        let worse = comparison.with(Verdict::Worse);
        assert_eq!(worse.len(), 1, "seed {seed}: {worse:?}");
        assert_eq!(worse[0].series, SeriesId("s/g/17:time".into()));
    }
}

#[test]
fn times_that_are_not_judged_and_those_without_an_interval_are_inconclusive() {
    let (before, after) = (run(vec![time("b", 1.0, 0.01)]), run(vec![time("b", 9.0, 0.01)]));
    let listed = Comparison::of(&before, &after, |_| 0.1, Times::Listed);
    assert_eq!((listed.pairs[0].verdict, listed.floor), (Verdict::Inconclusive, None));
    let bare = |time| Record::new("s", "g", "b", "time", Unit::Nanoseconds, time);
    assert_eq!(only_verdict(bare(1.0), bare(9.0), 0.1), Verdict::Inconclusive);
}

#[test]
fn a_small_change_is_the_same_only_if_it_is_known_to_be_small() {
    assert_eq!(only_verdict(time("b", 1.0, 0.01), time("b", 1.02, 0.01), 0.1), Verdict::Same);
    let unsure = only_verdict(time("b", 1.0, 0.1), time("b", 1.02, 0.1), 0.1);
    assert_eq!(unsure, Verdict::Inconclusive);
}

#[test]
fn every_part_of_the_toolchain_is_an_obstacle_to_counts_and_machines_to_times() {
    let before = run(Vec::new());
    let mut others = vec![before.clone(); 6];
    others[0].toolchain.rustc = None;
    others[1].toolchain.libc = Some("glibc 2.41".into());
    others[2].toolchain.valgrind = Some("valgrind-3.26.0".into());
    others[3].toolchain.target_cpu = "native".into();
    others[4].machine.arch = "aarch64".into();
    others[5].machine.os = "macos".into();
    let words = ["rustc", "glibc 2.41", "valgrind-3.26.0", "native", "aarch64", "macos"];
    for (other, word) in others.iter().zip(words) {
        let [obstacle] = &obstacles_to_counts(&before, other)[..] else { panic!("{word}") };
        assert!(obstacle.contains(word), "{obstacle}");
    }
    assert_eq!(obstacles_to_times(&before, &before), [] as [String; 0]);
    let mut other = before.clone();
    other.machine.hash = "f".repeat(16);
    other.profile = Profile::Quick;
    assert_eq!(obstacles_to_times(&before, &other).len(), 2);
}
