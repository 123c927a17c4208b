//! Messages between agents, none lost unaccounted.
//!
//! A [`Router`] knows agents by [`AgentId`] and keeps a mailbox for each, spread over shards that
//! have a lock of their own. One message at a time is sent by [`Router::send`] and received from a
//! [`Mailbox`], blocking or async. Threads that agents belong to work on a whole shard with its lock
//! taken once ([`Router::work`]) and send to the others by the batch ([`Outbox`]).
//!
//! What holds, whoever sends and receives on however many threads:
//!
//! - **Order.** What one sender sends to one receiver with one [`Priority`] is received in that order.
//!   A sender is whoever uses one [`Outbox`], or calls [`Router::send`] one after the other.
//! - **Turns.** Senders that wait for room get it in the order in which they came, agents of a
//!   [`Desk`] are served one message each in turn, and no priority starves.
//! - **Accounts.** `sent = delivered + queued + dropped + dead` at every moment at which nothing
//!   moves: [`Router::accounts`]. What is dropped is counted by reason, what has nowhere to go is a
//!   dead letter.
//! - **Identity.** A message for an agent that was removed never reaches the next owner of its
//!   place.
//! - **No one waits for the dead.** When an agent is removed, senders that wait for room in its
//!   mailbox go on: their messages are dead letters.
//! - **Giving up loses nothing.** A message leaves a mailbox only when it is returned; a dropped
//!   future of [`Mailbox::receive_async`] has taken none.
//! - **Code of others runs unlocked.** Messages are copied and dropped, and tasks woken, while no
//!   shard is held: a message may own a [`Mailbox`] of the same router.
//!
//! Whom a message is for need not be known by id. [`Router::publish`] sends to the subscribers of a
//! topic ([`topics`]), [`Router::broadcast`] to everyone, a [`Team`] to one of many alike
//! ([`groups`]), [`Router::send_by_content`] to whoever wants it ([`content`]); those who take part
//! come and go while messages flow. [`Router::request`] waits for a reply, [`Router::drain`] and
//! [`Router::shut_down`] end it all, and [`Router::snapshot`] tells what happened.
//!
//! ```
//! use router::{Envelope, MailboxOptions, Router};
//!
//! let router = Router::default();
//! let mut explorer = router.mailbox(MailboxOptions::default())?;
//! let scout = router.register_named("scout", MailboxOptions::default())?;
//!
//! router.send(explorer.id(), Envelope::new(scout, "north is free"))?;
//! let heard = explorer.receive()?;
//! assert_eq!((heard.from, heard.message), (router.find("scout"), "north is free"));
//! assert!(router.accounts().balance());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `serde`, off by default, an [`AgentId`], an [`Envelope`] and the [`Accounts`] can
//! be serialized.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod accounts;
mod address;
mod aftermath;
mod aside;
mod cell;
mod closing;
pub mod content;
mod dead_letters;
mod desk;
mod envelope;
mod error;
mod fanout;
pub mod groups;
mod id;
mod mailbox;
mod mix;
mod names;
mod outbox;
mod parking;
mod priority;
mod queue;
mod ready;
mod receiving;
mod request;
mod route;
mod router;
mod samples;
mod sending;
mod shard;
mod slot;
mod snapshot;
mod subscriptions;
mod sync;
mod tally;
mod team;
pub mod topics;
mod watch;
#[cfg(feature = "serde")]
mod wire;
pub mod workload;

pub use accounts::{Accounts, DeadCounts, Dropped, Reason};
pub use desk::Desk;
pub use envelope::Envelope;
pub use error::{
    DeskError, FanoutError, ReceiveError, RegisterError, RequestError, SendError, SubscribeError,
    TeamError,
};
pub use fanout::{Fanout, Reached};
pub use id::AgentId;
pub use mailbox::{Depth, Mailbox, MailboxOptions, WhenFull};
pub use outbox::Outbox;
pub use priority::Priority;
pub use route::Route;
pub use router::{DeadLetter, Router, RouterOptions, Sent};
pub use samples::Latency;
pub use snapshot::{RouteUsage, ShardUsage, Snapshot, Use};
pub use team::{Choice, Team};
