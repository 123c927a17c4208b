//! What a server says of its own work.

use std::time::{Duration, Instant};

use db_bench::data::{self, TINY};
use db_bench::postgres::{Counters, Sessions};
use db_bench::rows::Transfer;
use db_bench::{Durability, SqlxPostgres, Store as _};
use sqlx::{ConnectOptions as _, Connection as _};

use super::cluster::{cluster, wait};

#[test]
fn transfers_are_commits_with_syncs_and_whoever_waits_for_a_lock_is_seen() {
    let Some(cluster) = cluster() else { return };
    wait(async {
        let open = SqlxPostgres::open(cluster.options(), "used", Durability::Durable, 1);
        let filled = open.await.unwrap();
        data::fill_postgres(&TINY, &mut filled.lease().await.unwrap()).await.unwrap();
        filled.close().await;
        let mut own = cluster.options().connect().await.unwrap();
        let before = Counters::now(&mut own).await.unwrap();

        let open = SqlxPostgres::open(cluster.options(), "used", Durability::Durable, 2);
        let store = open.await.unwrap();
        let transfer = Transfer { account: 1, teller: 1, branch: 1, amount: 1 };
        for _ in 0..20 {
            store.transfer(transfer).await.unwrap();
        }
        // One holds the account that another wants.
        let mut holder = store.lease().await.unwrap();
        let mut held = holder.begin().await.unwrap();
        let lock = "UPDATE pgbench_accounts SET abalance = 0 WHERE aid = 1";
        sqlx::query(lock).execute(&mut *held).await.unwrap();
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { store.transfer(transfer).await }
        });
        let began = Instant::now();
        loop {
            let sessions = Sessions::now(&mut own).await.unwrap();
            if sessions.waiting == 1 && sessions.active == 1 {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{sessions:?}");
        }
        held.rollback().await.unwrap();
        drop(holder);
        waiting.await.unwrap().unwrap();
        store.close().await;

        // A session counts what it did when it ends, which nobody waits for.
        let began = Instant::now();
        let used = loop {
            sqlx::query("SELECT pg_stat_clear_snapshot()").execute(&mut own).await.unwrap();
            let used = Counters::now(&mut own).await.unwrap() - before;
            if used.commits >= 21 {
                break used;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{used:?}");
        };
        assert!(used.rollbacks >= 1, "{used:?}");
        let version = "SELECT current_setting('server_version_num')::int";
        let version: i32 = sqlx::query_scalar(version).fetch_one(&mut own).await.unwrap();
        assert!(version < 140_000 || used.wal_bytes > 21 * 100, "{used:?}");
        // From 18 on syncs are counted elsewhere.
        assert!(!(140_000..180_000).contains(&version) || used.wal_syncs >= 21, "{used:?}");
        assert!(used.cache_hits().is_some_and(|hits| hits > 0.5), "{used:?}");
    });
}
