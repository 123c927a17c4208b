//! One number over all that agents did and believe at the end, in whatever order they are asked.

use std::hash::Hasher as _;

use fnv::FnvHasher;

/// What one agent did so far.
#[derive(Default)]
pub struct Deeds(FnvHasher);

impl Deeds {
    /// One more action.
    pub fn add(&mut self, action: &[usize]) {
        for control in action {
            self.0.write_u32(*control as u32);
        }
    }

    /// The agent's part of the checksum: who it is, what it did, what it believes, to the last bit.
    pub fn sum(&self, agent: u32, beliefs: &[f64]) -> u64 {
        let mut hasher = FnvHasher::with_key(self.0.finish());
        hasher.write_u32(agent);
        for belief in beliefs {
            hasher.write_u64(belief.to_bits());
        }
        hasher.finish()
    }
}

/// The checksum of all, of each one's part.
pub fn all(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::wrapping_add)
}
