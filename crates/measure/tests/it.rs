//! Integration tests of `measure`, one module per concept.

#[path = "it/figure.rs"]
mod figure;
#[path = "it/latency.rs"]
mod latency;
#[path = "it/pacing.rs"]
mod pacing;
#[path = "it/run_file.rs"]
mod run_file;
#[path = "it/summary.rs"]
mod summary;
#[path = "it/usage.rs"]
mod usage;
