//! A store on a file that goes when the test ends.

use std::path::PathBuf;

use db_bench::rows::{AgentKey, NewMessage};
use db_bench::sqlite::{self, Place};
use db_bench::{Durability, SqliteThreads, Store, ThreadsOptions};
use rusqlite::Connection;
use tempfile::TempDir;

pub struct Temporary {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Temporary {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agents.db");
        Self { _folder: folder, path }
    }

    pub fn threads(&self, durability: Durability, connections: usize) -> SqliteThreads {
        SqliteThreads::open(&self.path, ThreadsOptions { durability, connections }).unwrap()
    }

    /// A connection of its own, as another process has.
    pub fn connection(&self) -> Connection {
        sqlite::open(Place::File(&self.path), Durability::Relaxed).unwrap()
    }

    /// The first number of the first row.
    pub fn number(&self, sql: &str) -> i64 {
        self.connection().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Two agents, who can write to each other.
pub async fn pair(store: &impl Store) -> (AgentKey, AgentKey) {
    let explorer = store.add_agent("explorer", "explorer").await.unwrap();
    (explorer, store.add_agent("scout", "scout").await.unwrap())
}

pub fn message((sender, receiver): (AgentKey, AgentKey), number: i64) -> NewMessage {
    NewMessage {
        sender,
        receiver,
        sent_ns: number,
        topic: "north".into(),
        tag: "north".into(),
        body: format!("message {number}"),
    }
}
