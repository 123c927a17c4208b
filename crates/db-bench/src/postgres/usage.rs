//! What a server says of its own work: utilisation, saturation and errors.

use std::ops::Sub;

use sqlx::PgConnection;

use crate::StoreError;

/// Counters of the connected database and of the server's log, since they were last reset
/// (<https://www.postgresql.org/docs/current/monitoring-stats.html>).
///
/// A session adds what it did when it ends, or after a second: read them before it begins and after it
/// has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transactions that were committed.
    pub commits: i64,
    /// Transactions that were undone.
    pub rollbacks: i64,
    /// Transactions that waited for each other, one of which was undone.
    pub deadlocks: i64,
    /// Pages that were found in the server's cache.
    pub blocks_hit: i64,
    /// Pages that were not.
    pub blocks_read: i64,
    /// Bytes of the write-ahead log, of all databases; 0 before PostgreSQL 14.
    pub wal_bytes: i64,
    /// Times that it was synced; 0 where `pg_stat_wal` does not say, as before PostgreSQL 14 and from
    /// 18 on.
    pub wal_syncs: i64,
}

/// Sessions of clients at one moment, but for the one that asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// At work.
    pub active: i64,
    /// Of those, the ones that wait for a lock.
    pub waiting: i64,
}

impl Counters {
    /// As they are now.
    ///
    /// # Errors
    /// What the server says.
    pub async fn now(connection: &mut PgConnection) -> Result<Self, StoreError> {
        const DATABASE: &str = "SELECT xact_commit, xact_rollback, deadlocks, blks_hit, blks_read \
                                FROM pg_stat_database WHERE datname = current_database()";
        const HAS_LOG: &str = "SELECT to_regclass('pg_catalog.pg_stat_wal') IS NOT NULL";
        // By name, since not every version has both.
        const LOG: &str = "SELECT coalesce((to_jsonb(log)->>'wal_bytes')::bigint, 0), \
                           coalesce((to_jsonb(log)->>'wal_sync')::bigint, 0) FROM pg_stat_wal AS log";
        let (commits, rollbacks, deadlocks, blocks_hit, blocks_read) =
            sqlx::query_as(DATABASE).fetch_one(&mut *connection).await?;
        let (wal_bytes, wal_syncs) =
            match sqlx::query_scalar(HAS_LOG).fetch_one(&mut *connection).await? {
                true => sqlx::query_as(LOG).fetch_one(connection).await?,
                false => (0, 0),
            };
        Ok(Self { commits, rollbacks, deadlocks, blocks_hit, blocks_read, wal_bytes, wal_syncs })
    }

    /// Of the pages that were looked for, the part that was in the server's cache; nothing if none was.
    #[must_use]
    pub fn cache_hits(&self) -> Option<f64> {
        let all = self.blocks_hit + self.blocks_read;
        (all > 0).then(|| self.blocks_hit as f64 / all as f64)
    }
}

impl Sub for Counters {
    type Output = Self;

    /// What was added since the others.
    fn sub(self, before: Self) -> Self {
        Self {
            commits: self.commits - before.commits,
            rollbacks: self.rollbacks - before.rollbacks,
            deadlocks: self.deadlocks - before.deadlocks,
            blocks_hit: self.blocks_hit - before.blocks_hit,
            blocks_read: self.blocks_read - before.blocks_read,
            wal_bytes: self.wal_bytes - before.wal_bytes,
            wal_syncs: self.wal_syncs - before.wal_syncs,
        }
    }
}

impl Sessions {
    /// As they are now.
    ///
    /// # Errors
    /// What the server says.
    pub async fn now(connection: &mut PgConnection) -> Result<Self, StoreError> {
        const SESSIONS: &str = "SELECT count(*) FILTER (WHERE state = 'active'), \
                                count(*) FILTER (WHERE wait_event_type = 'Lock') \
                                FROM pg_stat_activity \
                                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let (active, waiting) = sqlx::query_as(SESSIONS).fetch_one(connection).await?;
        Ok(Self { active, waiting })
    }
}
