//! Matrices that multiply belief vectors, stored by what they hold.

use pulp::f64x4;

use crate::kernels::{self, padded};
use crate::lanes::{LANES, Lanes};

/// A matrix is kept sparse if at most one element in this many is not zero.
const SPARSE_BELOW: usize = 4;

/// A constant matrix. Both forms multiply alike: a zero adds nothing.
#[derive(Clone, Debug)]
pub(crate) enum Matrix {
    /// Column after column, each filled up to whole groups of lanes.
    Dense {
        rows: usize,
        columns: Vec<f64>,
    },
    Sparse(Sparse),
}

/// Four rows at a time, each as long as the longest of the four.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    rows: usize,
    /// Where the entries of each four rows end.
    ends: Vec<u32>,
    columns: Vec<[u32; LANES]>,
    values: Vec<[f64; LANES]>,
}

impl Matrix {
    /// From rows of equal length, one after the other.
    pub(crate) fn from_rows(rows: usize, columns: usize, data: &[f64]) -> Self {
        let nonzero = data.iter().filter(|x| **x != 0.0).count();
        let fits = u32::try_from(columns).is_ok() && u32::try_from(data.len()).is_ok();
        if fits && nonzero * SPARSE_BELOW <= data.len() {
            return Self::Sparse(Sparse::new(rows, columns, data));
        }
        let stride = padded(rows);
        let mut by_column = vec![0.0; stride * columns];
        for (r, row) in data.chunks_exact(columns).enumerate() {
            for (column, value) in row.iter().enumerate() {
                by_column[column * stride + r] = *value;
            }
        }
        Self::Dense { rows, columns: by_column }
    }

    /// `out = self * x`.
    #[inline(always)]
    pub(crate) fn multiply<L: Lanes>(&self, lanes: L, x: &[f64], out: &mut [f64]) {
        match self {
            Self::Dense { rows, columns } => {
                kernels::weighted_sum(lanes, columns, padded(*rows), x, out);
            }
            Self::Sparse(sparse) => sparse.multiply(lanes, x, out),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Dense { rows, .. } => *rows,
            Self::Sparse(sparse) => sparse.rows,
        }
    }

    /// Multiplications that a product takes.
    pub(crate) fn work(&self) -> usize {
        match self {
            Self::Dense { columns, .. } => columns.len(),
            // Elements are gathered one by one.
            Self::Sparse(sparse) => sparse.values.len() * 2 * LANES,
        }
    }
}

impl Sparse {
    fn new(rows: usize, columns: usize, data: &[f64]) -> Self {
        let mut sparse = Self { rows, ends: Vec::new(), columns: Vec::new(), values: Vec::new() };
        for four in data.chunks(LANES * columns.max(1)) {
            let start = sparse.values.len();
            for (lane, row) in four.chunks_exact(columns).enumerate() {
                let entries = (0_u32..).zip(row).filter(|(_, value)| **value != 0.0);
                for (place, (column, value)) in entries.enumerate() {
                    if sparse.values.len() == start + place {
                        sparse.values.push([0.0; LANES]);
                        sparse.columns.push([0; LANES]);
                    }
                    sparse.values[start + place][lane] = *value;
                    sparse.columns[start + place][lane] = column;
                }
            }
            sparse.ends.push(sparse.values.len() as u32);
        }
        sparse
    }

    #[inline(always)]
    fn multiply<L: Lanes>(&self, lanes: L, x: &[f64], out: &mut [f64]) {
        let mut start = 0;
        for (end, out) in self.ends.iter().zip(out.chunks_mut(LANES)) {
            let end = *end as usize;
            let mut total = lanes.splat(0.0);
            for (c, values) in self.columns[start..end].iter().zip(&self.values[start..end]) {
                let at = |lane: usize| x[c[lane] as usize];
                let gathered = f64x4(at(0), at(1), at(2), at(3));
                total = lanes.add(total, lanes.mul(gathered, kernels::load(values)));
            }
            for (out, total) in out.iter_mut().zip([total.0, total.1, total.2, total.3]) {
                *out = total;
            }
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Portable;
    use proptest::prelude::*;

    fn by_hand(rows: usize, columns: usize, data: &[f64], x: &[f64]) -> Vec<f64> {
        (0..rows).map(|r| (0..columns).map(|c| data[r * columns + c] * x[c]).sum()).collect()
    }

    proptest! {
        #[test]
        fn sparse_and_dense_multiply_as_by_hand(
            rows in 1_usize..40,
            columns in 1_usize..13,
            seed in proptest::collection::vec((0.0_f64..1.0, 0_u8..8), 39 * 12),
            x in proptest::collection::vec(prop_oneof![Just(0.0), 0.0_f64..1.0], 12),
            density in 0_u8..9,
        ) {
            let data: Vec<f64> = seed[..rows * columns]
                .iter()
                .map(|(value, keep)| if *keep < density { *value } else { 0.0 })
                .collect();
            let matrix = Matrix::from_rows(rows, columns, &data);
            let nonzero = data.iter().filter(|x| **x != 0.0).count();
            prop_assert_eq!(
                matches!(matrix, Matrix::Sparse { .. }),
                nonzero * SPARSE_BELOW <= data.len()
            );
            let mut out = vec![f64::NAN; rows];
            matrix.multiply(Portable, &x[..columns], &mut out);
            for (got, expected) in out.iter().zip(by_hand(rows, columns, &data, &x[..columns])) {
                prop_assert!((got - expected).abs() < 1e-14);
            }
        }
    }
}
