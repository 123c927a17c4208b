//! All backends hold and answer the same.

use db_bench::data::{self, DataSet};
use db_bench::sqlite::{self, Place};
use db_bench::{Durability, Operation, Requests, SqliteThreads, SqlxSqlite, Store, ThreadsOptions};

/// Few rows of everything.
const DATA: DataSet = DataSet { name: "test", agents: 120, messages: 2_000, branches: 1, seed: 7 };

const OPERATIONS: [Operation; 13] = [
    Operation::PointRead,
    Operation::RangeRead,
    Operation::Join,
    Operation::Top,
    Operation::Indexed,
    Operation::Unindexed,
    Operation::LoadBelief,
    Operation::Insert,
    Operation::Bulk(10),
    Operation::Singly(3),
    Operation::Update,
    Operation::SaveBelief,
    Operation::Transfer,
];

/// What a fresh store answers to the same requests, kind by kind.
async fn answers(store: &impl Store) -> Vec<(Operation, Vec<u64>)> {
    let mut answers = Vec::new();
    for (stream, operation) in (0..).zip(OPERATIONS) {
        let mut requests = Requests::new(&DATA, stream);
        let mut digests = Vec::new();
        for _ in 0..20 {
            digests.push(requests.next(operation).ask(store).await.unwrap());
        }
        answers.push((operation, digests));
    }
    answers
}

fn filled(path: &std::path::Path) {
    let mut connection = sqlite::open(Place::File(path), Durability::Relaxed).unwrap();
    data::fill_sqlite(&DATA, &mut connection).unwrap();
}

#[tokio::test]
async fn every_backend_answers_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one.db"), folder.path().join("other.db"));
    filled(&one);
    filled(&other);
    let options = ThreadsOptions { durability: Durability::Relaxed, connections: 2 };
    let threads = SqliteThreads::open(&one, options).unwrap();
    let by_sqlx = SqlxSqlite::open(&other, Durability::Relaxed, 2).await.unwrap();
    let expected = answers(&threads).await;
    assert_eq!(answers(&by_sqlx).await, expected);
    let added = 20 * (1 + 10 + 3);
    for count in [threads.count_messages().await, by_sqlx.count_messages().await] {
        assert_eq!(count.unwrap(), DATA.messages as i64 + added);
    }
}
