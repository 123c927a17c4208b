//! The parts that do not need the allocator's account.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/history.rs"]
mod history;
#[path = "it/workload.rs"]
mod workload;
