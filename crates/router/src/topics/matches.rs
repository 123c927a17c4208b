//! Subscribers gathered from several filters.

use super::trie::NodeId;
use crate::AgentId;

/// The subscribers of a topic, and room to look for them: one of each publishing thread's own, used
/// again and again, so that nothing is allocated once it has grown.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    pub(super) agents: Vec<AgentId>,
    pub(super) reached: Vec<NodeId>,
}

impl Matches {
    /// Who they are, each once, the smallest id first.
    #[must_use]
    pub fn agents(&self) -> &[AgentId] {
        &self.agents
    }

    pub(crate) fn into_agents(self) -> Vec<AgentId> {
        self.agents
    }
}
