//! A PostgreSQL server to work with: [`Server::find`].
//!
//! It is a database that `DATABASE_URL` names, or a throw-away [`Cluster`] of the installed programs.
//! A cluster is stopped and removed however its process ends. A database of somebody's is worked in
//! only if it is empty or [`ExistingDatabase::Allowed`] was said, and then only in the schema
//! [`SCHEMA`], which is dropped at the end, also after Ctrl-C where `main` calls
//! [`end_on_interrupt`]; after `kill -9` it stays, and the next run says so.

mod account;
mod cluster;
mod error;
mod existing;
mod folders;
mod installation;
mod interrupt;
mod keeper;
mod server;
mod usage;

pub use cluster::{Cluster, Settings};
pub use error::{ClusterError, ServerError};
pub use existing::{ALLOW_VARIABLE, Existing, ExistingDatabase, SCHEMA, VARIABLE, drop_schemas};
pub use installation::Installation;
pub use interrupt::end_on_interrupt;
pub use server::Server;
pub use usage::{Counters, Sessions};
