//! The ways to a store that benches compare, each asked by one caller that waits for the answer.

use std::cell::OnceCell;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;

use db_bench::data::{self, DataSet, TINY};
use db_bench::postgres::{ExistingDatabase, Installation, SCHEMA, Server, Settings, VARIABLE};
use db_bench::request::Digest;
use db_bench::sqlite::{self, Place};
use db_bench::workload::Workload;
use db_bench::{
    Durability, Request, SqliteThreads, SqlxPostgres, SqlxSqlite, Store, StoreError, ThreadsOptions,
};
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
    /// sqlx's PostgreSQL driver.
    SqlxPostgres,
}

impl Backend {
    /// All that can be used here. PostgreSQL's absence is told on standard error.
    pub fn available() -> Vec<Self> {
        let mut all = vec![Self::Rusqlite, Self::SqliteThreads, Self::SqlxSqlite];
        match Installation::find() {
            Ok(_) => all.push(Self::SqlxPostgres),
            Err(_) if std::env::var_os(VARIABLE).is_some() => all.push(Self::SqlxPostgres),
            Err(missing) => eprintln!("{missing}; SQLite alone is measured"),
        }
        all
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rusqlite => "rusqlite",
            Self::SqliteThreads => "sqlite_threads",
            Self::SqlxSqlite => "sqlx_sqlite",
            Self::SqlxPostgres => "sqlx_postgres",
        })
    }
}

/// A store that was opened by one of them.
enum Handle {
    Rusqlite(Connection),
    SqliteThreads(SqliteThreads),
    SqlxSqlite(SqlxSqlite),
    SqlxPostgres(SqlxPostgres),
}

/// A store and what runs its futures.
pub struct Opened<'a> {
    runtime: &'a Runtime,
    handle: Handle,
}

impl Opened<'_> {
    /// Asks and waits for the answer.
    pub fn ask(&mut self, request: Request) -> Result<Digest, StoreError> {
        match &mut self.handle {
            Handle::Rusqlite(connection) => request.ask_sqlite(connection),
            Handle::SqliteThreads(store) => self.runtime.block_on(request.ask(store)),
            Handle::SqlxSqlite(store) => self.runtime.block_on(request.ask(store)),
            Handle::SqlxPostgres(store) => self.runtime.block_on(request.ask(store)),
        }
    }

    pub fn close(self) {
        match self.handle {
            Handle::Rusqlite(connection) => drop(connection),
            Handle::SqliteThreads(store) => self.runtime.block_on(store.close()),
            Handle::SqlxSqlite(store) => self.runtime.block_on(store.close()),
            Handle::SqlxPostgres(store) => self.runtime.block_on(store.close()),
        }
    }
}

/// Where stores are opened: a folder, and a server once one is needed.
pub struct Site {
    folder: TempDir,
    runtime: Runtime,
    server: OnceCell<Server>,
}

impl Site {
    pub fn new() -> io::Result<Self> {
        let (folder, runtime) = (tempfile::tempdir()?, Runtime::new()?);
        Ok(Self { folder, runtime, server: OnceCell::new() })
    }

    /// A store of its own that holds these rows and no others, by one connection.
    pub fn open(
        &self,
        backend: Backend,
        data: &DataSet,
        durability: Durability,
    ) -> Result<Opened<'_>, Box<dyn Error>> {
        let runtime = &self.runtime;
        let handle = match backend {
            Backend::Rusqlite => {
                Handle::Rusqlite(sqlite::open(Place::File(&self.copy(data)?), durability)?)
            }
            Backend::SqliteThreads => {
                let options = ThreadsOptions { durability, connections: 1 };
                Handle::SqliteThreads(SqliteThreads::open(&self.copy(data)?, options)?)
            }
            Backend::SqlxSqlite => {
                let path = self.copy(data)?;
                Handle::SqlxSqlite(runtime.block_on(SqlxSqlite::open(&path, durability, 1))?)
            }
            Backend::SqlxPostgres => {
                Handle::SqlxPostgres(runtime.block_on(self.postgres(data, durability))?)
            }
        };
        Ok(Opened { runtime, handle })
    }

    /// Our schema, made anew and filled.
    async fn postgres(
        &self,
        data: &DataSet,
        durability: Durability,
    ) -> Result<SqlxPostgres, Box<dyn Error>> {
        let options = self.server()?.options();
        let before = SqlxPostgres::open(options.clone(), SCHEMA, durability, 1).await?;
        sqlx::query("DROP SCHEMA db_bench CASCADE").execute(before.pool()).await?;
        before.close().await;
        let store = SqlxPostgres::open(options, SCHEMA, durability, 1).await?;
        data::fill_postgres(data, store.pool()).await?;
        Ok(store)
    }

    fn server(&self) -> Result<&Server, Box<dyn Error>> {
        if self.server.get().is_none() {
            let found = Server::find(ExistingDatabase::Refused, Settings::default())?;
            return Ok(self.server.get_or_init(|| found));
        }
        self.server.get().ok_or_else(|| "there is no server".into())
    }

    /// A SQLite file with these rows, which are made only once.
    fn copy(&self, data: &DataSet) -> Result<PathBuf, Box<dyn Error>> {
        let folder = self.folder.path();
        let template = folder.join(data.name);
        if !template.exists() {
            let filling = folder.join("filling");
            let mut connection = sqlite::open(Place::File(&filling), Durability::Relaxed)?;
            data::fill_sqlite(data, &mut connection)?;
            // The log goes into the file, which is then all there is.
            drop(connection);
            fs::rename(filling, &template)?;
        }
        let copy = tempfile::Builder::new().suffix(".db").tempfile_in(folder)?;
        let copy = copy.into_temp_path().keep()?;
        fs::copy(template, &copy)?;
        Ok(copy)
    }

    /// Whether a backend answers a query as expected.
    pub fn try_out(&self, backend: Backend, workload: &Workload) -> Result<(), Box<dyn Error>> {
        let mut store = self.open(backend, &TINY, Durability::Relaxed)?;
        let asked = workload.trial().into_iter().map(|request| store.ask(request));
        let answers: Vec<Digest> = asked.collect::<Result<_, _>>()?;
        store.close();
        Ok(workload.verify(&answers)?)
    }
}
