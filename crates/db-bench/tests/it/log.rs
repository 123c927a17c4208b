//! SQLite's write-ahead log does not grow without end.

use std::fs;

use db_bench::{Durability, SqlxSqlite, Store, sqlite};

use super::temporary::{Temporary, message, pair};

/// Messages that are added, each in a transaction of its own: five pages in the log each.
const MESSAGES: i64 = 3_000;

/// SQLite moves it into the file at 1,000 pages of 4 KiB.
const LARGEST: u64 = 1_100 * 4_096;

fn log_bytes(temporary: &Temporary) -> u64 {
    let mut path = temporary.path.clone().into_os_string();
    path.push("-wal");
    fs::metadata(path).unwrap().len()
}

async fn stays_small(temporary: &Temporary, store: &impl Store) {
    let agents = pair(store).await;
    for number in 0..MESSAGES {
        store.add_message(message(agents, number)).await.unwrap();
    }
    let bytes = log_bytes(temporary);
    assert!((1..LARGEST).contains(&bytes), "{bytes}");
}

#[test]
fn of_a_connection() {
    let temporary = Temporary::new();
    let connection = temporary.connection();
    let agents =
        ["explorer", "scout"].map(|name| sqlite::add_agent(&connection, name, "scout").unwrap());
    for number in 0..MESSAGES {
        sqlite::add_message(&connection, &message(agents.into(), number)).unwrap();
    }
    let bytes = log_bytes(&temporary);
    assert!((1..LARGEST).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn of_threads() {
    let temporary = Temporary::new();
    stays_small(&temporary, &temporary.threads(Durability::Relaxed, 1)).await;
}

#[tokio::test]
async fn of_sqlx() {
    let temporary = Temporary::new();
    let store = SqlxSqlite::open(&temporary.path, Durability::Relaxed, 1).await.unwrap();
    stays_small(&temporary, &store).await;
}
