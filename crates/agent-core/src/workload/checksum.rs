//! What a job's answer is made of.

use std::hash::Hasher as _;

use fnv::FnvHasher;

use crate::Real;

/// Figures enter a checksum rounded to this many parts of one, so that it stays the same when
/// sums are added up in another order.
const PARTS: f64 = 1e6;

/// The same in single precision, where an expected free energy of ten is known to 1e-6 at best.
const PARTS_SINGLE: f64 = 1e2;

#[derive(Default)]
pub(super) struct Checksum(FnvHasher);

impl Checksum {
    pub(super) fn numbers<R: Real>(&mut self, numbers: &[R]) {
        let parts = if size_of::<R>() == size_of::<f64>() { PARTS } else { PARTS_SINGLE };
        for number in numbers {
            let number: f64 = (*number).into();
            self.0.write_i64((number * parts).round() as i64);
        }
    }

    pub(super) fn actions(&mut self, actions: &[usize]) {
        for action in actions {
            self.0.write_u32(*action as u32);
        }
    }

    pub(super) fn finish(self) -> u64 {
        self.0.finish()
    }
}
