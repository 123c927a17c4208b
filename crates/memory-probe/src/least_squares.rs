//! Least squares by Householder's reflections.

/// A column of which less than this share is left once the columns before it are taken out is
/// taken for a sum of them.
const DEPENDENT: f64 = 1e-9;

/// The coefficients that bring the sum of the columns nearest to the target.
pub struct Solution {
    pub coefficients: Vec<f64>,
    /// By how much each coefficient varies if every target does by 1: the square roots of the
    /// diagonal of `(X'X)^-1`.
    pub deviations: Vec<f64>,
}

/// Solves for columns that are at least as long as many, all as long as the target. `Err` has the
/// number of the first column that depends on those before it.
///
/// Time `O(rows * columns^2)`. Golub, Van Loan, *Matrix Computations*, 4th ed., 5.2 and 5.3.
pub fn solve(mut columns: Vec<Vec<f64>>, mut target: Vec<f64>) -> Result<Solution, usize> {
    let count = columns.len();
    // To length one, so that what is left of a column is a share.
    let mut lengths = Vec::with_capacity(count);
    for (number, column) in columns.iter_mut().enumerate() {
        let length = norm(column);
        if length == 0.0 {
            return Err(number);
        }
        column.iter_mut().for_each(|x| *x /= length);
        lengths.push(length);
    }
    for k in 0..count {
        let (done, later) = columns.split_at_mut(k + 1);
        let own = &mut done[k];
        let left = norm(&own[k..]);
        if left < DEPENDENT {
            return Err(k);
        }
        let diagonal = -left.copysign(own[k]);
        let mut mirror = own[k..].to_vec();
        mirror[0] -= diagonal;
        for column in later.iter_mut().chain([&mut target]) {
            reflect(&mirror, &mut column[k..]);
        }
        own[k] = diagonal;
    }
    let unscaled = |solved: Vec<f64>| solved.iter().zip(&lengths).map(|(x, l)| x / l).collect();
    let mut squares = vec![0.0; count];
    for axis in 0..count {
        let mut unit = vec![0.0; count];
        unit[axis] = 1.0;
        for (sum, x) in squares.iter_mut().zip(substitute_back(&columns, &unit)) {
            *sum += x * x;
        }
    }
    Ok(Solution {
        coefficients: unscaled(substitute_back(&columns, &target)),
        deviations: unscaled(squares.iter().map(|x: &f64| x.sqrt()).collect()),
    })
}

fn norm(column: &[f64]) -> f64 {
    column.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Mirrors a column at the plane that `mirror` stands on.
fn reflect(mirror: &[f64], column: &mut [f64]) {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let twice = 2.0 * dot(mirror, column) / dot(mirror, mirror);
    for (x, m) in column.iter_mut().zip(mirror) {
        *x -= twice * m;
    }
}

/// Solves `R x = right` for the triangle that stands in the first rows of the columns.
fn substitute_back(columns: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut solved = vec![0.0; columns.len()];
    for row in (0..columns.len()).rev() {
        let known: f64 = (row + 1..columns.len()).map(|j| columns[j][row] * solved[j]).sum();
        solved[row] = (right[row] - known) / columns[row][row];
    }
    solved
}
