//! The exponent of a growth: a line through logarithms.

use measure::summary::{BOOTSTRAP_SEED, LEVEL, bootstrap_interval};

/// `time = c size^exponent`, by least squares between logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    pub exponent: f64,
    /// From drawing the points again with replacement: as wide as the points are off the line,
    /// which is mostly not noise but growth that is no power of the size.
    pub interval: [f64; 2],
}

impl Growth {
    /// From points of size and time, all positive; none where sizes do not differ.
    pub fn of(points: &[(f64, f64)]) -> Option<Self> {
        let exponent = slope(points)?;
        let numbers: Vec<f64> = (0..points.len()).map(|number| number as f64).collect();
        let mut again = Vec::with_capacity(points.len());
        let interval = bootstrap_interval(&numbers, LEVEL, BOOTSTRAP_SEED, |draw| {
            again.clear();
            again.extend(draw.iter().map(|number| points[*number as usize]));
            // One point drawn every time has no slope of its own.
            slope(&again).unwrap_or(exponent)
        });
        Some(Self { exponent, interval })
    }
}

fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let logs = || points.iter().map(|(size, time)| (size.ln(), time.ln()));
    let (x_mean, y_mean) = logs().fold((0.0, 0.0), |(x, y), (u, v)| (x + u / count, y + v / count));
    let (mut xx, mut xy) = (0.0, 0.0);
    for (x, y) in logs() {
        xx += (x - x_mean).powi(2);
        xy += (x - x_mean) * (y - y_mean);
    }
    (xx > 1e-12).then(|| xy / xx)
}
