//! What async callers may rely on.

use std::path::Path;
use std::sync::mpsc;
use std::task::Poll;

use db_bench::rows::AgentKey;
use db_bench::{Durability, SqliteThreads, Store as _, StoreError, ThreadsOptions, sqlite};
use tokio::task::JoinSet;

use super::temporary::{Temporary, message, pair};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_answered_reads_what_they_wrote() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 3);
    let pair = pair(&store).await;
    let mut callers = JoinSet::new();
    for caller in 0..20 {
        let store = store.clone();
        callers.spawn(async move {
            for number in 0..20 {
                let message = message(pair, caller * 100 + number);
                let key = store.add_message(message.clone()).await.unwrap();
                assert_eq!(store.message(key).await.unwrap().unwrap().content, message);
            }
        });
    }
    callers.join_all().await;
    assert_eq!(store.count_messages().await.unwrap(), 400);
    // Every waiting answer was given, by key or not.
    assert_eq!((store.reads_waiting(), store.commits().waiting), (0, 0));
}

#[tokio::test]
async fn reading_connections_refuse_to_write() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let written = store.read(|connection| sqlite::add_agent(connection, "scout", "scout")).await;
    assert!(matches!(written, Err(StoreError::Other(_))), "{written:?}");
    assert_eq!(temporary.number("SELECT count(*) FROM agents"), 0);
}

#[tokio::test]
async fn a_panic_is_the_callers_own() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let own = store.clone();
    let read = tokio::spawn(async move { own.read::<(), _>(|_| panic!("a reader's")).await });
    let panic = read.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a reader's"));
    // The only reading thread goes on.
    assert_eq!(store.agent(AgentKey(1)).await.unwrap(), None);
}

/// Blocks a thread of the store until told to go on; returned once it does.
async fn blocked(store: &SqliteThreads) -> (mpsc::Sender<()>, impl Future<Output = ()>) {
    let (go_on, told) = mpsc::channel();
    let (begun, began) = tokio::sync::oneshot::channel();
    let store = store.clone();
    let read = tokio::spawn(async move {
        let work = move |_: &rusqlite::Connection| {
            begun.send(()).unwrap();
            told.recv().unwrap();
            Ok(())
        };
        store.read(work).await.unwrap();
    });
    began.await.unwrap();
    (go_on, async { read.await.unwrap() })
}

#[tokio::test]
async fn long_reads_hold_up_nobody_while_there_is_a_connection() {
    let temporary = Temporary::new();
    let processors = std::thread::available_parallelism().unwrap().get();
    // Twice as many as run at a time; all but one are held up.
    let store = temporary.threads(Durability::Relaxed, 2 * processors);
    let mut held_up = Vec::new();
    for _ in 1..2 * processors {
        held_up.push(blocked(&store).await);
    }
    for _ in 0..3 {
        assert_eq!(store.agent(AgentKey(1)).await.unwrap(), None);
    }
    for (go_on, read) in held_up {
        go_on.send(()).unwrap();
        read.await;
    }
}

#[tokio::test]
async fn closing_finishes_what_is_under_way() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let pair = pair(&store).await;
    let (go_on, read) = blocked(&store).await;
    let mut under_way = Box::pin(store.add_message(message(pair, 1)));
    // Asked for; the writer may be faster than the look.
    let asked = std::future::poll_fn(|context| Poll::Ready(under_way.as_mut().poll(context))).await;
    let mut closing = Box::pin(store.close());
    assert!(
        std::future::poll_fn(|context| Poll::Ready(closing.as_mut().poll(context)))
            .await
            .is_pending()
    );
    assert!(matches!(store.agent(pair.0).await, Err(StoreError::Closed)));
    assert!(matches!(store.add_agent("late", "scout").await, Err(StoreError::Closed)));
    go_on.send(()).unwrap();
    closing.await;
    read.await;
    let written = match asked {
        Poll::Ready(written) => written,
        Poll::Pending => under_way.await,
    };
    written.unwrap();
    // SQLite removes the log with the last connection.
    assert!(!log_exists(&temporary.path));
    store.close().await;
    assert_eq!(temporary.number("SELECT count(*) FROM messages"), 1);
}

fn log_exists(path: &Path) -> bool {
    path.with_extension("db-wal").exists()
}

#[tokio::test]
async fn the_last_handle_ends_the_threads() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 2);
    pair(&store).await;
    let other = store.clone();
    drop(store);
    assert_eq!(other.agent(AgentKey(1)).await.unwrap().unwrap().name, "explorer");
    assert!(log_exists(&temporary.path));
    drop(other);
    // They end by themselves, which nobody can await.
    while log_exists(&temporary.path) {
        tokio::task::yield_now().await;
    }
    assert_eq!(temporary.number("SELECT count(*) FROM agents"), 2);
}

#[test]
fn a_database_in_memory_cannot_be_shared() {
    for path in [":memory:", "", "file:shared?mode=memory&cache=shared"] {
        let options = ThreadsOptions { durability: Durability::Relaxed, connections: 1 };
        let refused = SqliteThreads::open(Path::new(path), options).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::NotShared { .. }), "{path}: {refused}");
    }
}
