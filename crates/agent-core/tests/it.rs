//! Integration tests of `agent-core`, one module per concept.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "it/broken.rs"]
mod broken;
#[path = "it/derivations.rs"]
mod derivations;
#[path = "it/errors.rs"]
mod errors;
#[path = "it/extras.rs"]
mod extras;
#[path = "it/golden.rs"]
mod golden;
#[path = "it/growth.rs"]
mod growth;
#[path = "it/json.rs"]
mod json;
#[path = "it/learning.rs"]
mod learning;
#[path = "it/models.rs"]
mod models;
#[cfg(feature = "npz")]
#[path = "it/npz.rs"]
mod npz;
#[path = "it/population.rs"]
mod population;
#[path = "it/random_model.rs"]
mod random_model;
#[path = "it/single_precision.rs"]
mod single_precision;
#[path = "it/workload.rs"]
mod workload;
