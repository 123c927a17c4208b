//! The agents' store on SQLite and PostgreSQL, and the load agents make.
//!
//! The store keeps agents, their beliefs, observations, messages and relations ([`rows`]). For async
//! callers it is a [`Store`]: [`SqliteThreads`], [`SqlxSqlite`] or [`SqlxPostgres`]; its operations are
//! also functions on one SQLite connection ([`sqlite`]). What it is filled with ([`data`]) and asked
//! ([`request`]) comes from a seed, and all answer the same. What can go wrong is done to them on purpose
//! ([`faults`]).

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod blob;
pub mod data;
pub mod disk;
mod durability;
mod error;
pub mod faults;
pub mod postgres;
pub mod request;
pub mod rows;
pub mod schema;
mod sql;
pub mod sqlite;
mod store;
pub mod workload;

pub use durability::Durability;
pub use error::{Source, StoreError};
pub use request::{Operation, Request, Requests};
pub use store::{
    Answer, GroupCommits, Lease, SqliteThreads, SqlxPostgres, SqlxSqlite, Store, ThreadsOptions,
};
