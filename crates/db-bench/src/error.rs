//! Why the store could not do what it was asked.

use std::error::Error;

use sqlx::postgres::PgDatabaseError;

/// What a driver said.
pub type Source = Box<dyn Error + Send + Sync>;

/// Why an operation failed. Whatever it was, a transaction that was not answered with success has
/// changed nothing, but for [`StoreError::Unavailable`], after which nobody knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process or connection writes and did not end in time.
    #[error("another writer held the database for too long; try again, or wait longer: {0}")]
    Busy(#[source] Source),
    /// There is no room.
    #[error("the disk or the file's size limit is full; make room, nothing was changed: {0}")]
    Full(#[source] Source),
    /// What is stored makes no sense.
    #[error("the database is damaged or is none; restore a copy: {0}")]
    Corrupt(#[source] Source),
    /// A row contradicts what is stored, such as a name that is taken or an agent that is not there.
    #[error("the row contradicts what is stored: {0}")]
    Constraint(#[source] Source),
    /// The connection is lost or was never made. A commit under way may have happened or not.
    #[error("the database cannot be reached, or the connection broke: {0}")]
    Unavailable(#[source] Source),
    /// All connections of the pool were in use for too long.
    #[error("no connection of the pool became free in time; make it larger, or ask for less")]
    NoConnection,
    /// The store was closed.
    #[error("the store was closed")]
    Closed,
    /// Another transaction of the same group made SQLite undo the whole group, as it does when the
    /// disk is full.
    #[error(
        "another transaction undid the group that this one was in; nothing was changed, ask again"
    )]
    Undone,
    /// What is no file, or one without a write-ahead log, cannot be shared by threads.
    #[error("the journal is '{journal}', but threads can only share a file with a write-ahead log")]
    NotShared {
        /// SQLite's journal mode.
        journal: String,
    },
    /// A thread of the store could not be started.
    #[error("a thread could not be started; ask for fewer connections: {0}")]
    Thread(#[source] std::io::Error),
    /// The store is of a later version of this crate.
    #[error("the store has schema version {found}, this program knows up to {known}; update it")]
    Newer {
        /// The store's.
        found: u32,
        /// The latest that is known here.
        known: u32,
    },
    /// A stored value is not of the kind that is kept there.
    #[error("{what} makes no sense: {why}")]
    Row {
        /// Table and column.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Anything else the driver says.
    #[error("the database refused: {0}")]
    Other(#[source] Source),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error().map(|said| said.extended_code) {
            Some(code) => of_sqlite(code, error.into()),
            None => Self::Other(error.into()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::NoConnection,
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error.into())
            }
            sqlx::Error::Database(said) => {
                let code = said.code().unwrap_or_default().into_owned();
                // A file that may not grow, for another reason than a full disk, has no code.
                let routine = said.try_downcast_ref().and_then(PgDatabaseError::routine);
                if let Some("mdextend" | "mdzeroextend") = routine {
                    return Self::Full(error.into());
                }
                // SQLite's codes are numbers; PostgreSQL's SQLSTATE has five characters.
                match code.parse() {
                    Ok(number) if code.len() < 5 => of_sqlite(number, error.into()),
                    _ => of_postgres(&code, error.into()),
                }
            }
            _ => Self::Other(error.into()),
        }
    }
}

/// <https://www.sqlite.org/rescode.html#ioerr_write>
const SQLITE_IOERR_WRITE: i32 = 10 | (3 << 8);

/// By SQLite's result code, the primary one in its low byte (<https://www.sqlite.org/rescode.html>).
fn of_sqlite(code: i32, source: Source) -> StoreError {
    match code & 0xff {
        // A write that failed for another reason than a full disk: the file's size limit, or the disk.
        _ if code == SQLITE_IOERR_WRITE => StoreError::Full(source),
        5 | 6 => StoreError::Busy(source),
        13 => StoreError::Full(source),
        11 | 26 => StoreError::Corrupt(source),
        19 => StoreError::Constraint(source),
        // An input or output that failed, or a file that could not be opened.
        10 | 14 => StoreError::Unavailable(source),
        _ => StoreError::Other(source),
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn of_postgres(code: &str, source: Source) -> StoreError {
    match (code.get(..2), code) {
        (_, "53100") => StoreError::Full(source),
        (_, "53300" | "57P01" | "57P02" | "57P03") | (Some("08"), _) => {
            StoreError::Unavailable(source)
        }
        (Some("40"), _) | (_, "55P03") => StoreError::Busy(source),
        (Some("23"), _) => StoreError::Constraint(source),
        (Some("XX"), "XX001" | "XX002") => StoreError::Corrupt(source),
        _ => StoreError::Other(source),
    }
}
