//! xtask's commands as a user meets them.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "it/ab.rs"]
mod ab;
#[path = "it/bench.rs"]
mod bench;
#[path = "it/check.rs"]
mod check;
#[path = "it/export.rs"]
mod export;
#[path = "it/fixture.rs"]
mod fixture;
#[path = "it/heap.rs"]
mod heap;
#[path = "it/import.rs"]
mod import;
#[path = "it/peers.rs"]
mod peers;
#[path = "it/report.rs"]
mod report;
#[path = "it/trends.rs"]
mod trends;
