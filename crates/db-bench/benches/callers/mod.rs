//! Stores with callers: one connection on this thread, or many tasks of a runtime.

use std::path::Path;

use db_bench::data::{self, DataSet};
use db_bench::sqlite::{self, Place};
use db_bench::{Durability, Request, SqliteThreads, SqlxSqlite, Store, StoreError, ThreadsOptions};
use rusqlite::Connection;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, StoreError>;

/// Connections that a store for async callers has.
pub const CONNECTIONS: u32 = 20;

/// How a SQLite store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// By rusqlite on the thread that asks.
    Direct,
    /// By rusqlite on threads of the store.
    Threads,
    /// By sqlx and its pool.
    Sqlx,
}

/// An open store.
#[derive(Debug)]
pub enum Asked {
    Direct(Connection),
    Threads(SqliteThreads),
    Sqlx(SqlxSqlite),
}

impl Backend {
    /// Its name in series and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "rusqlite",
            Self::Threads => "threads",
            Self::Sqlx => "sqlx",
        }
    }

    pub fn open(self, path: &Path, durability: Durability, on: &Runtime) -> Result<Asked> {
        let connections = CONNECTIONS;
        Ok(match self {
            Self::Direct => Asked::Direct(sqlite::open(Place::File(path), durability)?),
            Self::Threads => {
                let options = ThreadsOptions { durability, connections: connections as usize };
                Asked::Threads(SqliteThreads::open(path, options)?)
            }
            Self::Sqlx => {
                Asked::Sqlx(on.block_on(SqlxSqlite::open(path, durability, connections))?)
            }
        })
    }
}

impl Asked {
    /// Asks everything, each list by a caller of its own, one after the other; the sum of the
    /// digests. A single connection asks list by list.
    pub fn ask(&mut self, lists: Vec<Vec<Request>>, on: &Runtime) -> Result<u64> {
        match self {
            Self::Direct(connection) => {
                lists.into_iter().flatten().try_fold(0, |sum: u64, request| {
                    Ok(sum.wrapping_add(request.ask_sqlite(connection)?))
                })
            }
            Self::Threads(store) => on.block_on(ask_all(store, lists)),
            Self::Sqlx(store) => on.block_on(ask_all(store, lists)),
        }
    }
}

async fn ask_all(store: &impl Store, lists: Vec<Vec<Request>>) -> Result<u64> {
    let mut callers = JoinSet::<Result<u64>>::new();
    for requests in lists {
        let store = store.clone();
        callers.spawn(async move {
            let mut sum = 0_u64;
            for request in requests {
                sum = sum.wrapping_add(request.ask(&store).await?);
            }
            Ok(sum)
        });
    }
    let sums = callers.join_all().await;
    sums.into_iter().try_fold(0, |sum: u64, caller| Ok::<_, StoreError>(sum.wrapping_add(caller?)))
}

/// A runtime with a worker for each processor.
pub fn runtime() -> std::io::Result<Runtime> {
    runtime::Builder::new_multi_thread().enable_all().build()
}

/// Makes a store of this data in a file.
pub fn fill(data: &DataSet, path: &Path) -> Result<()> {
    data::fill_sqlite(data, &mut sqlite::open(Place::File(path), Durability::Relaxed)?)
}
