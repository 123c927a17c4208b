//! What agents tell each other.

/// Cells of the ring that coordinating agents walk on.
pub const CELLS: usize = 6;

/// Bytes of a note on its way between processes.
pub const BYTES: usize = 4 + 4 + 8 + 8 * CELLS;

/// Where an agent is, as far as it saw and believes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// The step in which it was told.
    pub step: u32,
    /// Who tells.
    pub from: u32,
    /// The cell that it saw itself in.
    pub cell: u64,
    /// What it believes about its cell.
    pub belief: [f64; CELLS],
}

impl Note {
    /// As bytes, little endian.
    pub fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&self.step.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.from.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.cell.to_le_bytes());
        for (place, belief) in bytes[16..].chunks_exact_mut(8).zip(self.belief) {
            place.copy_from_slice(&belief.to_le_bytes());
        }
        bytes
    }

    /// What [`Note::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        let four = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let eight = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Self {
            step: u32::from_le_bytes(four(0)),
            from: u32::from_le_bytes(four(4)),
            cell: eight(8),
            belief: std::array::from_fn(|i| f64::from_bits(eight(16 + 8 * i))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_note_arrives_as_it_was_sent(
            step in any::<u32>(),
            from in any::<u32>(),
            cell in any::<u64>(),
            belief in any::<[f64; CELLS]>(),
        ) {
            let note = Note { step, from, cell, belief };
            let arrived = Note::from_bytes(&note.to_bytes());
            prop_assert_eq!((arrived.step, arrived.from, arrived.cell), (step, from, cell));
            prop_assert_eq!(arrived.belief.map(f64::to_bits), belief.map(f64::to_bits));
        }
    }
}
