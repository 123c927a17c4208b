//! The ways to a store that benches compare, each asked by one caller that waits for the answer.

use std::fmt;
use std::path::{Path, PathBuf};

use db_bench::data::{self, DataSet, TINY};
use db_bench::request::Digest;
use db_bench::sqlite::{self, Place};
use db_bench::workload::Workload;
use db_bench::{Durability, Request, SqliteThreads, SqlxSqlite, Store, StoreError, ThreadsOptions};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A way to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// rusqlite, on the caller's thread.
    Rusqlite,
    /// rusqlite on threads of its own, for async callers.
    SqliteThreads,
    /// sqlx's SQLite driver.
    SqlxSqlite,
}

impl Backend {
    /// Those that need nothing installed.
    pub const EMBEDDED: [Self; 3] = [Self::Rusqlite, Self::SqliteThreads, Self::SqlxSqlite];
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rusqlite => "rusqlite",
            Self::SqliteThreads => "sqlite_threads",
            Self::SqlxSqlite => "sqlx_sqlite",
        })
    }
}

/// A store that was opened by one of them.
pub enum Opened {
    Rusqlite(Connection),
    SqliteThreads(SqliteThreads),
    SqlxSqlite(SqlxSqlite),
}

impl Opened {
    pub fn new(
        backend: Backend,
        runtime: &Runtime,
        path: &Path,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        Ok(match backend {
            Backend::Rusqlite => Self::Rusqlite(sqlite::open(Place::File(path), durability)?),
            Backend::SqliteThreads => {
                let options = ThreadsOptions { durability, connections: 1 };
                Self::SqliteThreads(SqliteThreads::open(path, options)?)
            }
            Backend::SqlxSqlite => {
                Self::SqlxSqlite(runtime.block_on(SqlxSqlite::open(path, durability, 1))?)
            }
        })
    }

    /// Asks and waits for the answer.
    pub fn ask(&mut self, runtime: &Runtime, request: Request) -> Result<Digest, StoreError> {
        match self {
            Self::Rusqlite(connection) => request.ask_sqlite(connection),
            Self::SqliteThreads(store) => runtime.block_on(request.ask(store)),
            Self::SqlxSqlite(store) => runtime.block_on(request.ask(store)),
        }
    }

    pub fn close(self, runtime: &Runtime) {
        match self {
            Self::Rusqlite(connection) => drop(connection),
            Self::SqliteThreads(store) => runtime.block_on(store.close()),
            Self::SqlxSqlite(store) => runtime.block_on(store.close()),
        }
    }
}

/// Filled databases that are copied for whoever wants to change one.
pub struct Templates {
    folder: TempDir,
}

impl Templates {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// A database of its own with this data.
    pub fn copy(&self, data: &DataSet, name: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let template = self.folder.path().join(data.name);
        if !template.exists() {
            let filling = self.folder.path().join("filling");
            let mut connection = sqlite::open(Place::File(&filling), Durability::Relaxed)?;
            data::fill_sqlite(data, &mut connection)?;
            // The log goes into the file, which is then all there is.
            drop(connection);
            std::fs::rename(filling, &template)?;
        }
        let copy = self.folder.path().join(format!("{name}.db"));
        std::fs::copy(template, &copy)?;
        Ok(copy)
    }

    /// Whether a backend answers a query as expected.
    pub fn try_out(
        &self,
        backend: Backend,
        workload: &Workload,
        runtime: &Runtime,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let path = self.copy(&TINY, &format!("{backend}_{}", workload.name))?;
        let mut store = Opened::new(backend, runtime, &path, Durability::Relaxed)?;
        let asked = workload.trial().into_iter().map(|request| store.ask(runtime, request));
        let answers: Vec<Digest> = asked.collect::<Result<_, _>>()?;
        store.close(runtime);
        Ok(workload.verify(&answers)?)
    }
}
