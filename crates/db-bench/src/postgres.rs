//! A PostgreSQL server to work with: a throw-away cluster of the installed programs.

mod account;
mod cluster;
mod error;
mod existing;
mod installation;
mod keeper;

pub use cluster::{Cluster, Settings};
pub use error::{ClusterError, ServerError};
pub use installation::Installation;
