//! Where a series of figures changes, and how it drifts in between.
//!
//! Times: E-divisive (Matteson and James, *A nonparametric approach for multiple change point analysis of
//! multivariate data*, 2014), as for performance histories by Daly et al. (2020): the split that divides
//! a stretch best by energy distance, kept if random orders of the same figures seldom divide as well.
//! Exact figures: every step.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::summary::{BOOTSTRAP_SEED, quantile};

/// Figures on either side of a change, at least: fewer are a spike.
pub const LEAST_SEGMENT: usize = 3;

/// Figures that are looked at, the last ones: the work grows with their square.
pub const MOST_FIGURES: usize = 300;

/// Random orders that are tried of every stretch, and of one that may be divided.
const ORDERS: [u32; 2] = [199, 9_999];

/// Median absolute deviations from the median beyond which a figure is a spike, or a level of its own.
const USUAL: f64 = 4.0;

/// Beyond it no more orders are tried.
const PLAINLY_CHANCE: f64 = 0.05;

/// The least step of an exact figure, by part.
const EXACT_STEP: f64 = 0.001;

/// Where a series changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first figure after the change.
    pub at: usize,
    /// The median of the stretch before.
    pub before: f64,
    /// The median of the stretch after.
    pub after: f64,
    /// How often chance alone divides as well; 0 for exact figures.
    pub p: f64,
}

/// How a stretch drifts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// By what part of its median in one unit of time (Theil-Sen: the median of all slopes).
    pub rate: f64,
    /// Where that lies: 95 %, by Sen's method for slopes.
    pub interval: [f64; 2],
}

/// The changes of a noisy series, in order; each as sure as `p` says or more. `level` is how small
/// that must be. O(n^2) for each stretch and random order, of the last [`MOST_FIGURES`]. The same series
/// gives the same changes.
#[must_use]
pub fn of_noisy(series: &[f64], level: f64) -> Vec<ChangePoint> {
    let skipped = series.len().saturating_sub(MOST_FIGURES);
    let mut random = Pcg64Mcg::seed_from_u64(BOOTSTRAP_SEED);
    let mut splits = Vec::new();
    divide(&series[skipped..], skipped, level, &mut random, &mut splits);
    splits.sort_by_key(|(at, _)| *at);
    described(series, skipped, &splits)
}

/// The steps of an exact series, in order: every change by more than a thousandth.
#[must_use]
pub fn of_exact(series: &[f64]) -> Vec<ChangePoint> {
    let is_step =
        |&at: &usize| (series[at] - series[at - 1]).abs() > EXACT_STEP * series[at - 1].abs();
    let splits: Vec<(usize, f64)> = (1..series.len()).filter(is_step).map(|at| (at, 0.0)).collect();
    described(series, 0, &splits)
}

/// How a stretch of figures drifts over their times; none for fewer than five or where no time passes.
/// O(n^2 log n).
#[must_use]
pub fn drift(times: &[f64], figures: &[f64]) -> Option<Drift> {
    let n = times.len().min(figures.len());
    let middle = median(&figures[..n])?;
    let mut slopes: Vec<f64> = (0..n)
        .flat_map(|j| (0..j).map(move |i| (i, j)))
        .filter(|(i, j)| times[*j] > times[*i])
        .map(|(i, j)| (figures[j] - figures[i]) / (times[j] - times[i]))
        .collect();
    if n < 5 || slopes.is_empty() || middle == 0.0 {
        return None;
    }
    slopes.sort_by(f64::total_cmp);
    // Sen, 1968: the variance of Kendall's statistic says how many slopes away the ends are.
    let size = n as f64;
    let deviation = (size * (size - 1.0) * (2.0 * size + 5.0) / 18.0).sqrt();
    let away = 1.96 * deviation / slopes.len() as f64 / 2.0;
    let part = |q: f64| quantile(&slopes, q.clamp(0.0, 1.0)) / middle.abs();
    Some(Drift { rate: part(0.5), interval: [part(0.5 - away), part(0.5 + away)] })
}

/// Divides a stretch, and then its parts.
fn divide(
    stretch: &[f64],
    offset: usize,
    level: f64,
    random: &mut Pcg64Mcg,
    splits: &mut Vec<(usize, f64)>,
) {
    let clipped = clipped(stretch);
    let Some((at, energy)) = best_split(&clipped) else { return };
    if energy <= 0.0 {
        return;
    }
    let p = chance(&clipped, energy, random);
    if p > level {
        return;
    }
    splits.push((offset + at, p));
    let (before, after) = stretch.split_at(at);
    divide(before, offset, level, random, splits);
    divide(after, offset + at, level, random, splits);
}

/// Spikes, cut to what is still usual: a step is one wherever it stands, a spike must not outweigh it.
fn clipped(stretch: &[f64]) -> Vec<f64> {
    let Some(middle) = median(stretch) else { return Vec::new() };
    let deviations: Vec<f64> = stretch.iter().map(|x| (x - middle).abs()).collect();
    let usual = USUAL * median(&deviations).unwrap_or(0.0);
    if usual == 0.0 {
        return stretch.to_vec();
    }
    stretch.iter().map(|x| x.clamp(middle - usual, middle + usual)).collect()
}

/// How often a random order of the same figures divides as well.
fn chance(stretch: &[f64], energy: f64, random: &mut Pcg64Mcg) -> f64 {
    let mut order = stretch.to_vec();
    let (mut as_good, mut tried) = (0_u32, 0_u32);
    for orders in ORDERS {
        while tried < orders {
            for last in (1..order.len()).rev() {
                order.swap(last, below(random, last + 1));
            }
            tried += 1;
            as_good += u32::from(best_split(&order).is_some_and(|(_, found)| found >= energy));
        }
        if f64::from(1 + as_good) / f64::from(1 + tried) > PLAINLY_CHANCE {
            break;
        }
    }
    f64::from(1 + as_good) / f64::from(1 + tried)
}

fn below(random: &mut Pcg64Mcg, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// Where a stretch is divided best, and how well: the energy statistic of Matteson and James with
/// exponent 1.
fn best_split(stretch: &[f64]) -> Option<(usize, f64)> {
    let n = stretch.len();
    if n < 2 * LEAST_SEGMENT {
        return None;
    }
    let to_all = |x: f64, others: &[f64]| others.iter().map(|y| (x - y).abs()).sum::<f64>();
    // Sums of distances within the first part, within the second, and between them.
    let mut within_first = 0.0;
    let mut within_second: f64 = (0..n).map(|i| to_all(stretch[i], &stretch[i + 1..])).sum();
    let mut between = 0.0;
    let mut best: Option<(usize, f64)> = None;
    for at in 1..=n - LEAST_SEGMENT {
        let moved = stretch[at - 1];
        let (to_first, to_second) =
            (to_all(moved, &stretch[..at - 1]), to_all(moved, &stretch[at..]));
        within_first += to_first;
        within_second -= to_second;
        between += to_second - to_first;
        if at < LEAST_SEGMENT {
            continue;
        }
        let (first, second) = (at as f64, (n - at) as f64);
        let pairs = |size: f64| size * (size - 1.0) / 2.0;
        let distance = 2.0 * between / (first * second)
            - within_first / pairs(first)
            - within_second / pairs(second);
        let energy = first * second / (first + second) * distance;
        if best.is_none_or(|(_, found)| energy > found) {
            best = Some((at, energy));
        }
    }
    best
}

fn described(series: &[f64], first: usize, splits: &[(usize, f64)]) -> Vec<ChangePoint> {
    let place = |n: usize| splits.get(n).map_or(series.len(), |(at, _)| *at);
    let begin = |n: usize| n.checked_sub(1).map_or(first, place);
    let middle = |range: std::ops::Range<usize>| median(&series[range]).unwrap_or(f64::NAN);
    (0..splits.len())
        .map(|n| ChangePoint {
            at: splits[n].0,
            before: middle(begin(n)..place(n)),
            after: middle(place(n)..place(n + 1)),
            p: splits[n].1,
        })
        .collect()
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| quantile(&sorted, 0.5))
}
