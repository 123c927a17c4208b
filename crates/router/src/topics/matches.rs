//! Subscribers gathered from several sets.

use std::collections::BTreeSet;

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

/// Merges a set into what is sorted already; who is in both is there twice and side by side.
///
/// It works from the end and in place. The usual small set beside a large one moves what is behind
/// its members once, and no more.
pub(super) fn merge(agents: &mut Vec<AgentId>, set: &BTreeSet<AgentId>) {
    let mut left = agents.len();
    let is_after = agents.last() < set.first();
    agents.extend(set);
    if is_after {
        return;
    }
    let mut to = agents.len();
    for member in set.iter().rev() {
        while left > 0 && agents[left - 1] > *member {
            left -= 1;
            to -= 1;
            agents[to] = agents[left];
        }
        to -= 1;
        agents[to] = *member;
    }
}
