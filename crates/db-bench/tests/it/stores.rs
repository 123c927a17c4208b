//! All backends hold and answer the same.

use std::path::Path;

use db_bench::data::{self, TINY};
use db_bench::postgres::{Cluster, Installation, Settings};
use db_bench::rows::Transfer;
use db_bench::sqlite::{self, Place};
use db_bench::workload::{self, WORKLOADS};
use db_bench::{Durability, SqliteThreads, SqlxPostgres, SqlxSqlite, Store, ThreadsOptions};

fn filled(path: &Path) {
    let mut connection = sqlite::open(Place::File(path), Durability::Relaxed).unwrap();
    data::fill_sqlite(&TINY, &mut connection).unwrap();
}

async fn a_balance_is_that_of_the_last_transfer(store: &impl Store) {
    let transfer = Transfer { account: 7, teller: 1, branch: 1, amount: -12 };
    let balance = store.transfer(transfer).await.unwrap();
    assert_eq!(store.balance(7).await.unwrap(), Some(balance));
    assert_eq!(store.balance(-7).await.unwrap(), None);
}

/// Tries every query on a store that is filled anew for each.
async fn answers_as_expected<S: Store>(open: impl AsyncFn(&Path) -> S) {
    for workload in &WORKLOADS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        filled(&path);
        let store = open(&path).await;
        let answers = workload::ask_all(workload.trial(), &store).await.unwrap();
        workload.verify(&answers).unwrap();
        a_balance_is_that_of_the_last_transfer(&store).await;
        store.close().await;
    }
}

#[test]
fn a_connection_answers_as_expected() {
    for workload in &WORKLOADS {
        let mut connection = workload::tiny_in_memory().unwrap();
        let answers = workload::ask_all_sqlite(workload.trial(), &mut connection).unwrap();
        workload.verify(&answers).unwrap();
    }
}

#[tokio::test]
async fn threads_answer_as_expected() {
    let options = ThreadsOptions { durability: Durability::Relaxed, connections: 2 };
    answers_as_expected(async |path| SqliteThreads::open(path, options).unwrap()).await;
}

#[tokio::test]
async fn sqlx_answers_as_expected() {
    let open = async |path: &Path| SqlxSqlite::open(path, Durability::Relaxed, 2).await.unwrap();
    answers_as_expected(open).await;
}

#[tokio::test]
async fn postgresql_answers_as_expected() {
    let Ok(installation) = Installation::find() else {
        println!("skipped: PostgreSQL is missing (apt install postgresql)");
        return;
    };
    let cluster = Cluster::start(installation, Settings::default()).unwrap();
    for workload in &WORKLOADS {
        let open = SqlxPostgres::open(cluster.options(), workload.name, Durability::Relaxed, 2);
        let store = open.await.unwrap();
        data::fill_postgres(&TINY, &mut store.lease().await.unwrap()).await.unwrap();
        let answers = workload::ask_all(workload.trial(), &store).await.unwrap();
        workload.verify(&answers).unwrap();
        a_balance_is_that_of_the_last_transfer(&store).await;
        store.close().await;
    }
}
