//! Who wants a message by what is in it.
//!
//! Where names and topics do not say enough, agents subscribe by a [`Filter`]: a function from an
//! envelope to yes or no. All filters are asked for every message, so it costs what they cost: put
//! what many share into a topic, and the rest into filters.
//!
//! **A filter that panics** says no, to that message. Other subscribers and the sender, who have
//! nothing to do with it, notice nothing; [`ContentFilters::panics`] counts it and the panic hook
//! reports it as ever. What the filter itself keeps may be broken by it; a lock in it, for one, is
//! poisoned. Built with `panic = "abort"` the process ends, as by any panic.
//!
//! ```
//! use router::content::{ContentFilters, Filter};
//! use router::{Envelope, MailboxOptions, Router};
//!
//! struct Reading { celsius: f64 }
//!
//! let router: Router<Reading> = Router::default();
//! let alarm = router.register(MailboxOptions::default())?;
//!
//! let mut filters = ContentFilters::default();
//! let hot = filters.subscribe(
//!     alarm,
//!     Filter::new(|envelope: &Envelope<Reading>| envelope.message.celsius > 90.0),
//! );
//!
//! let mut wanted_by = Vec::new();
//! filters.matches(&Envelope::new(None, Reading { celsius: 95.0 }), &mut wanted_by);
//! assert_eq!(wanted_by, [alarm]);
//! assert!(filters.unsubscribe(hot));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{AgentId, Envelope};

/// Which messages are wanted. A clone is the same function.
pub struct Filter<M>(Arc<Predicate<M>>);

type Predicate<M> = dyn Fn(&Envelope<M>) -> bool + Send + Sync;

/// A subscription by content, to end it by.
///
/// Functions cannot be compared, so each subscription has a number of its own, even by one filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId {
    agent: AgentId,
    number: u64,
}

/// Subscriptions by content.
#[derive(Debug)]
pub struct ContentFilters<M> {
    by_agent: BTreeMap<AgentId, Vec<(u64, Filter<M>)>>,
    next: u64,
    panics: AtomicU64,
}

impl<M> Filter<M> {
    /// A filter that wants what the function says yes to. It is asked by whoever sends, on any
    /// thread, while subscriptions cannot change: it must be quick and use no router.
    pub fn new(is_wanted: impl Fn(&Envelope<M>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_wanted))
    }

    /// Whether it wants a message; panics if the function does.
    pub fn wants(&self, envelope: &Envelope<M>) -> bool {
        (self.0)(envelope)
    }
}

impl<M> ContentFilters<M> {
    /// Subscribes an agent. O(log subscribers).
    pub fn subscribe(&mut self, agent: AgentId, filter: Filter<M>) -> SubscriptionId {
        let number = self.next;
        self.next += 1;
        self.by_agent.entry(agent).or_default().push((number, filter));
        SubscriptionId { agent, number }
    }

    /// Ends a subscription; whether there was one. O(log subscribers + the agent's own).
    pub fn unsubscribe(&mut self, SubscriptionId { agent, number }: SubscriptionId) -> bool {
        let Some(own) = self.by_agent.get_mut(&agent) else { return false };
        let Some(place) = own.iter().position(|(other, _)| *other == number) else { return false };
        own.remove(place);
        if own.is_empty() {
            self.by_agent.remove(&agent);
        }
        true
    }

    /// Ends all subscriptions of an agent; returns how many there were.
    pub fn remove(&mut self, agent: AgentId) -> usize {
        self.by_agent.remove(&agent).map_or(0, |own| own.len())
    }

    /// Replaces what is in `out` by who wants a message: each once, the smallest id first.
    ///
    /// Asks the filters of an agent in the order of subscription until one says yes. Allocates
    /// nothing once `out` has grown.
    pub fn matches(&self, envelope: &Envelope<M>, out: &mut Vec<AgentId>) {
        out.clear();
        for (agent, own) in &self.by_agent {
            if own.iter().any(|(_, filter)| self.ask(filter, envelope)) {
                out.push(*agent);
            }
        }
    }

    /// How many times a filter panicked instead of answering.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Whether there are no subscriptions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_agent.is_empty()
    }

    fn ask(&self, filter: &Filter<M>, envelope: &Envelope<M>) -> bool {
        // Nothing of the table is in the filter's hands; the rest is its own and the message's.
        catch_unwind(AssertUnwindSafe(|| filter.wants(envelope))).unwrap_or_else(|_| {
            self.panics.fetch_add(1, Ordering::Relaxed);
            false
        })
    }
}

impl<M> Default for ContentFilters<M> {
    fn default() -> Self {
        Self { by_agent: BTreeMap::new(), next: 0, panics: AtomicU64::new(0) }
    }
}

impl<M> Clone for Filter<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> fmt::Debug for Filter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}
