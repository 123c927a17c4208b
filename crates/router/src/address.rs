//! How an id says where its agent lives.

use crate::AgentId;
use crate::shard::Place;

/// The last bits of an index are the number of a shard, the others the slot in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) shard_bits: u32,
}

impl Addresses {
    /// The number of an agent's shard.
    #[inline]
    pub(crate) fn shard_of(self, agent: AgentId) -> usize {
        self.shard(agent.index() as usize)
    }

    /// A number of a shard, from any number.
    #[inline]
    pub(crate) fn shard(self, number: usize) -> usize {
        number & ((1 << self.shard_bits) - 1)
    }

    /// An agent's place in its shard.
    #[inline]
    pub(crate) fn place_of(self, agent: AgentId) -> Place {
        Place { slot: agent.index() >> self.shard_bits, owner: agent.owner() }
    }

    /// Who lives at a place in a shard.
    #[inline]
    pub(crate) fn id_of(self, shard: usize, place: Place) -> AgentId {
        AgentId::new(place.slot << self.shard_bits | shard as u32, place.owner)
    }
}
