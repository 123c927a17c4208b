//! Transactions that share a commit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use db_bench::rows::Transfer;
use db_bench::{Durability, GroupCommits, SqliteThreads, Store as _, StoreError, sqlite};
use proptest::prelude::*;
use rusqlite::Connection;
use tokio::task::{JoinHandle, JoinSet};

use super::temporary::{Temporary, message, pair};

type Result<T> = std::result::Result<T, StoreError>;

/// Holds the writer up, so that what is asked until it goes on is one group.
struct HeldUp {
    store: SqliteThreads,
    go_on: mpsc::Sender<()>,
    held_up: JoinHandle<Result<()>>,
    before: GroupCommits,
}

impl HeldUp {
    async fn new(store: &SqliteThreads) -> Self {
        let before = store.commits();
        let (go_on, told) = mpsc::channel();
        let (begun, began) = tokio::sync::oneshot::channel();
        let work = move |_: &Connection| {
            begun.send(()).unwrap();
            told.recv().unwrap();
            Ok(())
        };
        let held_up = asked(store, work);
        began.await.unwrap();
        Self { store: store.clone(), go_on, held_up, before }
    }

    /// Lets the writer go on once so many transactions wait for it.
    async fn go_on(self, waiting: u64) -> GroupCommits {
        while self.store.commits().waiting < waiting {
            tokio::task::yield_now().await;
        }
        self.go_on.send(()).unwrap();
        self.held_up.await.unwrap().unwrap();
        self.before
    }
}

/// A transaction that a task of its own asks for.
fn asked<T: Send + 'static>(
    store: &SqliteThreads,
    work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
) -> JoinHandle<Result<T>> {
    let store = store.clone();
    tokio::spawn(async move { store.transaction(work).await })
}

fn add_agent(name: &'static str) -> impl FnOnce(&Connection) -> Result<()> + Send {
    move |connection| sqlite::add_agent(connection, name, "scout").map(drop)
}

async fn names(store: &SqliteThreads) -> Vec<String> {
    let read = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT name FROM agents ORDER BY name")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    };
    store.read(read).await.unwrap()
}

#[tokio::test]
async fn what_waits_together_is_one_commit() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Durable, 1);
    let pair = pair(&store).await;
    let held_up = HeldUp::new(&store).await;
    let mut callers = JoinSet::new();
    for number in 0..150 {
        let store = store.clone();
        callers.spawn(async move { store.add_message(message(pair, number)).await.unwrap() });
    }
    let before = held_up.go_on(150).await;
    callers.join_all().await;
    let after = store.commits();
    // The one that held the others up, the largest group, and the rest.
    assert_eq!(after.commits - before.commits, 3);
    assert_eq!(after.transactions - before.transactions, 151);
    assert_eq!((after.largest, after.waiting), (128, 0));
    assert_eq!((after.sizes[4] - before.sizes[4], after.sizes[7]), (1, 1));
    assert_eq!(store.count_messages().await.unwrap(), 150);
}

#[tokio::test]
async fn one_that_fails_is_undone_alone() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    store.add_agent("taken", "scout").await.unwrap();
    let held_up = HeldUp::new(&store).await;
    let first = asked(&store, add_agent("first"));
    let failing = asked(&store, |connection| {
        sqlite::add_agent(connection, "in vain", "scout")?;
        sqlite::add_agent(connection, "taken", "scout")
    });
    let panicking = asked::<()>(&store, |connection| {
        sqlite::add_agent(connection, "in panic", "scout")?;
        panic!("a writer's")
    });
    let last = asked(&store, add_agent("last"));
    let before = held_up.go_on(4).await;
    first.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    let failed = failing.await.unwrap();
    assert!(matches!(failed, Err(StoreError::Constraint(_))), "{failed:?}");
    let panic = panicking.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a writer's"));
    assert_eq!(names(&store).await, ["first", "last", "taken"]);
    let after = store.commits();
    assert_eq!((after.commits - before.commits, after.undone - before.undone), (2, 2));
}

#[tokio::test]
async fn nobody_sees_or_hears_of_what_is_not_committed() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let connection = temporary.connection();
    let held_up = HeldUp::new(&store).await;
    let answered = Arc::new(AtomicBool::new(false));
    let first = tokio::spawn({
        let (store, answered) = (store.clone(), Arc::clone(&answered));
        async move {
            store.add_agent("first", "scout").await.unwrap();
            answered.store(true, Ordering::SeqCst);
        }
    });
    let second = asked(&store, move |_| {
        // Time for an answer that is given too early to arrive.
        thread::sleep(Duration::from_millis(100));
        let seen = connection.query_row("SELECT count(*) FROM agents", [], |row| row.get(0))?;
        Ok((seen, answered.load(Ordering::SeqCst)))
    });
    held_up.go_on(2).await;
    let seen: (i64, bool) = second.await.unwrap().unwrap();
    assert_eq!(seen, (0, false));
    first.await.unwrap();
    assert_eq!(names(&store).await, ["first"]);
}

#[tokio::test]
async fn a_commit_that_fails_answers_nobody_with_success() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let held_up = HeldUp::new(&store).await;
    let innocent = asked(&store, add_agent("innocent"));
    let deferring = asked(&store, |connection| {
        connection.pragma_update(None, "defer_foreign_keys", true)?;
        let nobody = db_bench::rows::AgentKey(77);
        sqlite::add_message(connection, &message((nobody, nobody), 1))
    });
    let before = held_up.go_on(2).await;
    for answer in [innocent.await.unwrap().map(drop), deferring.await.unwrap().map(drop)] {
        assert!(matches!(answer, Err(StoreError::Constraint(_))), "{answer:?}");
    }
    assert_eq!(store.commits().failed - before.failed, 2);
    // The next group begins anew.
    store.add_agent("later", "scout").await.unwrap();
    assert_eq!(names(&store).await, ["later"]);
}

#[tokio::test]
async fn who_ends_the_transaction_undoes_the_group() {
    for ending in ["ROLLBACK", "COMMIT", "RELEASE one_of_group", "ROLLBACK; SAVEPOINT one_of_group"]
    {
        let temporary = Temporary::new();
        let store = temporary.threads(Durability::Relaxed, 1);
        let held_up = HeldUp::new(&store).await;
        let before = asked(&store, add_agent("before"));
        let guilty = asked(&store, move |connection| {
            sqlite::add_agent(connection, "guilty", "scout")?;
            // Whatever SQLite says to it, the closure takes for success.
            let _: rusqlite::Result<()> = connection.execute_batch(ending);
            Ok(())
        });
        let after = asked(&store, add_agent("after"));
        held_up.go_on(3).await;
        for answer in [before.await.unwrap(), guilty.await.unwrap()] {
            assert!(matches!(answer, Err(StoreError::Undone)), "{ending}: {answer:?}");
        }
        after.await.unwrap().unwrap();
        assert_eq!(names(&store).await, ["after"], "{ending}");
    }
}

#[tokio::test]
async fn another_writer_makes_the_group_busy() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let other = temporary.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let callers = [asked(&store, add_agent("first")), asked(&store, add_agent("second"))];
    for caller in callers {
        let answer = caller.await.unwrap();
        assert!(matches!(answer, Err(StoreError::Busy(_))), "{answer:?}");
    }
    assert_eq!(store.commits(), GroupCommits { failed: 2, ..GroupCommits::default() });
    other.execute_batch("ROLLBACK").unwrap();
    store.add_agent("third", "scout").await.unwrap();
    assert_eq!(names(&store).await, ["third"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_go_away_break_nothing() {
    let temporary = Temporary::new();
    let store = temporary.threads(Durability::Relaxed, 1);
    let pair = pair(&store).await;
    let held_up = HeldUp::new(&store).await;
    let mut callers = Vec::new();
    for number in 0..40 {
        let store = store.clone();
        callers.push(tokio::spawn(async move { store.add_message(message(pair, number)).await }));
    }
    while store.commits().waiting < 40 {
        tokio::task::yield_now().await;
    }
    callers.iter().step_by(2).for_each(JoinHandle::abort);
    held_up.go_on(40).await;
    for (number, caller) in callers.into_iter().enumerate() {
        match caller.await {
            Ok(answer) => drop(answer.unwrap()),
            Err(error) => assert!(error.is_cancelled() && number % 2 == 0),
        }
    }
    store.close().await;
    // Those who stayed are there; of those who went, what was asked was done or not.
    assert_eq!(temporary.number("SELECT count(*) FROM messages WHERE sent_ns % 2 = 1"), 20);
}

/// Accounts, tellers and branches that transfers go between.
const LEDGER: &str = "
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3)
    INSERT INTO pgbench_accounts SELECT n, 1, 0, '' FROM n;
    INSERT INTO pgbench_tellers SELECT aid, 1, 0, '' FROM pgbench_accounts;
    INSERT INTO pgbench_branches SELECT aid, 0, '' FROM pgbench_accounts;";

fn transfers() -> impl Strategy<Value = Vec<Vec<Transfer>>> {
    let transfer = (1..4_i64, 1..4_i64, 1..4_i64, -5_000..5_000_i64);
    let transfer = transfer.prop_map(|(account, teller, branch, amount)| Transfer {
        account,
        teller,
        branch,
        amount,
    });
    prop::collection::vec(prop::collection::vec(transfer, 0..12), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// There is an order of all transfers, that of the history, in which one after the other gives
    /// every answer that was given and every balance that is left; and it is there after reopening.
    #[test]
    fn transfers_are_as_if_one_after_the_other(callers in transfers()) {
        let temporary = Temporary::new();
        temporary.connection().execute_batch(LEDGER).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let mut answers: Vec<(i64, i64)> = runtime.block_on(async {
            let store = temporary.threads(Durability::Relaxed, 1);
            let mut tasks = JoinSet::new();
            for transfers in callers.clone() {
                let store = store.clone();
                tasks.spawn(async move {
                    let mut answers = Vec::new();
                    for transfer in transfers {
                        answers.push((transfer.account, store.transfer(transfer).await.unwrap()));
                    }
                    answers
                });
            }
            let answers = tasks.join_all().await.concat();
            store.close().await;
            answers
        });
        let connection = temporary.connection();
        let mut history = connection.prepare("SELECT aid, delta FROM pgbench_history ORDER BY rowid").unwrap();
        let history = history.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let (mut balances, mut replayed) = (HashMap::new(), Vec::new());
        for entry in history {
            let (account, amount): (i64, i64) = entry.unwrap();
            let balance = balances.entry(account).or_insert(0);
            *balance += amount;
            replayed.push((account, *balance));
        }
        for account in 1..4 {
            let balance = balances.get(&account).copied().unwrap_or(0);
            prop_assert_eq!(sqlite::balance(&connection, account).unwrap(), Some(balance));
        }
        answers.sort_unstable();
        replayed.sort_unstable();
        prop_assert_eq!(answers, replayed);
        let moved: i64 = callers.iter().flatten().map(|transfer| transfer.amount).sum();
        for sum in [
            "SELECT sum(abalance) FROM pgbench_accounts",
            "SELECT sum(tbalance) FROM pgbench_tellers",
            "SELECT sum(bbalance) FROM pgbench_branches",
        ] {
            prop_assert_eq!(temporary.number(sum), moved);
        }
    }
}
