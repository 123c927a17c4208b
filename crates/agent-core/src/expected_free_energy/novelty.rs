//! Parameter information gain: what a policy would teach about A and B themselves.
//!
//! Both profiles have `-(outcome . W states)` with a matrix `W` made of Dirichlet counts: legacy
//! a heuristic, modern the exact expectation.

use crate::arithmetic::{Arithmetic, LEGACY_EPSILON, MODERN_FLOOR};
use crate::matrix::Matrix;
use crate::real::Real;
use crate::{Array, Profile};

/// `W` of one conditional distribution, with the distribution itself where it is needed to
/// predict.
#[derive(Debug)]
pub(crate) struct Novelty<R> {
    weights: Matrix<R>,
}

impl<R: Real> Novelty<R> {
    /// From counts `[outcomes, columns]`.
    pub(super) fn new(counts: &Array, profile: Profile) -> Self {
        let (rows, columns) = (counts.shape[0], counts.columns());
        let mut weights = vec![0.0; counts.data.len()];
        for column in 0..columns {
            let of_column = || counts.data.iter().skip(column).step_by(columns);
            let total: f64 = of_column().map(|count| counted(*count, profile)).sum();
            for (row, count) in of_column().enumerate() {
                if *count > 0.0 {
                    weights[row * columns + column] =
                        weight(counted(*count, profile), total, profile);
                }
            }
        }
        Self { weights: Matrix::from_rows(rows, columns, &weights) }
    }

    pub(super) fn rows(&self) -> usize {
        self.weights.rows()
    }

    /// `-(outcomes . W states)`.
    #[inline(always)]
    pub(super) fn gain<A: Arithmetic<Real = R>>(
        &self,
        arithmetic: A,
        states: &[A::Number],
        outcomes: &[A::Number],
        room: &mut [A::Number],
    ) -> A::Number {
        let room = &mut room[..outcomes.len()];
        arithmetic.multiply(&self.weights, states, room);
        arithmetic.sub(A::Number::default(), arithmetic.dot(outcomes, room))
    }
}

/// A count as a profile reckons with it.
fn counted(count: f64, profile: Profile) -> f64 {
    match profile {
        Profile::Legacy => count + LEGACY_EPSILON,
        Profile::Modern => count.max(MODERN_FLOOR),
    }
}

/// The element of `W` for a count in a column with this total.
fn weight(count: f64, total: f64, profile: Profile) -> f64 {
    match profile {
        Profile::Legacy => total.recip() - count.recip(),
        Profile::Modern => -(total.ln() - count.ln() + digamma(count + 1.0) - digamma(total + 1.0)),
    }
}

/// The logarithmic derivative of the gamma function, for positive arguments: upward recurrence
/// to where the asymptotic series (Abramowitz and Stegun 6.3.18) is exact to rounding.
fn digamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= x.recip();
        x += 1.0;
    }
    let r = (x * x).recip();
    let series = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0
                    - r * (1.0 / 240.0
                        - r * (1.0 / 132.0 - r * (691.0 / 32_760.0 - r * (1.0 / 12.0)))))));
    shift + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probability::PLAIN;

    /// Values of Abramowitz and Stegun, table 6.1, and minus Euler's constant.
    #[test]
    fn digamma_has_the_tabulated_values() {
        let known = [
            (1.0, -0.577_215_664_901_532_9),
            (1.5, 0.036_489_973_978_576_52),
            (2.0, 0.422_784_335_098_467_1),
            (0.5, -1.963_510_026_021_423_5),
            (100.0, 4.600_161_852_738_087),
        ];
        for (x, expected) in known {
            assert!((digamma(x) - expected).abs() < 1e-14, "{x}: {}", digamma(x));
        }
    }

    /// The more is known, the less there is to learn; a structural zero teaches nothing.
    #[test]
    fn novelty_falls_with_counts() {
        for profile in [Profile::Legacy, Profile::Modern] {
            let gain = |scale: f64| {
                let counts = Array { shape: vec![3, 1], data: vec![scale, 2.0 * scale, 0.0] };
                Novelty::<f64>::new(&counts, profile).gain(
                    PLAIN,
                    &[1.0],
                    &[0.4, 0.6, 0.0],
                    &mut [0.0; 3],
                )
            };
            assert!(gain(1.0) > gain(10.0) && gain(10.0) > 0.0, "{profile:?}");
        }
    }
}
