//! The server to work with, whichever there is.

use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

use super::cluster::{Cluster, Settings};
use super::error::ServerError;
use super::existing::{Existing, ExistingDatabase, VARIABLE};
use super::folders;
use super::installation::Installation;

/// A database to work in, in which everything is ours. What was made is removed when this is dropped.
#[derive(Debug)]
pub enum Server {
    /// A cluster of its own.
    ThrowAway(Cluster),
    /// What `DATABASE_URL` names.
    Existing(Existing),
}

impl Server {
    /// The database that `DATABASE_URL` names; if that is not set, or empty, a throw-away cluster.
    ///
    /// Blocks its thread, for about a second and a half where a cluster is started.
    ///
    /// # Errors
    /// [`ServerError`], whose message is one line that says what to do.
    pub fn find(existing: ExistingDatabase, settings: Settings) -> Result<Self, ServerError> {
        match std::env::var_os(VARIABLE) {
            Some(url) if !url.is_empty() => match url.to_str() {
                Some(url) => Ok(Self::Existing(Existing::open(url, existing)?)),
                None => Err(ServerError::Malformed { found: "it is not UTF-8".to_owned() }),
            },
            _ => Ok(Self::ThrowAway(Cluster::start(Installation::find()?, settings)?)),
        }
    }

    /// How to connect.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        match self {
            Self::ThrowAway(cluster) => cluster.options(),
            Self::Existing(database) => database.options(),
        }
    }

    /// The same for programs of PostgreSQL, such as `pgbench`; it may have a password in it.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::ThrowAway(cluster) => cluster.url(),
            Self::Existing(database) => database.url(),
        }
    }

    /// Where a program such as `psql` or `pgbench` is, if it is installed: for a throw-away cluster
    /// that of the server's own version.
    #[must_use]
    pub fn bin(&self, program: &str) -> Option<PathBuf> {
        match self {
            Self::ThrowAway(cluster) => cluster.installation().bin(program),
            Self::Existing(_) => folders::program(program),
        }
    }
}
