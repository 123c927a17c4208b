//! What rounds of before, after, after, before say.

use measure::Summary;
use measure::comparison::Verdict;
use measure::summary::SummaryError;
use serde::Serialize;

/// Two sides of one benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// Median nanoseconds.
    pub before: f64,
    pub after: f64,
    /// The median of the rounds' ratios, after by before.
    pub ratio: f64,
    /// 95 %, by bootstrap.
    pub interval: [f64; 2],
    /// How many times a side differs from itself within these rounds.
    pub floor: f64,
    pub verdict: Verdict,
}

impl Judged {
    pub fn of(rounds: &[[f64; 4]], limit: f64) -> Result<Self, SummaryError> {
        let summary = |of: &dyn Fn(&[f64; 4]) -> f64| {
            Summary::of(&rounds.iter().map(of).collect::<Vec<f64>>())
        };
        // Slow drift falls on both sides of a round alike.
        let ratio = summary(&|[a, b, c, d]| ((b * c) / (a * d)).sqrt())?;
        let itself = [summary(&|[a, _, _, d]| d / a)?, summary(&|[_, b, c, _]| c / b)?];
        let floor = itself
            .iter()
            .flat_map(|own| own.median_interval)
            .fold(1.0, |floor, end| f64::max(floor, end.max(1.0 / end)));
        let [low, high] = ratio.median_interval;
        let beyond = floor.max(1.0 + limit);
        let verdict = if low > beyond {
            Verdict::Worse
        } else if high < 1.0 / beyond {
            Verdict::Better
        } else if low > 1.0 / (1.0 + limit) && high < 1.0 + limit {
            Verdict::Same
        } else {
            Verdict::Inconclusive
        };
        Ok(Self {
            before: summary(&|[a, _, _, d]| f64::midpoint(*a, *d))?.median,
            after: summary(&|[_, b, c, _]| f64::midpoint(*b, *c))?.median,
            ratio: ratio.median,
            interval: ratio.median_interval,
            floor,
            verdict,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of times with noise of this part, spikes, and a machine that becomes slower meanwhile.
    fn rounds(seed: u64, slowdown: f64, noise: f64) -> Vec<[f64; 4]> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut time = |side: f64, drift: f64| {
            let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            let spike = if uniform() < 0.05 { 1.5 } else { 1.0 };
            100.0 * side * drift * (1.0 + noise * normal) * spike
        };
        (0..20)
            .map(|round| {
                let drift = 1.0 + f64::from(round) / 20.0;
                [time(1.0, drift), time(slowdown, drift), time(slowdown, drift), time(1.0, drift)]
            })
            .collect()
    }

    fn verdicts(slowdown: f64, noise: f64, limit: f64, tries: u64) -> Vec<Verdict> {
        (0..tries)
            .map(|seed| Judged::of(&rounds(seed, slowdown, noise), limit).unwrap().verdict)
            .collect()
    }

    #[test]
    fn one_binary_is_neither_faster_nor_slower_than_itself() {
        let found = verdicts(1.0, 0.05, 0.01, 100);
        let alarms = found.iter().filter(|v| matches!(v, Verdict::Worse | Verdict::Better)).count();
        assert!(alarms <= 1, "{alarms} of 100");
    }

    #[test]
    fn a_slowdown_of_a_twentieth_is_found() {
        let found = verdicts(1.05, 0.015, 0.02, 40);
        let slower = found.iter().filter(|v| **v == Verdict::Worse).count();
        assert!(slower >= 36, "{slower} of 40");
        let found = verdicts(1.0 / 1.05, 0.015, 0.02, 40);
        assert!(found.iter().filter(|v| **v == Verdict::Better).count() >= 36);
    }

    #[test]
    fn what_is_known_to_be_small_is_the_same_and_what_is_not_known_is_not() {
        assert_eq!(verdicts(1.01, 0.005, 0.1, 1), [Verdict::Same]);
        assert_eq!(verdicts(1.0, 0.4, 0.01, 1), [Verdict::Inconclusive]);
        assert!(Judged::of(&[], 0.1).is_err());
        assert!(Judged::of(&[[0.0, 1.0, 1.0, 1.0]], 0.1).is_err());
    }
}
