//! Pools of several libraries, asked in the same way.

use std::error::Error;
use std::fmt;
use std::path::Path;

use db_bench::data::{self, SMALL};
use db_bench::postgres::{ExistingDatabase, Installation, SCHEMA, Server, Settings};
use db_bench::sqlite::{self, Place};
use db_bench::{Durability, SqlxPostgres, SqlxSqlite, Store as _, StoreError};
use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod, Runtime as Executor};
use r2d2_sqlite::SqliteConnectionManager;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::SqlitePool;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub type Failed = Box<dyn Error + Send + Sync>;

/// Reads one agent's steps, on SQLite.
const READ: &str = "SELECT steps FROM agents WHERE id = $1";

/// Changes one agent, durably, on PostgreSQL.
const CHANGE: &str = "UPDATE agents SET steps = steps + 1 WHERE id = $1";

/// Whose pool it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The store's own, on PostgreSQL.
    Own,
    SqlxPostgres,
    Deadpool,
    SqlxSqlite,
    R2d2Sqlite,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Own => "own",
            Self::SqlxPostgres => "sqlx_postgres",
            Self::Deadpool => "deadpool_postgres",
            Self::SqlxSqlite => "sqlx_sqlite",
            Self::R2d2Sqlite => "r2d2_sqlite",
        })
    }
}

/// A pool of some connections.
#[derive(Clone)]
pub enum Pool {
    Own(SqlxPostgres),
    SqlxPostgres(PgPool),
    Deadpool(deadpool_postgres::Pool),
    SqlxSqlite(SqlitePool),
    R2d2Sqlite(r2d2::Pool<SqliteConnectionManager>),
}

impl Pool {
    /// Waits for a connection, says that it is there, and asks about an agent.
    pub async fn ask(&self, agent: i64, got: impl FnOnce() + Send + 'static) -> Result<(), Failed> {
        match self {
            Self::Own(store) => {
                let mut lease = store.lease().await?;
                got();
                let changed = sqlx::query(CHANGE).bind(agent).execute(&mut *lease).await;
                let changed = changed.map(drop).map_err(StoreError::from);
                lease.end(&changed);
                changed?;
            }
            Self::SqlxPostgres(pool) => {
                let mut connection = pool.acquire().await?;
                got();
                sqlx::query(CHANGE).bind(agent).execute(&mut *connection).await?;
            }
            Self::Deadpool(pool) => {
                let client = pool.get().await?;
                got();
                let statement = client.prepare_cached(CHANGE).await?;
                client.execute(&statement, &[&agent]).await?;
            }
            Self::SqlxSqlite(pool) => {
                let mut connection = pool.acquire().await?;
                got();
                sqlx::query(READ).bind(agent).fetch_one(&mut *connection).await?;
            }
            Self::R2d2Sqlite(pool) => {
                let pool = pool.clone();
                let ask = move || -> Result<(), Failed> {
                    let connection = pool.get()?;
                    got();
                    let mut statement = connection.prepare_cached(READ)?;
                    let _: i64 = statement.query_row([agent], |row| row.get(0))?;
                    Ok(())
                };
                // It waits on the thread that asks, which must not be the executor's.
                tokio::task::spawn_blocking(ask).await??;
            }
        }
        Ok(())
    }

    /// Gets a connection, holds it until something has come about, and gives it back.
    pub async fn lease(&self, until: impl Future<Output = ()>) -> Result<(), Failed> {
        match self {
            Self::Own(store) => {
                let lease = store.lease().await?;
                until.await;
                lease.end(&Ok(()));
            }
            Self::SqlxPostgres(pool) => {
                let mut connection = pool.acquire().await?;
                until.await;
                connection.return_to_pool().await;
            }
            Self::Deadpool(pool) => {
                let _client = pool.get().await?;
                until.await;
            }
            Self::SqlxSqlite(pool) => {
                let mut connection = pool.acquire().await?;
                until.await;
                connection.return_to_pool().await;
            }
            Self::R2d2Sqlite(pool) => {
                let _connection = pool.get()?;
                until.await;
            }
        }
        Ok(())
    }
}

/// Where pools are made: a file, and a server if there is one.
pub struct Site {
    folder: TempDir,
    pub runtime: Runtime,
    server: Option<Server>,
}

impl Site {
    /// With both filled. PostgreSQL's absence is told on standard error.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let (folder, runtime) = (tempfile::tempdir()?, Runtime::new()?);
        let path = file(&folder);
        data::fill_sqlite(&SMALL, &mut sqlite::open(Place::File(&path), Durability::Relaxed)?)?;
        let server = match Installation::find() {
            Ok(_) => Some(Server::find(ExistingDatabase::asked(), Settings::default())?),
            Err(missing) => {
                eprintln!("{missing}; SQLite alone is measured");
                None
            }
        };
        let site = Self { folder, runtime, server };
        if let Some(server) = &site.server {
            site.runtime.block_on(async {
                let open = SqlxPostgres::open(server.options(), SCHEMA, Durability::Durable, 1);
                let store = open.await?;
                data::fill_postgres(&SMALL, &mut *store.lease().await?).await?;
                store.close().await;
                Ok::<(), StoreError>(())
            })?;
        }
        Ok(site)
    }

    /// All pools that can be used here.
    pub fn kinds(&self) -> Vec<Kind> {
        let of_server: &[Kind] = match &self.server {
            Some(_) => &[Kind::Own, Kind::SqlxPostgres, Kind::Deadpool],
            None => &[],
        };
        [&[Kind::SqlxSqlite, Kind::R2d2Sqlite], of_server].concat()
    }

    /// A pool of so many connections.
    pub fn pool(&self, kind: Kind, connections: u32) -> Result<Pool, Box<dyn Error>> {
        let server = || self.server.as_ref().ok_or("there is no PostgreSQL");
        let path = file(&self.folder);
        Ok(match kind {
            Kind::Own => {
                let options = server()?.options();
                let open = SqlxPostgres::open(options, SCHEMA, Durability::Durable, connections);
                Pool::Own(self.runtime.block_on(open)?)
            }
            Kind::SqlxPostgres => {
                let options = server()?.options().options([("search_path", SCHEMA)]);
                let pool = PgPoolOptions::new().max_connections(connections);
                Pool::SqlxPostgres(self.runtime.block_on(pool.connect_with(options))?)
            }
            Kind::Deadpool => {
                let mut config: tokio_postgres::Config = server()?.url().parse()?;
                config.options(format!("-csearch_path={SCHEMA}"));
                let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
                let manager = Manager::from_config(config, tokio_postgres::NoTls, recycling);
                let pool = deadpool_postgres::Pool::builder(manager).runtime(Executor::Tokio1);
                Pool::Deadpool(pool.max_size(connections as usize).build()?)
            }
            Kind::SqlxSqlite => {
                let open = SqlxSqlite::open(&path, Durability::Durable, connections);
                Pool::SqlxSqlite(self.runtime.block_on(open)?.pool().clone())
            }
            Kind::R2d2Sqlite => {
                let manager = SqliteConnectionManager::file(path);
                Pool::R2d2Sqlite(r2d2::Pool::builder().max_size(connections).build(manager)?)
            }
        })
    }
}

fn file(folder: &TempDir) -> std::path::PathBuf {
    Path::join(folder.path(), "agents.db")
}
