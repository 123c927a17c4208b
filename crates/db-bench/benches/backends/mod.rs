//! The ways to a store that benches compare, asked by one caller or by many, who wait for the answers.

use std::cell::OnceCell;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use db_bench::data::{self, DataSet, TINY};
use db_bench::postgres::{ExistingDatabase, Installation, SCHEMA, Server, Settings, VARIABLE};
use db_bench::request::Digest;
use db_bench::sqlite::{self, Place};
use db_bench::workload::Workload;
use db_bench::{
    Durability, GroupCommits, Request, SqliteThreads, SqlxPostgres, SqlxSqlite, Store, StoreError,
    ThreadsOptions,
};
use measure::pacing::Arrival;
use rusqlite::Connection;
use sqlx::PgConnection;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

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

    /// Asks everything, each list by a caller of its own, one after the other; the sum of the
    /// digests. A connection of this thread asks list by list.
    pub fn ask_lists(&mut self, lists: Vec<Vec<Request>>) -> Result<Digest, StoreError> {
        match &mut self.handle {
            Handle::Rusqlite(connection) => {
                lists.into_iter().flatten().try_fold(0, |sum: Digest, request| {
                    Ok(sum.wrapping_add(request.ask_sqlite(connection)?))
                })
            }
            Handle::SqliteThreads(store) => self.runtime.block_on(by_callers(store, lists)),
            Handle::SqlxSqlite(store) => self.runtime.block_on(by_callers(store, lists)),
            Handle::SqlxPostgres(store) => self.runtime.block_on(by_callers(store, lists)),
        }
    }

    /// Asks elsewhere, and says when it is done; a connection of this thread asks at once.
    pub fn begin(&mut self, request: Request, arrival: Arrival) {
        /// On a task of its own.
        async fn ask(store: impl Store, request: Request, arrival: Arrival) {
            let started = arrival.start();
            started.end(&request.ask(&store).await);
        }
        let task = match &mut self.handle {
            Handle::Rusqlite(connection) => {
                return arrival.start().end(&request.ask_sqlite(connection));
            }
            Handle::SqliteThreads(store) => {
                self.runtime.spawn(ask(store.clone(), request, arrival))
            }
            Handle::SqlxSqlite(store) => self.runtime.spawn(ask(store.clone(), request, arrival)),
            Handle::SqlxPostgres(store) => self.runtime.spawn(ask(store.clone(), request, arrival)),
        };
        // It says by itself when it has ended.
        drop(task);
    }

    /// How many messages there are.
    pub fn count_messages(&self) -> Result<i64, StoreError> {
        match &self.handle {
            Handle::Rusqlite(connection) => sqlite::count_messages(connection),
            Handle::SqliteThreads(store) => self.runtime.block_on(store.count_messages()),
            Handle::SqlxSqlite(store) => self.runtime.block_on(store.count_messages()),
            Handle::SqlxPostgres(store) => self.runtime.block_on(store.count_messages()),
        }
    }

    /// What shared a commit, where anything can.
    pub fn commits(&self) -> Option<GroupCommits> {
        match &self.handle {
            Handle::SqliteThreads(store) => Some(store.commits()),
            _ => None,
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

async fn by_callers(store: &impl Store, lists: Vec<Vec<Request>>) -> Result<Digest, StoreError> {
    let mut callers = JoinSet::<Result<Digest, StoreError>>::new();
    for requests in lists {
        let store = store.clone();
        callers.spawn(async move {
            let mut sum: Digest = 0;
            for request in requests {
                sum = sum.wrapping_add(request.ask(&store).await?);
            }
            Ok(sum)
        });
    }
    let sums = callers.join_all().await;
    sums.into_iter().try_fold(0, |sum: Digest, caller| Ok(sum.wrapping_add(caller?)))
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

    /// A store of its own that holds these rows and no others, by so many connections; rusqlite has one.
    pub fn open(
        &self,
        backend: Backend,
        data: &DataSet,
        durability: Durability,
        connections: u32,
    ) -> Result<Opened<'_>, Box<dyn Error>> {
        let runtime = &self.runtime;
        let handle = match backend {
            Backend::Rusqlite => {
                Handle::Rusqlite(sqlite::open(Place::File(&self.copy(data)?), durability)?)
            }
            Backend::SqliteThreads => {
                let options = ThreadsOptions { durability, connections: connections as usize };
                Handle::SqliteThreads(SqliteThreads::open(&self.copy(data)?, options)?)
            }
            Backend::SqlxSqlite => {
                let path = self.copy(data)?;
                let open = SqlxSqlite::open(&path, durability, connections);
                Handle::SqlxSqlite(runtime.block_on(open)?)
            }
            Backend::SqlxPostgres => {
                let open = self.postgres(data, durability, connections);
                Handle::SqlxPostgres(runtime.block_on(open)?)
            }
        };
        Ok(Opened { runtime, handle })
    }

    /// Our schema, made anew and filled.
    async fn postgres(
        &self,
        data: &DataSet,
        durability: Durability,
        connections: u32,
    ) -> Result<SqlxPostgres, Box<dyn Error>> {
        let options = self.server()?.options();
        let before = SqlxPostgres::open(options.clone(), SCHEMA, durability, 1).await?;
        sqlx::query("DROP SCHEMA db_bench CASCADE").execute(&mut *before.lease().await?).await?;
        before.close().await;
        let store = SqlxPostgres::open(options, SCHEMA, durability, connections).await?;
        data::fill_postgres(data, &mut *store.lease().await?).await?;
        Ok(store)
    }

    /// A session of the server's own, to look at it.
    pub fn session(&self) -> Result<PgConnection, Box<dyn Error>> {
        use sqlx::ConnectOptions as _;
        Ok(self.runtime.block_on(self.server()?.options().connect())?)
    }

    /// What runs futures.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn server(&self) -> Result<&Server, Box<dyn Error>> {
        if self.server.get().is_none() {
            let found = Server::find(ExistingDatabase::asked(), Settings::default())?;
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

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether a backend answers a query as expected.
    pub fn try_out(&self, backend: Backend, workload: &Workload) -> Result<(), Box<dyn Error>> {
        let mut store = self.open(backend, &TINY, Durability::Relaxed, 1)?;
        let asked = workload.trial().into_iter().map(|request| store.ask(request));
        let answers: Vec<Digest> = asked.collect::<Result<_, _>>()?;
        store.close();
        Ok(workload.verify(&answers)?)
    }
}
