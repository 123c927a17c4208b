//! Integration tests of `measure`, one module per concept.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

#[path = "it/change_points.rs"]
mod change_points;
#[path = "it/comparison.rs"]
mod comparison;
#[path = "it/figure.rs"]
mod figure;
#[path = "it/findings.rs"]
mod findings;
#[path = "it/latency.rs"]
mod latency;
#[path = "it/pacing.rs"]
mod pacing;
#[path = "it/peer.rs"]
mod peer;
#[path = "it/run_file.rs"]
mod run_file;
#[path = "it/runs.rs"]
mod runs;
#[path = "it/summary.rs"]
mod summary;
#[path = "it/usage.rs"]
mod usage;
