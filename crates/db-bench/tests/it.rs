//! The store, on real databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "it/stores.rs"]
mod stores;
