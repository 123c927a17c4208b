//! A sample's distribution: location, spread, outliers, and how sure the median is.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// How often a sample is drawn again for an interval.
pub const RESAMPLES: usize = 2_000;

/// The seed of every bootstrap, so that one sample always gives one interval.
pub const BOOTSTRAP_SEED: u64 = 0x5eed;

/// The level of every interval in a record.
pub const LEVEL: f64 = 0.95;

/// The distribution of a sample.
///
/// ```
/// let summary = measure::Summary::of(&[1.0, 2.0, 3.0, 4.0, 100.0])?;
/// assert_eq!(summary.median, 3.0);
/// assert_eq!(summary.outliers.high_severe, 1);
/// # Ok::<(), measure::summary::SummaryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Observations.
    pub count: u64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n - 1), 0 for a single observation.
    pub stddev: f64,
    /// The middle one.
    pub median: f64,
    /// Third quartile less the first.
    pub iqr: f64,
    /// Median absolute deviation from the median, not scaled to a normal's deviation.
    pub mad: f64,
    /// Observations beyond Tukey's fences.
    pub outliers: Outliers,
    /// Where the median lies: 95 % percentile bootstrap of [`RESAMPLES`] draws, fixed seed.
    pub median_interval: [f64; 2],
}

/// Observations beyond Tukey's fences: mild beyond 1.5 interquartile ranges from the quartiles,
/// severe beyond 3 (Tukey, *Exploratory Data Analysis*, 1977).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outliers {
    /// Below the outer fence.
    pub low_severe: u64,
    /// Between the fences, below.
    pub low_mild: u64,
    /// Between the fences, above.
    pub high_mild: u64,
    /// Above the outer fence.
    pub high_severe: u64,
}

/// Why a sample has no summary.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SummaryError {
    /// There is nothing to summarise.
    #[error("the sample is empty; at least one observation is needed")]
    Empty,
    /// An observation is not a number, or infinite.
    #[error("observation {index} is {value}; observations must be finite")]
    NotFinite {
        /// Its place in the sample.
        index: usize,
        /// What stands there.
        value: f64,
    },
}

impl Summary {
    /// Summarises a sample in any order. Time `O(RESAMPLES * n)`.
    ///
    /// # Errors
    /// [`SummaryError`] for an empty sample or one with a value that is not finite.
    pub fn of(sample: &[f64]) -> Result<Self, SummaryError> {
        let sorted = sorted(sample)?;
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let squares = sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let (q1, median, q3) =
            (quantile(&sorted, 0.25), quantile(&sorted, 0.5), quantile(&sorted, 0.75));
        let mut deviations: Vec<f64> = sorted.iter().map(|x| (x - median).abs()).collect();
        deviations.sort_by(f64::total_cmp);
        Ok(Self {
            count: sorted.len() as u64,
            min: sorted[0],
            max: sorted[sorted.len() - 1],
            mean,
            stddev: if sorted.len() < 2 { 0.0 } else { (squares / (count - 1.0)).sqrt() },
            median,
            iqr: q3 - q1,
            mad: quantile(&deviations, 0.5),
            outliers: Outliers::beyond_fences(&sorted, q1, q3),
            median_interval: bootstrap_interval(&sorted, LEVEL, BOOTSTRAP_SEED, |resample| {
                resample.sort_by(f64::total_cmp);
                quantile(resample, 0.5)
            }),
        })
    }
}

impl Outliers {
    fn beyond_fences(sample: &[f64], q1: f64, q3: f64) -> Self {
        let iqr = q3 - q1;
        let mut outliers = Self::default();
        for &x in sample {
            if x < q1 - 3.0 * iqr {
                outliers.low_severe += 1;
            } else if x < q1 - 1.5 * iqr {
                outliers.low_mild += 1;
            } else if x > q3 + 3.0 * iqr {
                outliers.high_severe += 1;
            } else if x > q3 + 1.5 * iqr {
                outliers.high_mild += 1;
            }
        }
        outliers
    }
}

fn sorted(sample: &[f64]) -> Result<Vec<f64>, SummaryError> {
    if sample.is_empty() {
        return Err(SummaryError::Empty);
    }
    if let Some(index) = sample.iter().position(|x| !x.is_finite()) {
        return Err(SummaryError::NotFinite { index, value: sample[index] });
    }
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(sorted)
}

/// The `q` quantile, `0 <= q <= 1`, of a sorted sample that is not empty, interpolated linearly
/// between order statistics: definition 7 of Hyndman and Fan (1996), numpy's and criterion's.
///
/// # Panics
/// If the sample is empty.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    let (low, high) = (sorted[below], sorted[above]);
    // Equal neighbours need no interpolation, which could step outside of both by a rounding.
    if low == high { low } else { low + (high - low) * (position - below as f64) }
}

/// An interval of a statistic by the percentile bootstrap: the sample is drawn again
/// [`RESAMPLES`] times with replacement, and the middle `level` of the statistic is kept.
///
/// The statistic may reorder the draw it is given. The same sample and seed give the same
/// interval.
pub fn bootstrap_interval(
    sample: &[f64],
    level: f64,
    seed: u64,
    mut statistic: impl FnMut(&mut [f64]) -> f64,
) -> [f64; 2] {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut draw = vec![0.0; sample.len()];
    let mut statistics: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for slot in &mut draw {
                *slot = sample[below(&mut random, sample.len())];
            }
            statistic(&mut draw)
        })
        .collect();
    statistics.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    [quantile(&statistics, tail), quantile(&statistics, 1.0 - tail)]
}

/// A uniform index below `n`, by multiplication; the bias of at most `n / 2^64` is nothing here.
fn below(random: &mut Pcg64Mcg, n: usize) -> usize {
    ((u128::from(random.next_u64()) * n as u128) >> 64) as usize
}
