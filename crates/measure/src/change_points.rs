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
/// O(n^2 log n), of the last [`MOST_FIGURES`].
#[must_use]
pub fn drift(times: &[f64], figures: &[f64]) -> Option<Drift> {
    let n = times.len().min(figures.len());
    let skipped = n.saturating_sub(MOST_FIGURES);
    let (times, figures, n) = (&times[skipped..n], &figures[skipped..n], n - skipped);
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
    let mut distances = Distances::of(stretch);
    let mut order = distances.order.clone();
    // As good but for rounding.
    let least = energy * (1.0 - 1e-9);
    let (mut as_good, mut tried) = (0_u32, 0_u32);
    for orders in ORDERS {
        while tried < orders {
            for last in (1..order.len()).rev() {
                order.swap(last, below(random, last + 1));
            }
            tried += 1;
            let found = distances.best(&order);
            as_good += u32::from(found.is_some_and(|(_, found)| found >= least));
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
    let mut distances = Distances::of(stretch);
    let order = distances.order.clone();
    distances.best(&order)
}

/// What the distances between the figures of a stretch add up to, in whichever order they stand. A
/// figure's distances to many are told by how many are less, and their sum: O(log n) by a tree of
/// Fenwick's ("A new data structure for cumulative frequency tables", 1994).
struct Distances {
    sorted: Vec<f64>,
    /// The rank of each figure, in the order of the stretch.
    order: Vec<usize>,
    /// From each rank to all others.
    to_all: Vec<f64>,
    /// How many of the first part have ranks up to this, and their sum.
    tree: Vec<(f64, f64)>,
}

impl Distances {
    fn of(stretch: &[f64]) -> Self {
        let n = stretch.len();
        let mut places: Vec<usize> = (0..n).collect();
        places.sort_by(|a, b| stretch[*a].total_cmp(&stretch[*b]));
        let sorted: Vec<f64> = places.iter().map(|place| stretch[*place]).collect();
        let mut order = vec![0; n];
        places.iter().enumerate().for_each(|(rank, place)| order[*place] = rank);
        let sum: f64 = sorted.iter().sum();
        let mut less = 0.0;
        let to_all = (0..n).map(|rank| {
            let (x, count) = (sorted[rank], rank as f64);
            let distance = x * count - less + (sum - less) - x * (n as f64 - count);
            less += x;
            distance
        });
        let to_all = to_all.collect();
        Self { sorted, order, to_all, tree: vec![(0.0, 0.0); n + 1] }
    }

    /// The best split of the figures in this order of their ranks.
    fn best(&mut self, order: &[usize]) -> Option<(usize, f64)> {
        let n = order.len();
        if n < 2 * LEAST_SEGMENT {
            return None;
        }
        self.tree.fill((0.0, 0.0));
        // Sums of distances within the first part, within the second, and between them.
        let mut within_first = 0.0;
        let mut within_second = self.to_all.iter().sum::<f64>() / 2.0;
        let mut between = 0.0;
        let mut first_sum = 0.0;
        let mut best: Option<(usize, f64)> = None;
        for at in 1..=n - LEAST_SEGMENT {
            let rank = order[at - 1];
            let (x, count) = (self.sorted[rank], (at - 1) as f64);
            let (less, less_sum) = self.up_to(rank);
            let to_first = x * less - less_sum + (first_sum - less_sum) - x * (count - less);
            let to_second = self.to_all[rank] - to_first;
            self.add(rank, x);
            first_sum += x;
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

    fn add(&mut self, rank: usize, x: f64) {
        let mut node = rank + 1;
        while let Some((count, sum)) = self.tree.get_mut(node) {
            *count += 1.0;
            *sum += x;
            node += node & node.wrapping_neg();
        }
    }

    fn up_to(&self, rank: usize) -> (f64, f64) {
        let (mut node, mut all) = (rank + 1, (0.0, 0.0));
        while node > 0 {
            let (count, sum) = self.tree[node];
            all = (all.0 + count, all.1 + sum);
            node &= node - 1;
        }
        all
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the definition, with every distance.
    fn energy(stretch: &[f64], at: usize) -> f64 {
        let sum = |one: &[f64], other: &[f64]| -> f64 {
            one.iter().flat_map(|x| other.iter().map(move |y| (x - y).abs())).sum()
        };
        let (first, second) = stretch.split_at(at);
        let [m, k] = [first.len() as f64, second.len() as f64];
        let within = |part: &[f64], size: f64| sum(part, part) / (size * (size - 1.0));
        let distance = 2.0 * sum(first, second) / (m * k) - within(first, m) - within(second, k);
        m * k / (m + k) * distance
    }

    proptest! {
        #[test]
        fn the_best_split_is_that_of_the_definition(
            stretch in prop::collection::vec(prop_oneof![0.0..1e3, Just(7.0)], 0..60),
            far in prop_oneof![Just(0.0), Just(1e9)],
        ) {
            let stretch: Vec<f64> = stretch.iter().map(|x| x + far).collect();
            let places = LEAST_SEGMENT..(stretch.len() + 1).saturating_sub(LEAST_SEGMENT);
            let most = places.map(|at| energy(&stretch, at)).max_by(f64::total_cmp);
            match (best_split(&stretch), most) {
                (None, None) => {}
                (Some((at, found)), Some(most)) => {
                    prop_assert!((found - most).abs() <= 1e-3, "{found} {most}");
                    // Of equals either is right.
                    let there = energy(&stretch, at);
                    prop_assert!((there - most).abs() <= 1e-3, "{at}: {there} {most}");
                }
                (found, most) => prop_assert!(false, "{found:?} {most:?}"),
            }
        }
    }
}
