//! Arrays of f64 with a shape, row-major: the last index moves fastest.

use serde::{Deserialize, Serialize};

/// An array as numpy has it and as golden files write it.
///
/// ```
/// use agent_core::Array;
///
/// let identity = Array { shape: vec![2, 2], data: vec![1.0, 0.0, 0.0, 1.0] };
/// assert_eq!(identity.columns(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// The elements; as many as the product of `shape`.
    pub data: Vec<f64>,
}

impl Array {
    /// An array of one axis.
    #[must_use]
    pub fn vector(data: Vec<f64>) -> Self {
        Self { shape: vec![data.len()], data }
    }

    /// An array of this shape whose element at each index `value` computes.
    #[must_use]
    pub fn from_fn(shape: &[usize], mut value: impl FnMut(&[usize]) -> f64) -> Self {
        let size = shape.iter().product();
        let mut index = vec![0; shape.len()];
        let mut data = Vec::with_capacity(size);
        for _ in 0..size {
            data.push(value(&index));
            for (place, length) in index.iter_mut().zip(shape).rev() {
                *place += 1;
                if *place < *length {
                    break;
                }
                *place = 0;
            }
        }
        Self { shape: shape.to_vec(), data }
    }

    /// How many elements one step of the first axis holds; 1 for a vector.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Makes every column over the first axis sum to one; a column of nothing stays.
    pub fn normalise(&mut self) {
        let columns = self.columns();
        let mut totals = vec![0.0; columns];
        for row in self.data.chunks_exact(columns) {
            for (total, value) in totals.iter_mut().zip(row) {
                *total += value;
            }
        }
        for row in self.data.chunks_exact_mut(columns) {
            for (value, total) in row.iter_mut().zip(&totals).filter(|(_, total)| **total > 0.0) {
                *value /= total;
            }
        }
    }

    /// The first column over the first axis of which no element is above zero.
    pub(crate) fn empty_column(&self) -> Option<usize> {
        let columns = self.columns();
        let is_empty = |column: &usize| {
            self.data.iter().skip(*column).step_by(columns).all(|value| *value <= 0.0)
        };
        (0..columns).find(is_empty)
    }

    /// The index, without the first axis, of a column.
    pub(crate) fn index_of_column(&self, column: usize) -> Vec<usize> {
        crate::validation::index_of(column, self.shape.get(1..).unwrap_or_default())
    }

    /// Elements `[index, ...]` of the first axis.
    pub(crate) fn row(&self, index: usize) -> &[f64] {
        let columns = self.columns();
        &self.data[index * columns..(index + 1) * columns]
    }
}
