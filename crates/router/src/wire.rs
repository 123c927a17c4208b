//! An id as it travels: plain numbers that are checked on arrival.
//!
//! The form leaves the place of a node, so that ids of agents that live elsewhere can join without
//! a change to what is stored or sent today.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::AgentId;

/// An [`AgentId`] in any format.
#[derive(Serialize, Deserialize)]
#[serde(rename = "AgentId")]
pub(crate) struct WireId {
    /// Where the agent lives; none for the router that reads the id.
    #[serde(default)]
    node: Option<u32>,
    index: u32,
    generation: u32,
}

/// Why what was read is no id.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error(
        "agent id {index}.0 has generation 0, which no agent has: generations are counted from 1"
    )]
    NoGeneration { index: u32 },
    #[error(
        "agent id {index}.{generation} is of node {node}; this version reads ids of its own node \
         only, which name none"
    )]
    Elsewhere { node: u32, index: u32, generation: u32 },
}

impl From<AgentId> for WireId {
    fn from(id: AgentId) -> Self {
        Self { node: None, index: id.index(), generation: id.generation() }
    }
}

impl TryFrom<WireId> for AgentId {
    type Error = WireError;

    fn try_from(WireId { node, index, generation }: WireId) -> Result<Self, WireError> {
        if let Some(node) = node {
            return Err(WireError::Elsewhere { node, index, generation });
        }
        let generation = NonZeroU32::new(generation).ok_or(WireError::NoGeneration { index })?;
        Ok(Self::new(index, generation))
    }
}
