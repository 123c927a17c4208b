//! What the store keeps, as typed rows.

use std::hash::{Hash, Hasher};

/// An agent's key in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentKey(pub i64);

/// A message's key in the store, given in the order of insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey(pub i64);

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Agent {
    /// Its key.
    pub key: AgentKey,
    /// Its name, which no other agent has.
    pub name: String,
    /// What kind of agent it is.
    pub kind: String,
    /// Steps it took.
    pub steps: i64,
}

/// A message before it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewMessage {
    /// Who sent it.
    pub sender: AgentKey,
    /// Whom it is for.
    pub receiver: AgentKey,
    /// When, in nanoseconds since the epoch.
    pub sent_ns: i64,
    /// What it is about; there is an index on it.
    pub topic: String,
    /// The same again without an index.
    pub tag: String,
    /// What it says.
    pub body: String,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Its key.
    pub key: MessageKey,
    /// What was stored.
    pub content: NewMessage,
}

/// What an agent believed after a step: its posterior over the states of all factors, one after
/// the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// Whose.
    pub agent: AgentKey,
    /// After which step.
    pub step: i64,
    /// Probabilities, bit by bit as they were given.
    pub posterior: Vec<f64>,
}

/// By the bits of its probabilities.
impl Hash for Belief {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.agent, self.step).hash(state);
        self.posterior.iter().for_each(|probability| probability.to_bits().hash(state));
    }
}

/// What an agent observed in one modality at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observation {
    /// Who.
    pub agent: AgentKey,
    /// At which step.
    pub step: i64,
    /// Which modality.
    pub modality: i64,
    /// Which outcome.
    pub outcome: i64,
}

/// How an agent is related to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i64)]
pub enum EdgeKind {
    /// They act together.
    Coalition = 0,
    /// One knows of the other.
    Knowledge = 1,
}

/// A relation between two agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// From whom.
    pub source: AgentKey,
    /// To whom.
    pub target: AgentKey,
    /// Which relation.
    pub kind: EdgeKind,
    /// How strong it is.
    pub weight: f64,
}

/// Messages by the kind of agent that sent them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traffic {
    /// The senders' kind.
    pub kind: String,
    /// Messages.
    pub messages: i64,
    /// Characters of their bodies.
    pub characters: i64,
}

/// An agent and how many messages it received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Popularity {
    /// Who.
    pub agent: AgentKey,
    /// How many.
    pub messages: i64,
}

/// A transfer like TPC-B's: an amount goes to an account, by a teller of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transfer {
    /// The account, from 1 on.
    pub account: i64,
    /// The teller, from 1 on.
    pub teller: i64,
    /// The branch, from 1 on.
    pub branch: i64,
    /// How much; may be negative.
    pub amount: i64,
}

/// The columns of a row, as both drivers give them.
pub(crate) type AgentColumns = (i64, String, String, i64);
pub(crate) type MessageColumns = (i64, i64, i64, i64, String, String, String);
pub(crate) type TrafficColumns = (String, i64, i64);
pub(crate) type PopularityColumns = (i64, i64);
pub(crate) type ObservationColumns = (i64, i64, i64, i64);

impl From<AgentColumns> for Agent {
    fn from((key, name, kind, steps): AgentColumns) -> Self {
        Self { key: AgentKey(key), name, kind, steps }
    }
}

impl From<MessageColumns> for Message {
    fn from((key, sender, receiver, sent_ns, topic, tag, body): MessageColumns) -> Self {
        let (sender, receiver) = (AgentKey(sender), AgentKey(receiver));
        let content = NewMessage { sender, receiver, sent_ns, topic, tag, body };
        Self { key: MessageKey(key), content }
    }
}

impl From<TrafficColumns> for Traffic {
    fn from((kind, messages, characters): TrafficColumns) -> Self {
        Self { kind, messages, characters }
    }
}

impl From<PopularityColumns> for Popularity {
    fn from((agent, messages): PopularityColumns) -> Self {
        Self { agent: AgentKey(agent), messages }
    }
}

impl From<ObservationColumns> for Observation {
    fn from((agent, step, modality, outcome): ObservationColumns) -> Self {
        Self { agent: AgentKey(agent), step, modality, outcome }
    }
}

impl Edge {
    /// Relations of one agent, from the targets and weights that a query gives.
    pub(crate) fn from_source(
        source: AgentKey,
        kind: EdgeKind,
        found: Vec<(i64, f64)>,
    ) -> Vec<Self> {
        let edge = |(target, weight)| Self { source, target: AgentKey(target), kind, weight };
        found.into_iter().map(edge).collect()
    }
}
