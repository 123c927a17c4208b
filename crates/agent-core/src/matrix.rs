//! Matrices that multiply belief vectors, stored by what they hold.

use crate::probability::dot;

/// A matrix is kept sparse if at most one element in this many is not zero.
const SPARSE_BELOW: usize = 4;

/// A constant matrix, dense or in compressed rows. Both multiply alike: a zero adds nothing.
#[derive(Clone, Debug)]
pub(crate) enum Matrix {
    Dense { columns: usize, data: Vec<f64> },
    Sparse { row_ends: Vec<u32>, columns: Vec<u32>, values: Vec<f64> },
}

impl Matrix {
    /// From rows of equal length.
    pub(crate) fn from_rows(rows: usize, columns: usize, data: Vec<f64>) -> Self {
        let nonzero = data.iter().filter(|x| **x != 0.0).count();
        let fits = u32::try_from(columns).is_ok() && u32::try_from(nonzero).is_ok();
        if !fits || nonzero * SPARSE_BELOW > data.len() {
            return Self::Dense { columns, data };
        }
        let mut row_ends = Vec::with_capacity(rows);
        let mut kept_columns = Vec::with_capacity(nonzero);
        let mut values = Vec::with_capacity(nonzero);
        for row in data.chunks_exact(columns) {
            for (column, value) in (0_u32..).zip(row).filter(|(_, value)| **value != 0.0) {
                kept_columns.push(column);
                values.push(*value);
            }
            row_ends.push(values.len() as u32);
        }
        Self::Sparse { row_ends, columns: kept_columns, values }
    }

    /// `out = self * x`.
    pub(crate) fn multiply(&self, x: &[f64], out: &mut [f64]) {
        match self {
            Self::Dense { columns, data } => {
                for (row, out) in data.chunks_exact(*columns).zip(out) {
                    *out = dot(row, x);
                }
            }
            Self::Sparse { row_ends, columns, values } => {
                let mut start = 0;
                for (end, out) in row_ends.iter().zip(out) {
                    let end = *end as usize;
                    let row = columns[start..end].iter().zip(&values[start..end]);
                    *out = row.map(|(column, value)| x[*column as usize] * value).sum();
                    start = end;
                }
            }
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Dense { columns, data } => data.len() / columns,
            Self::Sparse { row_ends, .. } => row_ends.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_hand(rows: usize, columns: usize, data: &[f64], x: &[f64]) -> Vec<f64> {
        (0..rows).map(|r| (0..columns).map(|c| data[r * columns + c] * x[c]).sum()).collect()
    }

    proptest! {
        #[test]
        fn sparse_and_dense_multiply_as_by_hand(
            rows in 1_usize..7,
            columns in 1_usize..13,
            seed in proptest::collection::vec((0.0_f64..1.0, 0_u8..8), 6 * 12),
            x in proptest::collection::vec(0.0_f64..1.0, 12),
            density in 0_u8..9,
        ) {
            let data: Vec<f64> = seed[..rows * columns]
                .iter()
                .map(|(value, keep)| if *keep < density { *value } else { 0.0 })
                .collect();
            let matrix = Matrix::from_rows(rows, columns, data.clone());
            let nonzero = data.iter().filter(|x| **x != 0.0).count();
            prop_assert_eq!(
                matches!(matrix, Matrix::Sparse { .. }),
                nonzero * SPARSE_BELOW <= data.len()
            );
            let mut out = vec![f64::NAN; rows];
            matrix.multiply(&x[..columns], &mut out);
            for (got, expected) in out.iter().zip(by_hand(rows, columns, &data, &x[..columns])) {
                prop_assert!((got - expected).abs() < 1e-14);
            }
        }
    }
}
