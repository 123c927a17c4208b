//! A size as a function of what it depends on.

use std::fmt;

use crate::least_squares::{self, Solution};

/// Errors below this share are rounding of the calculation.
const ROUNDING: f64 = 1e-9;

/// One term of a formula with its value in every observation. The name of a constant is `1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// As it is to be printed, such as `states x observations`.
    pub name: String,
    /// Its value in each observation.
    pub values: Vec<f64>,
}

/// What one unit of a term adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// The term's name.
    pub term: String,
    /// What one unit of it adds.
    pub value: f64,
    /// Where it would lie in 95 of 100 series of observations that miss the formula by chance alone.
    /// None for a fit without a miss, or without more observations than terms. Sizes are exact and
    /// miss a formula because it is not quite theirs: take it as a hint of how well the
    /// observations tell this term from the others.
    pub interval: Option<[f64; 2]>,
}

/// `quantity = sum of coefficient * term`, fitted to observations.
///
/// ```
/// use memory_probe::{Formula, Term};
///
/// let states = vec![4.0, 10.0, 100.0];
/// let terms = [
///     Term { name: "1".into(), values: vec![1.0; 3] },
///     Term { name: "states".into(), values: states },
/// ];
/// let formula = Formula::fit("bytes", &terms, &[120.0, 168.0, 888.0])?;
/// assert_eq!(formula.to_string(), "bytes = 88.0 + 8.00 states; exact");
/// # Ok::<(), memory_probe::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// What it tells, such as `bytes`.
    pub quantity: String,
    /// In the order of the terms that were given.
    pub coefficients: Vec<Coefficient>,
    /// The most that it is off, as a share of what was observed.
    pub largest_error: f64,
    /// The most that it is off, in the quantity's own unit.
    pub largest_residual: f64,
    /// The root of the mean square of what it is off, in the quantity's own unit.
    pub rms_residual: f64,
    /// The share of the observations' variance that it explains; none where they do not vary.
    pub r_squared: Option<f64>,
}

/// Why observations have no formula of these terms.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// There are no terms, or not enough observations for them.
    #[error(
        "{observations} observations cannot tell {terms} coefficients; there must be at least one \
         term and one observation for each"
    )]
    TooFew {
        /// Observations.
        observations: usize,
        /// Terms.
        terms: usize,
    },
    /// A term has more or fewer values than there are observations.
    #[error("the term '{term}' has {found} values for {expected} observations")]
    Length {
        /// The term.
        term: String,
        /// Its values.
        found: usize,
        /// Observations.
        expected: usize,
    },
    /// A term's value is infinite or not a number.
    #[error("the term '{term}' is {value} in observation {index}; values must be finite")]
    NotFinite {
        /// The term.
        term: String,
        /// The observation, from 0.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// An observation is no size.
    #[error(
        "observation {index} is {value}; errors are relative, so it must be positive and finite"
    )]
    NotPositive {
        /// The observation, from 0.
        index: usize,
        /// What was observed.
        value: f64,
    },
    /// The observations cannot tell a term from others.
    #[error(
        "the term '{term}' is always zero or a sum of multiples of those before it; leave it out, \
         or vary the parameters independently"
    )]
    Dependent {
        /// The term.
        term: String,
    },
}

impl Formula {
    /// The coefficients for which the squares of the relative errors sum up to the least. Sizes span
    /// orders of magnitude: of absolute errors only those of the largest would count.
    ///
    /// Time `O(observations * terms^2)`.
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit(quantity: &str, terms: &[Term], observed: &[f64]) -> Result<Self, FitError> {
        check(terms, observed)?;
        let relative = |term: &Term| term.values.iter().zip(observed).map(|(x, y)| x / y).collect();
        let columns = terms.iter().map(relative).collect();
        let Solution { coefficients, deviations } =
            least_squares::solve(columns, vec![1.0; observed.len()])
                .map_err(|dependent| FitError::Dependent { term: terms[dependent].name.clone() })?;
        let fitted = |row: usize| -> f64 {
            terms.iter().zip(&coefficients).map(|(term, value)| value * term.values[row]).sum()
        };
        let residuals: Vec<f64> =
            observed.iter().enumerate().map(|(row, y)| y - fitted(row)).collect();
        let errors: Vec<f64> = residuals.iter().zip(observed).map(|(r, y)| r / y).collect();
        let spread = spread(&errors, terms.len());
        let of_term = |((term, &value), deviation): ((&Term, &f64), f64)| Coefficient {
            term: term.name.clone(),
            value,
            interval: spread.map(|spread| [value - spread * deviation, value + spread * deviation]),
        };
        Ok(Self {
            quantity: quantity.to_owned(),
            coefficients: terms.iter().zip(&coefficients).zip(deviations).map(of_term).collect(),
            largest_error: largest(&errors),
            largest_residual: largest(&residuals),
            rms_residual: (squares(&residuals) / residuals.len() as f64).sqrt(),
            r_squared: r_squared(observed, &residuals),
        })
    }

    /// What the formula says of these values of its terms, in their order.
    #[must_use]
    pub fn predict(&self, values: &[f64]) -> f64 {
        self.coefficients.iter().zip(values).map(|(coefficient, x)| coefficient.value * x).sum()
    }
}

fn largest(errors: &[f64]) -> f64 {
    errors.iter().fold(0.0, |most: f64, error| most.max(error.abs()))
}

fn squares(errors: &[f64]) -> f64 {
    errors.iter().map(|error| error * error).sum()
}

/// Half of a 95 % interval of a coefficient that varies as the observations do; none where they do
/// not miss, or are all needed.
fn spread(errors: &[f64], terms: usize) -> Option<f64> {
    let freedom = errors.len() - terms;
    let misses = freedom > 0 && largest(errors) >= ROUNDING;
    misses.then(|| student_975(freedom) * (squares(errors) / freedom as f64).sqrt())
}

fn r_squared(observed: &[f64], residuals: &[f64]) -> Option<f64> {
    let mean = observed.iter().sum::<f64>() / observed.len() as f64;
    let variation: f64 = observed.iter().map(|y| (y - mean).powi(2)).sum();
    (variation > 0.0).then(|| 1.0 - squares(residuals) / variation)
}

fn check(terms: &[Term], observed: &[f64]) -> Result<(), FitError> {
    if terms.is_empty() || observed.len() < terms.len() {
        return Err(FitError::TooFew { observations: observed.len(), terms: terms.len() });
    }
    if let Some(index) = observed.iter().position(|y| !(y.is_finite() && *y > 0.0)) {
        return Err(FitError::NotPositive { index, value: observed[index] });
    }
    for Term { name, values } in terms {
        let (term, found, expected) = (name.clone(), values.len(), observed.len());
        if found != expected {
            return Err(FitError::Length { term, found, expected });
        }
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            return Err(FitError::NotFinite { term, index, value: values[index] });
        }
    }
    Ok(())
}

/// The 97.5th percentile of Student's distribution, to 0.0001.
///
/// Up to six degrees of freedom from a table, beyond by expansion about the normal distribution
/// (Abramowitz, Stegun, *Handbook of Mathematical Functions*, 26.7.5).
fn student_975(freedom: usize) -> f64 {
    const FEW: [f64; 6] = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469];
    const NORMAL: f64 = 1.959_964;
    if let Some(&known) = freedom.checked_sub(1).and_then(|index| FEW.get(index)) {
        return known;
    }
    let (x, v) = (NORMAL, freedom as f64);
    let odd =
        |coefficients: &[f64]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x * x + c) * x;
    x + odd(&[1.0, 1.0]) / (4.0 * v)
        + odd(&[3.0, 16.0, 5.0]) / (96.0 * v.powi(2))
        + odd(&[-15.0, 17.0, 19.0, 3.0]) / (384.0 * v.powi(3))
        + odd(&[-945.0, -1920.0, 1482.0, 776.0, 79.0]) / (92_160.0 * v.powi(4))
}

/// `bytes = 312 + 8.00 states x actions; off by at most 3.1 %`.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} =", self.quantity)?;
        for (place, Coefficient { term, value, .. }) in self.coefficients.iter().enumerate() {
            let sign = match (place, *value < 0.0) {
                (0, false) => "",
                (0, true) => " -",
                (_, false) => " +",
                (_, true) => " -",
            };
            write!(f, "{sign} {}", significant(value.abs()))?;
            if term != "1" {
                write!(f, " {term}")?;
            }
        }
        if self.largest_error < ROUNDING {
            f.write_str("; exact")
        } else {
            write!(f, "; off by at most {} %", significant(100.0 * self.largest_error))
        }
    }
}

/// Three significant digits of a number that is not negative, without an exponent; what is too
/// small for that is 0.
fn significant(value: f64) -> String {
    if value < 1e-6 {
        return "0".to_owned();
    }
    let magnitude = value.log10().floor() as i32;
    format!("{value:.*}", usize::try_from(2 - magnitude).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_percentiles_are_those_of_the_tables() {
        let published = [
            (1, 12.706_205),
            (5, 2.570_582),
            (7, 2.364_624),
            (8, 2.306_004),
            (10, 2.228_139),
            (30, 2.042_272),
            (120, 1.979_930),
        ];
        for (freedom, published) in published {
            let found = student_975(freedom);
            assert!((found - published).abs() < 1e-4, "{freedom}: {found}");
        }
    }

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in
            [(1e-13, "0"), (0.0314, "0.0314"), (8.0, "8.00"), (31.41, "31.4"), (12_345.6, "12346")]
        {
            assert_eq!(significant(value), text);
        }
    }
}
