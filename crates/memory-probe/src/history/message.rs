//! A message as agents hold it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a message is meant to do, after the speech acts of FIPA's agent communication language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// Says what the sender holds to be true.
    Inform,
    /// Asks for something to be done.
    Request,
    /// Offers something.
    Propose,
    /// Says no.
    Refuse,
}

impl Kind {
    /// All of them, by their number.
    pub const ALL: [Self; 4] = [Self::Inform, Self::Request, Self::Propose, Self::Refuse];
}

/// A message between two agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// When it was sent, in nanoseconds since some beginning.
    pub time_ns: u64,
    /// Who sent it.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// What it is meant to do.
    pub kind: Kind,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// Figures by name.
    pub figures: BTreeMap<String, f64>,
}

/// Figures that fit one node of std's map.
const NODE: usize = 11;

/// Bytes of a leaf of std's map from strings to figures, as it is laid out since Rust 1.45.
const LEAF_BYTES: usize = NODE * (size_of::<String>() + size_of::<f64>()) + 16;

impl Message {
    /// Bytes that it holds on the heap, exactly for up to eleven figures, and by about a tenth too
    /// few for more.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let strings = [&self.from, &self.to, &self.subject, &self.text];
        let names = self.figures.keys();
        let strings: usize = strings.into_iter().chain(names).map(String::capacity).sum();
        strings + self.figures.len().div_ceil(NODE) * LEAF_BYTES
    }
}
