//! Messages between agents, none lost unaccounted.
//!
//! A [`Router`] knows agents by [`AgentId`] and keeps a mailbox for each, spread over shards that
//! have a lock of their own. One message at a time is sent by [`Router::send`] and received from a
//! [`Mailbox`], blocking or async. Threads that agents belong to work on a whole shard with its lock
//! taken once ([`Router::work`]) and send to the others by the batch ([`Outbox`]).
//!
//! What holds, whoever sends and receives on however many threads:
//!
//! - **Order.** What one sender sends to one receiver is received in that order. A sender is whoever
//!   uses one [`Outbox`], or calls [`Router::send`] one after the other.
//! - **Accounts.** `sent = delivered + queued + dropped + dead` at every moment at which nothing
//!   moves: [`Router::accounts`]. What is dropped is counted by reason, what has nowhere to go is a
//!   dead letter.
//! - **Identity.** A message for an agent that was removed never reaches the next owner of its
//!   place.
//! - **No one waits for the dead.** When an agent is removed, senders that wait for room in its
//!   mailbox go on: their messages are dead letters.
//! - **Giving up loses nothing.** A message leaves a mailbox only when it is returned; a dropped
//!   future of [`Mailbox::receive_async`] has taken none.
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
mod cell;
mod desk;
mod envelope;
mod error;
mod id;
mod mailbox;
mod names;
mod outbox;
mod parking;
mod queue;
mod router;
mod sending;
mod shard;
mod waiting;
#[cfg(feature = "serde")]
mod wire;
pub mod workload;

pub use accounts::{Accounts, DeadCounts, Dropped, Reason};
pub use desk::Desk;
pub use envelope::Envelope;
pub use error::{DeskError, ReceiveError, RegisterError, SendError};
pub use id::AgentId;
pub use mailbox::{Mailbox, MailboxOptions, WhenFull};
pub use outbox::Outbox;
pub use router::{DeadLetter, Router, RouterOptions, Sent};
pub use shard::Depth;
