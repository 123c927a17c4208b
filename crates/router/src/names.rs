//! Names of agents.

use std::collections::HashMap;
use std::sync::Arc;

use crate::AgentId;

/// Each name means one agent, and an agent has at most one.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_name: HashMap<Arc<str>, AgentId>,
    by_id: HashMap<AgentId, Arc<str>>,
}

impl Names {
    pub(crate) fn find(&self, name: &str) -> Option<AgentId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn has(&self, agent: AgentId) -> bool {
        self.by_id.contains_key(&agent)
    }

    /// Gives an agent a name that nobody has.
    pub(crate) fn add(&mut self, name: &str, agent: AgentId) {
        let name: Arc<str> = name.into();
        self.by_id.insert(agent, Arc::clone(&name));
        self.by_name.insert(name, agent);
    }

    pub(crate) fn remove(&mut self, agent: AgentId) {
        if let Some(name) = self.by_id.remove(&agent) {
            self.by_name.remove(&name);
        }
    }
}
