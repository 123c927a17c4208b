//! Matrices that multiply belief vectors, stored by what they hold.

use crate::aligned::{Aligned, aligned, zeros};
use crate::arithmetic::padded;
use crate::real::Real;

/// What a store to memory costs more than one to a register, when forms are weighed.
const SCATTERED: usize = 3;

/// Larger matrices of few elements are not looked at in other forms.
const MAX_SPREAD: usize = 1 << 20;

/// A constant matrix. All forms multiply alike: a zero adds nothing.
#[derive(Clone, Debug)]
pub(crate) enum Matrix<R> {
    Dense(Dense<R>),
    /// Where elements lie on few diagonals: moves on a line or a grid.
    Diagonals(Diagonals<R>),
    Sparse(Sparse<R>),
}

/// Column after column, each filled up to whole groups of lanes.
#[derive(Clone, Debug)]
pub(crate) struct Dense<R> {
    rows: usize,
    pub(crate) columns: Aligned<R>,
}

/// Elements by how far they are from the main diagonal.
#[derive(Clone, Debug)]
pub(crate) struct Diagonals<R> {
    rows: usize,
    pub(crate) diagonals: Vec<Diagonal<R>>,
}

/// One diagonal, from its first element that is not zero to its last.
#[derive(Clone, Debug)]
pub(crate) struct Diagonal<R> {
    /// The row of the first element.
    pub(crate) row: usize,
    /// Its column.
    pub(crate) column: usize,
    pub(crate) values: Aligned<R>,
}

/// The elements that are not zero, column after column.
#[derive(Clone, Debug)]
pub(crate) struct Sparse<R> {
    height: usize,
    /// Where the elements of each column end.
    pub(crate) ends: Vec<u32>,
    pub(crate) rows: Vec<u32>,
    pub(crate) values: Vec<R>,
}

/// A matrix of few rows and many columns: as many columns as a vector has lanes stand together,
/// row after row, so that every row adds up in a vector of its own.
#[derive(Clone, Debug)]
pub(crate) struct Wide<R> {
    /// At least 1, at most 8.
    pub(crate) rows: usize,
    /// `[group of columns][row][column in the group]`, filled up with zeros.
    pub(crate) values: Aligned<R>,
}

impl<R: Real> Wide<R> {
    /// Rows that there may be.
    const MOST_ROWS: usize = 8;

    /// From the first `rows` elements of columns that stand `stride` apart; none where they are
    /// too many or too short for it to be worth it.
    pub(crate) fn from_columns(rows: usize, stride: usize, columns: &[R]) -> Option<Self> {
        let count = columns.len() / stride;
        if !(1..=Self::MOST_ROWS).contains(&rows) || count < 4 * R::LANES {
            return None;
        }
        let mut values = zeros(count.next_multiple_of(R::LANES) * rows);
        for (column, elements) in columns.chunks_exact(stride).enumerate() {
            let (group, lane) = (column / R::LANES, column % R::LANES);
            for (row, value) in elements[..rows].iter().enumerate() {
                values[(group * rows + row) * R::LANES + lane] = *value;
            }
        }
        Some(Self { rows, values })
    }
}

impl<R> Dense<R> {
    /// From one column to the next.
    pub(crate) fn stride(&self) -> usize {
        padded(self.rows)
    }
}

impl<R: Real> Matrix<R> {
    /// From rows of equal length, one after the other, in the form that multiplies fastest.
    pub(crate) fn from_rows(rows: usize, columns: usize, data: &[f64]) -> Self {
        let nonzero = data.iter().filter(|x| **x != 0.0).count();
        let dense_work = padded(rows) * columns;
        let sparse_work = nonzero * SCATTERED * 4;
        let fits = u32::try_from(rows).is_ok() && u32::try_from(data.len()).is_ok();
        if !fits || dense_work <= sparse_work.min(rows * SCATTERED) {
            return Self::Dense(Dense::new(rows, columns, data));
        }
        let diagonals = Diagonals::new(rows, columns, data);
        let diagonal_work = diagonals.work() * 2;
        if diagonal_work <= sparse_work.min(dense_work) {
            return Self::Diagonals(diagonals);
        }
        if sparse_work < dense_work {
            return Self::Sparse(Sparse::new(rows, columns, data));
        }
        Self::Dense(Dense::new(rows, columns, data))
    }

    /// From the elements of each column that are not zero, by row.
    pub(crate) fn from_columns(rows: usize, columns: &[Vec<(u32, f64)>]) -> Self {
        let size = rows.saturating_mul(columns.len());
        if size > MAX_SPREAD {
            return Self::Sparse(Sparse::of(rows, columns));
        }
        let mut data = vec![0.0; size];
        for (column, entries) in columns.iter().enumerate() {
            for (row, value) in entries {
                data[*row as usize * columns.len() + column] = *value;
            }
        }
        Self::from_rows(rows, columns.len(), &data)
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.rows,
            Self::Diagonals(matrix) => matrix.rows,
            Self::Sparse(sparse) => sparse.height,
        }
    }

    /// Multiplications that a product takes, in units of a dense one.
    pub(crate) fn work(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.columns.len(),
            Self::Diagonals(matrix) => matrix.work() * 2,
            Self::Sparse(sparse) => sparse.values.len() * SCATTERED * 4,
        }
    }
}

impl<R: Real> Dense<R> {
    fn new(rows: usize, columns: usize, data: &[f64]) -> Self {
        let stride = padded(rows);
        let mut by_column = zeros(stride * columns);
        for (r, row) in data.chunks_exact(columns).enumerate() {
            for (column, value) in row.iter().enumerate() {
                by_column[column * stride + r] = R::of(*value);
            }
        }
        Self { rows, columns: by_column }
    }
}

impl<R: Real> Diagonals<R> {
    fn new(rows: usize, columns: usize, data: &[f64]) -> Self {
        let at = |row: usize, column: usize| data[row * columns + column];
        let of_diagonal = |number: usize| {
            // From the lower left corner to the upper right.
            let (row, column) =
                ((rows - 1).saturating_sub(number), number.saturating_sub(rows - 1));
            let places: Vec<usize> = (0..(rows - row).min(columns - column))
                .filter(|i| at(row + i, column + i) != 0.0)
                .collect();
            let (first, last) = (*places.first()?, *places.last()?);
            let values: Vec<R> = (first..=last).map(|i| R::of(at(row + i, column + i))).collect();
            let values = aligned(&values);
            Some(Diagonal { row: row + first, column: column + first, values })
        };
        let mut diagonals: Vec<Diagonal<R>> =
            (0..rows + columns - 1).filter_map(of_diagonal).collect();
        // If any is as long as the rows are many, nothing else is there before it.
        diagonals.sort_by_key(|diagonal| std::cmp::Reverse(diagonal.values.len()));
        Self { rows, diagonals }
    }

    fn work(&self) -> usize {
        self.diagonals.iter().map(|diagonal| padded(diagonal.values.len()) + 8).sum()
    }
}

impl<R: Real> Sparse<R> {
    fn new(rows: usize, columns: usize, data: &[f64]) -> Self {
        let of_column = |column: usize| {
            let values = (0_u32..).zip(data.iter().skip(column).step_by(columns).copied());
            values.filter(|(_, value)| *value != 0.0).collect()
        };
        Self::of(rows, &(0..columns).map(of_column).collect::<Vec<_>>())
    }

    fn of(height: usize, columns: &[Vec<(u32, f64)>]) -> Self {
        let mut sparse = Self { height, ends: Vec::new(), rows: Vec::new(), values: Vec::new() };
        for column in columns {
            sparse.rows.extend(column.iter().map(|(row, _)| row));
            sparse.values.extend(column.iter().map(|(_, value)| R::of(*value)));
            sparse.ends.push(sparse.values.len() as u32);
        }
        sparse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::{Abreast, Along, Arithmetic as _};
    use crate::lanes::Portable;
    use proptest::prelude::*;

    fn by_hand(rows: usize, columns: usize, data: &[f64], x: &[f64]) -> Vec<f64> {
        (0..rows).map(|r| (0..columns).map(|c| data[r * columns + c] * x[c]).sum()).collect()
    }

    proptest! {
        #[test]
        fn all_forms_multiply_as_by_hand(
            rows in 1_usize..40,
            columns in 1_usize..13,
            seed in proptest::collection::vec((0.0_f64..1.0, 0_u8..8), 39 * 12),
            x in proptest::collection::vec(prop_oneof![Just(0.0), 0.0_f64..1.0], 12),
            density in 0_u8..9,
            band in 0_usize..40,
        ) {
            let is_kept = |place: usize, keep: u8| {
                keep < density && (place / columns).abs_diff(place % columns) <= band
            };
            let data: Vec<f64> = seed[..rows * columns]
                .iter()
                .enumerate()
                .map(|(place, (value, keep))| if is_kept(place, *keep) { *value } else { 0.0 })
                .collect();
            let x = &x[..columns];
            let expected = by_hand(rows, columns, &data, x);
            let forms = [
                Matrix::from_rows(rows, columns, &data),
                Matrix::Dense(Dense::new(rows, columns, &data)),
                Matrix::Diagonals(Diagonals::new(rows, columns, &data)),
                Matrix::Sparse(Sparse::new(rows, columns, &data)),
            ];
            for matrix in &forms {
                let mut out = vec![f64::NAN; rows];
                Along::new(Portable).multiply(matrix, x, &mut out);
                let x: Vec<[f64; 4]> = x.iter().map(|x| [*x, 0.0, 2.0 * x, 1.0]).collect();
                let mut abreast = vec![[f64::NAN; 4]; rows];
                Abreast::<f64, _>::new(Portable).multiply(matrix, &x, &mut abreast);
                for ((got, group), expected) in out.iter().zip(&abreast).zip(&expected) {
                    prop_assert!((got - expected).abs() < 1e-14);
                    prop_assert!((group[0] - expected).abs() < 1e-14);
                    prop_assert_eq!(group[1], 0.0);
                    prop_assert!((group[2] - 2.0 * expected).abs() < 1e-14);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn wide_matrices_multiply_as_by_hand(
            rows in 1_usize..10,
            columns in 0_usize..60,
            seed in proptest::collection::vec(0.0_f64..1.0, 60 * 12 + 60),
        ) {
            let stride = rows.next_multiple_of(4);
            let (data, x) = seed.split_at(60 * 12);
            let (data, x) = (&data[..stride * columns], &x[..columns]);
            let Some(wide) = Wide::from_columns(rows, stride, data) else {
                prop_assert!(columns < 16 || rows > 8);
                return Ok(());
            };
            let mut out = vec![f64::NAN; stride];
            Along::new(Portable).multiply_wide(&wide, x, &mut out);
            let group: Vec<[f64; 4]> = x.iter().map(|x| [*x, 0.0, 2.0 * x, 1.0]).collect();
            let mut abreast = vec![[f64::NAN; 4]; stride];
            Abreast::<f64, _>::new(Portable).multiply_wide(&wide, &group, &mut abreast);
            for row in 0..rows {
                let expected: f64 = (0..columns).map(|c| data[c * stride + row] * x[c]).sum();
                prop_assert!((out[row] - expected).abs() < 1e-13);
                prop_assert!((abreast[row][0] - expected).abs() < 1e-13);
                prop_assert_eq!(abreast[row][1], 0.0);
                prop_assert!((abreast[row][2] - 2.0 * expected).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn moves_on_a_grid_are_kept_as_diagonals() {
        let b = &crate::models::grid().b[0];
        let up: Vec<f64> = b.data.iter().step_by(5).copied().collect();
        let Matrix::Diagonals(matrix) = Matrix::<f64>::from_rows(100, 100, &up) else {
            panic!("another form was chosen");
        };
        assert_eq!(matrix.diagonals.len(), 2);
    }
}
