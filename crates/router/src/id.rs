//! Who a message is from and for.

use std::fmt;
use std::num::NonZeroU32;

/// An agent's place in a router, and which of the place's owners it is: an id never means another
/// agent, even after its place was given to one.
///
/// 8 bytes, as is `Option<AgentId>`. It means something only to the router that made it; one that
/// was read from elsewhere (feature `serde`) is at worst an agent that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "crate::wire::WireId", try_from = "crate::wire::WireId")
)]
pub struct AgentId {
    index: u32,
    generation: NonZeroU32,
}

impl AgentId {
    pub(crate) const fn new(index: u32, generation: NonZeroU32) -> Self {
        Self { index, generation }
    }

    /// Its place: dense, used again after its agent is gone.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Which owner of the place it is, counted from 1.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.generation.get()
    }

    pub(crate) const fn owner(self) -> NonZeroU32 {
        self.generation
    }
}

impl fmt::Debug for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for AgentId {
    /// `INDEX.GENERATION`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}
