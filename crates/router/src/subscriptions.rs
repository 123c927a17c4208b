//! Sending to whoever wants it: by topic, and by content.

use std::sync::RwLock;

use crate::content::{ContentFilters, Filter, SubscriptionId};
use crate::route::Route;
use crate::sync::{read, write};
use crate::topics::{Matches, Topic, TopicFilter, Topics};
use crate::{AgentId, Envelope, Fanout, FanoutError, Router, SubscribeError};

/// Who wants what, beside the mailboxes: many publish at once, and none while it changes.
#[derive(Debug)]
pub(crate) struct Subscriptions<M> {
    topics: RwLock<Topics>,
    filters: RwLock<ContentFilters<M>>,
}

impl<M> Subscriptions<M> {
    pub(crate) fn new() -> Self {
        Self { topics: RwLock::default(), filters: RwLock::default() }
    }

    /// Ends those of an agent that is gone. Most agents have none; those need not be waited for.
    pub(crate) fn remove(&self, agent: AgentId) {
        let has_topics = read(&self.topics).filters_of(agent).next().is_some();
        if has_topics {
            write(&self.topics).remove(agent);
        }
        let has_filters = read(&self.filters).has(agent);
        if has_filters {
            write(&self.filters).remove(agent);
        }
    }
}

impl<M> Router<M> {
    /// Subscribes an agent to the topics that a filter matches ([`topics`](crate::topics) has the
    /// rules); whether it was not by this filter already. Its subscriptions end when it is removed.
    ///
    /// # Errors
    /// If that is no filter, or there is no such agent.
    pub fn subscribe(&self, agent: AgentId, filter: &str) -> Result<bool, SubscribeError> {
        let filter = TopicFilter::parse(filter)?;
        let mut topics = write(&self.subscriptions().topics);
        let is_new = topics.subscribe(&filter, agent);
        // Looked at after: whoever removes the agent now ends this subscription, too.
        if !self.has(agent) {
            topics.remove(agent);
            return Err(SubscribeError::NoSuchAgent(agent));
        }
        Ok(is_new)
    }

    /// Ends a subscription; whether there was one.
    ///
    /// # Errors
    /// If that is no filter.
    pub fn unsubscribe(&self, agent: AgentId, filter: &str) -> Result<bool, SubscribeError> {
        let filter = TopicFilter::parse(filter)?;
        Ok(write(&self.subscriptions().topics).unsubscribe(&filter, agent))
    }

    /// Subscribes an agent to all that is [sent by content](Self::send_by_content) and that a filter
    /// wants. Its subscriptions end when it is removed.
    ///
    /// # Errors
    /// If there is no such agent.
    pub fn subscribe_by_content(
        &self,
        agent: AgentId,
        filter: Filter<M>,
    ) -> Result<SubscriptionId, SubscribeError> {
        let mut filters = write(&self.subscriptions().filters);
        let subscription = filters.subscribe(agent, filter);
        if !self.has(agent) {
            filters.remove(agent);
            return Err(SubscribeError::NoSuchAgent(agent));
        }
        Ok(subscription)
    }

    /// Ends a subscription; whether there was one.
    pub fn unsubscribe_by_content(&self, subscription: SubscriptionId) -> bool {
        write(&self.subscriptions().filters).unsubscribe(subscription)
    }

    /// How many times a filter panicked instead of answering.
    #[must_use]
    pub fn filter_panics(&self) -> u64 {
        read(&self.subscriptions().filters).panics()
    }
}

impl<M: Clone> Router<M> {
    /// Sends a message to the subscribers of a topic, to each once.
    ///
    /// # Errors
    /// If that is no topic, or the router is closed: then the message comes back.
    pub fn publish(&self, topic: &str, envelope: Envelope<M>) -> Result<Fanout<M>, FanoutError<M>> {
        let topic = Topic::parse(topic)?;
        let mut matches = Matches::default();
        read(&self.subscriptions().topics).matches(topic, &mut matches);
        self.send_to_each(matches.into_agents(), envelope.by(Route::Topic))
    }

    /// Sends a message to the agents of whose filters one wants it, to each once. All filters are
    /// asked.
    ///
    /// # Errors
    /// The message back, if the router is closed.
    pub fn send_by_content(&self, envelope: Envelope<M>) -> Result<Fanout<M>, FanoutError<M>> {
        let envelope = envelope.by(Route::Content);
        let mut agents = Vec::new();
        read(&self.subscriptions().filters).matches(&envelope, &mut agents);
        self.send_to_each(agents, envelope)
    }
}
