//! What can go wrong on the way to a server.

use std::io;
use std::path::PathBuf;

use super::existing::{SCHEMA, VARIABLE};

/// Why there is no throw-away cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No programs of a PostgreSQL server were found.
    #[error(
        "PostgreSQL is not installed: `sudo apt-get install postgresql`, `brew install \
         postgresql@17`, or set {VARIABLE}=postgresql://user:password@host/database"
    )]
    NotInstalled,
    /// The server refuses to run as root, and there is nobody else.
    #[error(
        "PostgreSQL refuses to run as root, and this system has no user {} to run it as: create \
         one, or run as another user than root",
        tried.join(" or ")
    )]
    Root {
        /// The users that were looked for.
        tried: [&'static str; 2],
    },
    /// Nowhere can a folder be made.
    #[error(
        "no folder for a PostgreSQL cluster can be made in {}: set TMPDIR to one of at most \
         {longest} bytes that the user who runs the server may write to",
        listed(tried),
        longest = super::cluster::LONGEST_PARENT
    )]
    Folder {
        /// Where it was tried.
        tried: Vec<PathBuf>,
    },
    /// The process that keeps the server could not be started, or is gone.
    #[error("the shell that keeps the PostgreSQL server: {0}")]
    Keeper(#[source] io::Error),
    /// A file of the cluster could not be written or looked at.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// initdb or the server failed.
    #[error("{program} failed; its last words: {said}")]
    Failed {
        /// Which of them.
        program: &'static str,
        /// The end of what it wrote.
        said: String,
    },
}

/// Why no server can be used. What is said of a URL that could not be understood has no part of it.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No throw-away cluster either.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The variable does not name a PostgreSQL database.
    #[error(
        "{VARIABLE} is malformed: {found}; it is to be like \
         postgresql://user:password@host:5432/database, or unset for a throw-away cluster"
    )]
    Malformed {
        /// What is wrong with it.
        found: String,
    },
    /// There is something of somebody else's in the database.
    #[error(
        "the database of {VARIABLE} is in use: it holds {count} objects that were not made here, \
         such as {example}; name an empty database, or say --allow-existing to work in it, in a \
         schema of our own"
    )]
    InUse {
        /// How many tables, functions and so on.
        count: i64,
        /// One of them.
        example: String,
    },
    /// The name of our schema is taken: by somebody else, or by a run that was killed.
    #[error(
        "the database of {VARIABLE} has a schema {SCHEMA}, which this run did not make: see that \
         nobody needs it and `drop schema {SCHEMA} cascade`"
    )]
    SchemaExists,
    /// The database cannot be reached or does not do what is needed.
    #[error("the database of {VARIABLE}: {0}")]
    Database(#[from] sqlx::Error),
    /// The thread that speaks to the database could not be started, or panicked.
    #[error("the database of {VARIABLE} could not be spoken to: {0}")]
    Runtime(#[source] io::Error),
}

fn listed(folders: &[PathBuf]) -> String {
    let shown: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
    if shown.is_empty() { "any usual place".to_owned() } else { shown.join(", ") }
}
