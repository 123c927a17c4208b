//! Where a fault happens: a store of its own, in a file or in a schema of a throw-away cluster.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;

use crate::data::{self, DataSet};
use crate::postgres::Cluster;
use crate::sqlite;
use crate::store::{SqliteThreads, SqlxPostgres, SqlxSqlite, Store as _, ThreadsOptions};
use crate::{Durability, Source, StoreError};

/// What is there before.
pub(super) const DATA: DataSet =
    DataSet { name: "faults", agents: 16, messages: 100, branches: 1, accounts: 100_000, seed: 1 };

/// Connections of a store that many write to.
pub(super) const CONNECTIONS: u32 = 10;

/// A way to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// [`SqliteThreads`].
    SqliteThreads,
    /// [`SqlxSqlite`].
    SqlxSqlite,
    /// [`SqlxPostgres`].
    SqlxPostgres,
}

impl Backend {
    const ALL: [Self; 3] = [Self::SqliteThreads, Self::SqlxSqlite, Self::SqlxPostgres];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.to_string() == name)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SqliteThreads => "sqlite_threads",
            Self::SqlxSqlite => "sqlx_sqlite",
            Self::SqlxPostgres => "sqlx_postgres",
        })
    }
}

/// Where faults happen to one backend.
#[derive(Debug)]
pub struct Site<'a> {
    /// To whom.
    pub backend: Backend,
    /// For files, on the disk that is meant; it is the caller's to remove.
    pub folder: &'a Path,
    /// For PostgreSQL; it is killed and restarted.
    pub cluster: Option<&'a mut Cluster>,
}

/// Where a store is, so that another process can be told.
#[derive(Clone, Debug)]
pub(super) enum Place {
    File(PathBuf),
    /// A server's address and the schema.
    Schema(String, String),
}

/// An open store of any backend.
pub(super) enum Opened {
    SqliteThreads(SqliteThreads),
    SqlxSqlite(SqlxSqlite),
    SqlxPostgres(SqlxPostgres),
}

/// Does the same with whichever store it is.
macro_rules! with_store {
    ($opened:expr, $store:ident => $work:expr) => {
        match $opened {
            $crate::faults::site::Opened::SqliteThreads($store) => $work,
            $crate::faults::site::Opened::SqlxSqlite($store) => $work,
            $crate::faults::site::Opened::SqlxPostgres($store) => $work,
        }
    };
}
pub(super) use with_store;

impl Site<'_> {
    pub(super) fn cluster(&mut self) -> Result<&mut Cluster, Source> {
        Ok(self.cluster.as_deref_mut().ok_or("this fault needs a throw-away cluster")?)
    }

    /// A store of its own, filled with [`DATA`].
    pub(super) async fn place(&mut self) -> Result<Place, Source> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fault_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        if self.backend == Backend::SqlxPostgres {
            let place = Place::Schema(self.cluster()?.url(), name);
            let store = place.postgres(1).await?;
            data::fill_postgres(&DATA, &mut *store.lease().await?).await?;
            store.close().await;
            return Ok(place);
        }
        let path = self.folder.join(name);
        let mut connection = sqlite::open(sqlite::Place::File(&path), Durability::Relaxed)?;
        data::fill_sqlite(&DATA, &mut connection)?;
        Ok(Place::File(path))
    }
}

impl Place {
    /// The file of a store that has one.
    pub(super) fn file(&self) -> Result<&Path, Source> {
        match self {
            Self::File(path) => Ok(path),
            Self::Schema(..) => Err("a store on a server has no file of ours".into()),
        }
    }

    /// The store, so that what is answered is durable.
    pub(super) async fn open(
        &self,
        backend: Backend,
        connections: u32,
    ) -> Result<Opened, StoreError> {
        let durability = Durability::Durable;
        Ok(match (backend, self) {
            (Backend::SqliteThreads, Self::File(path)) => {
                let options = ThreadsOptions { durability, connections: connections as usize };
                Opened::SqliteThreads(SqliteThreads::open(path, options)?)
            }
            (Backend::SqlxSqlite, Self::File(path)) => {
                Opened::SqlxSqlite(SqlxSqlite::open(path, durability, connections).await?)
            }
            (_, Self::Schema(..)) => Opened::SqlxPostgres(self.postgres(connections).await?),
            (Backend::SqlxPostgres, Self::File(path)) => {
                let what = format!("{} is a file, not a server", path.display());
                return Err(StoreError::Other(what.into()));
            }
        })
    }

    pub(super) async fn postgres(&self, connections: u32) -> Result<SqlxPostgres, StoreError> {
        let Self::Schema(url, schema) = self else {
            return Err(StoreError::Other("a file is no server".into()));
        };
        let options = PgConnectOptions::from_str(url)?;
        SqlxPostgres::open(options, schema, Durability::Durable, connections).await
    }
}
