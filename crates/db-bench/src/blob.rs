//! Figures as bytes: eight for each, least significant first.

use crate::StoreError;

pub fn of(figures: &[f64]) -> Vec<u8> {
    figures.iter().flat_map(|figure| figure.to_le_bytes()).collect()
}

/// The figures of a stored blob.
pub fn figures(bytes: &[u8]) -> Result<Vec<f64>, StoreError> {
    let (figures, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(StoreError::Row {
            what: "beliefs.posterior",
            why: format!("it has {} bytes, which is no multiple of 8", bytes.len()),
        });
    }
    Ok(figures.iter().map(|figure| f64::from_le_bytes(*figure)).collect())
}
