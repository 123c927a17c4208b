//! One society of agents, run in every way that a program has: inline, a thread for each agent, a
//! pool of threads, async tasks, processes. The same agents do the same work and come to the same
//! beliefs, which a checksum proves; what differs is time.
//!
//! A [`Plan`] says what the agents do ([`Task`]), how many there are and for how long; [`run`] has
//! them do it in one [`Way`] and tells the [`Outcome`]: the checksum, and the times of starting up, of
//! the steps themselves and of tearing down, apart. Agents are `agent-core`'s, messages within a
//! process go by `router`.
//!
//! ```
//! use concurrency_model::{Plan, Task, Way, run};
//!
//! let plan = Plan { task: Task::Coordination, agents: 8, steps: 20, ..Plan::default() };
//! let inline = run(&plan, Way::Inline)?;
//! for way in [Way::ThreadPerAgent, Way::Pool { threads: 2 }, Way::Tasks { threads: 2 }] {
//!     assert_eq!(run(&plan, way)?.checksum, inline.checksum);
//! }
//! # Ok::<(), concurrency_model::RunError>(())
//! ```
//!
//! Workers that are processes of their own ([`Way::Processes`]) are this same program, started again:
//! whoever uses them calls [`processes::serve_if_asked`] first thing in `main`.
//!
//! What holds in every way: an error or a panic of one agent ends the run with an error and leaves
//! nothing running, and so does a worker that dies.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod checksum;
mod error;
mod member;
mod note;
mod plan;
mod society;
mod ways;
pub mod workload;

pub use error::RunError;
pub use plan::{Channel, Fault, Mishap, Plan, Task};
pub use ways::{Outcome, Way, processes, run};
