//! The table of subscriptions.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::subscribers::Subscribers;
use super::trie::Trie;
use super::{Matches, Topic, TopicFilter};
use crate::AgentId;

/// Subscriptions by topic.
///
/// Those without wildcards are found by one hash of the topic; those with wildcards are in a trie,
/// which is walked only if there are any.
///
/// The hashes have no random seed, so that the same calls take the same instructions and memory in
/// every run. Whoever may choose topics could therefore make them collide: within a process the
/// agents are trusted, at its border count topics or check them.
#[derive(Clone, Debug, Default)]
pub struct Topics {
    exact: HashMap<Arc<str>, Subscribers, FixedState>,
    wildcards: Trie,
    by_agent: HashMap<AgentId, HashSet<TopicFilter, FixedState>, FixedState>,
}

impl Topics {
    /// Subscribes an agent; whether it was not by this filter already.
    ///
    /// O(levels of the filter + log subscribers).
    pub fn subscribe(&mut self, filter: &TopicFilter, agent: AgentId) -> bool {
        let is_new = self.by_agent.entry(agent).or_default().insert(filter.clone());
        if is_new && filter.is_exact() {
            self.exact.entry(Arc::clone(filter.text())).or_default().insert(agent);
        } else if is_new {
            self.wildcards.add(filter, agent);
        }
        is_new
    }

    /// Ends a subscription; whether there was one.
    ///
    /// O(levels of the filter + log subscribers).
    pub fn unsubscribe(&mut self, filter: &TopicFilter, agent: AgentId) -> bool {
        let Entry::Occupied(mut own) = self.by_agent.entry(agent) else { return false };
        if !own.get_mut().remove(filter) {
            return false;
        }
        if own.get().is_empty() {
            own.remove();
        }
        self.forget(filter, agent);
        true
    }

    /// Ends all subscriptions of an agent; returns how many there were.
    ///
    /// O(that many), each as by [`unsubscribe`](Self::unsubscribe).
    pub fn remove(&mut self, agent: AgentId) -> usize {
        let own = self.by_agent.remove(&agent).unwrap_or_default();
        for filter in &own {
            self.forget(filter, agent);
        }
        own.len()
    }

    /// Replaces what is in `matches` by the subscribers of a topic: each once, however many of its
    /// filters match, the smallest id first.
    ///
    /// O(length of the topic + nodes of the trie that match its beginnings + subscribers), where the
    /// subscribers of an exact filter and of few with wildcards are found; each further filter with
    /// wildcards costs up to the number of subscribers again, as they are merged one after the
    /// other. Allocates nothing once `matches` has grown.
    pub fn matches(&self, topic: Topic<'_>, matches: &mut Matches) {
        let Matches { agents, reached } = matches;
        agents.clear();
        if let Some(subscribers) = self.exact.get(topic.as_str()) {
            subscribers.merge_into(agents);
        }
        self.wildcards.visit(topic, reached, |subscribers| subscribers.merge_into(agents));
        agents.dedup();
    }

    /// The filters that an agent subscribes by, in no particular order.
    pub fn filters_of(&self, agent: AgentId) -> impl Iterator<Item = &TopicFilter> {
        self.by_agent.get(&agent).into_iter().flatten()
    }

    /// Whether there are no subscriptions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_agent.is_empty()
    }

    /// Ends a subscription that is no longer among the agent's own.
    fn forget(&mut self, filter: &TopicFilter, agent: AgentId) {
        if !filter.is_exact() {
            return self.wildcards.remove(filter, agent);
        }
        if let Some(agents) = self.exact.get_mut(filter.as_str()) {
            agents.remove(agent);
            if agents.is_empty() {
                self.exact.remove(filter.as_str());
            }
        }
    }
}
