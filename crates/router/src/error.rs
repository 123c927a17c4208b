//! What can go wrong, and the message back where there was one.

use crate::topics::TopicError;
use crate::{AgentId, Envelope};

/// A message that was not sent, back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError<M> {
    /// The mailbox is full and rejects, or was not waited for long enough.
    #[error("the mailbox of agent {to} is full; receive from it, or give it more capacity")]
    Full {
        /// For whom it was.
        to: AgentId,
        /// The message.
        envelope: Envelope<M>,
    },
    /// The router was closed.
    #[error("the router is closed: it delivers what was sent before, and takes nothing more")]
    Closed {
        /// For whom it was.
        to: AgentId,
        /// The message.
        envelope: Envelope<M>,
    },
}

impl<M> SendError<M> {
    /// The message.
    pub fn into_envelope(self) -> Envelope<M> {
        match self {
            Self::Full { envelope, .. } | Self::Closed { envelope, .. } => envelope,
        }
    }
}

/// A message that could not be sent within one shard, back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeskError<M> {
    /// The mailbox is full.
    #[error("the mailbox of agent {to} is full; receive from it, or give it more capacity")]
    Full {
        /// For whom it was.
        to: AgentId,
        /// The message.
        envelope: Envelope<M>,
    },
    /// The agent is of another shard.
    #[error("agent {to} is of another shard; send to it by an outbox")]
    Elsewhere {
        /// For whom it was.
        to: AgentId,
        /// The message.
        envelope: Envelope<M>,
    },
}

/// Why there is nothing to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// Nothing is there yet.
    #[error("the mailbox of agent {0} is empty")]
    Empty(AgentId),
    /// The agent was removed, or never was.
    #[error("there is no agent {0}: it was removed, or the id is another router's")]
    NoSuchAgent(AgentId),
    /// The router was closed and the mailbox is empty: nothing will ever come.
    #[error("the router is closed and the mailbox of agent {0} is empty")]
    Closed(AgentId),
}

/// Why an agent was not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Another agent has that name.
    #[error("the name '{name}' is agent {owner}'s; remove that agent first, or choose another")]
    NameTaken {
        /// The name.
        name: Box<str>,
        /// Who has it.
        owner: AgentId,
    },
    /// Every id is in use.
    #[error("all {0} places for agents are taken; remove some, or use a second router")]
    TooMany(u64),
    /// The router was closed.
    #[error("the router is closed and takes no agents")]
    Closed,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError<M> {
    /// The request could not be sent; it comes back.
    #[error(transparent)]
    NotSent(#[from] SendError<M>),
    /// There is no agent to ask; the request is a dead letter.
    #[error("there is no agent {0} to ask; ask one that is registered")]
    NoSuchAgent(AgentId),
    /// The mailbox was full and dropped the request.
    #[error("the mailbox of agent {0} is full and dropped the request; give it more capacity")]
    Dropped(AgentId),
    /// The deadline passed first.
    #[error("agent {0} did not reply before the deadline")]
    TimedOut(AgentId),
    /// The router was closed, and the reply had not come.
    #[error("the router was closed before agent {0} replied")]
    Closed(AgentId),
    /// The message that is replied to came from no agent; the reply comes back.
    #[error("the message came from outside: there is no agent to reply to")]
    NobodyAsked(Envelope<M>),
    /// No agent could be registered to receive the reply.
    #[error("the reply has no mailbox: {0}")]
    NoMailbox(#[from] RegisterError),
}

/// Why a message was sent to none of several agents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FanoutError<M> {
    /// The router was closed; the message comes back.
    #[error("the router is closed: it delivers what was sent before, and takes nothing more")]
    Closed(Envelope<M>),
    /// It was published on what is no topic.
    #[error(transparent)]
    Topic(#[from] TopicError),
}

/// Why an agent was not subscribed, or did not join.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscribeError {
    /// There is no such agent.
    #[error("there is no agent {0}; register it first")]
    NoSuchAgent(AgentId),
    /// That is no filter.
    #[error(transparent)]
    Filter(#[from] TopicError),
}

/// Why a message was not sent to one of a team.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TeamError<M> {
    /// Nobody is there; the message comes back.
    #[error("the team has no members; let agents join it")]
    Nobody(Envelope<M>),
    /// Whoever was chosen did not get it; the message comes back.
    #[error(transparent)]
    NotSent(#[from] SendError<M>),
}
