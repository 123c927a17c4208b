//! The store by sqlx's drivers and its pool, on SQLite and on PostgreSQL.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Postgres, Sqlite};

use super::pool::{Lease, Pool};
use crate::rows::{
    Agent, AgentColumns, AgentKey, Belief, Edge, EdgeKind, Message, MessageColumns, MessageKey,
    NewMessage, Observation, ObservationColumns, Popularity, PopularityColumns, Traffic,
    TrafficColumns, Transfer,
};
use crate::schema::{self, Dialect};
use crate::store::Store;
use crate::{Durability, StoreError, blob, sql, sqlite};

type Result<T> = std::result::Result<T, StoreError>;

/// How long a call waits for a connection of the pool.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// A store on a SQLite file by sqlx, each connection of which has a thread of its own.
#[derive(Clone, Debug)]
pub struct SqlxSqlite {
    pool: SqlitePool,
}

/// A store in a PostgreSQL schema by sqlx's driver, with a pool of its own.
#[derive(Clone, Debug)]
pub struct SqlxPostgres {
    pool: Arc<Pool>,
}

impl SqlxSqlite {
    /// Opens a file, which is made if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// As [`sqlite::open`].
    pub async fn open(
        path: &std::path::Path,
        durability: Durability,
        connections: u32,
    ) -> Result<Self> {
        drop(sqlite::open(sqlite::Place::File(path), durability)?);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::Durable => sqlx::sqlite::SqliteSynchronous::Full,
                Durability::Relaxed => sqlx::sqlite::SqliteSynchronous::Normal,
            })
            .busy_timeout(sqlite::BUSY_TIMEOUT)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A file does not go away.
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// sqlx's own pool.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    async fn lease(&self) -> Result<SqliteLease> {
        Ok(SqliteLease(self.pool.acquire().await?))
    }

    async fn add_all_by(
        connection: &mut SqliteConnection,
        messages: Vec<NewMessage>,
    ) -> Result<()> {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for NewMessage { sender, receiver, sent_ns, topic, tag, body } in messages {
            sqlx::query(sql::ADD_MESSAGE)
                .bind(sender.0)
                .bind(receiver.0)
                .bind(sent_ns)
                .bind(topic)
                .bind(tag)
                .bind(body)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

impl SqlxPostgres {
    /// Connects, makes the schema of this name if it is not there, and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a store of a later version, and what the server says.
    pub async fn open(
        options: PgConnectOptions,
        schema: &str,
        durability: Durability,
        connections: u32,
    ) -> Result<Self> {
        let commit = durability.synchronous_commit();
        let options = options
            .application_name("db-bench")
            .options([("search_path", schema), ("synchronous_commit", commit)]);
        let store = Self { pool: Arc::new(Pool::new(options, connections.max(1))) };
        let mut lease = store.lease().await?;
        let migrated = Self::migrate(&mut lease, schema).await;
        lease.end(&migrated);
        migrated.map(|()| store)
    }

    /// A connection for statements of the caller's own, once one is free.
    ///
    /// # Errors
    /// [`StoreError::NoConnection`], [`StoreError::Closed`], and what the server says.
    pub async fn lease(&self) -> Result<Lease<'_>> {
        self.pool.lease().await
    }

    async fn migrate(connection: &mut PgConnection, schema: &str) -> Result<()> {
        let mut transaction = connection.begin().await?;
        let quoted = schema.replace('"', "\"\"");
        // Two that open an empty store at once: the second waits and finds it made.
        transaction.execute("SELECT pg_advisory_xact_lock(7236150917)").await?;
        let made = format!("CREATE SCHEMA IF NOT EXISTS \"{quoted}\"");
        transaction.execute(AssertSqlSafe(made)).await?;
        transaction
            .execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
            .await?;
        let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM schema_version")
            .fetch_one(&mut *transaction)
            .await?;
        let found = u32::try_from(found.unwrap_or(0)).unwrap_or(u32::MAX);
        if found > schema::VERSION {
            return Err(StoreError::Newer { found, known: schema::VERSION });
        }
        for (version, text) in schema::migrations(found, Dialect::Postgres) {
            sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *transaction).await?;
            sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
                .bind(i64::from(version))
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn add_all_by(connection: &mut PgConnection, messages: Vec<NewMessage>) -> Result<()> {
        Columns::of(messages).added().execute(connection).await?;
        Ok(())
    }
}

/// The key that an insert returned, once the statement was stepped to its end, which `fetch_one` does
/// not: see [`sqlite`], where it matters.
fn only(keys: Vec<i64>) -> Result<i64> {
    keys.first().copied().ok_or_else(|| sqlx::Error::RowNotFound.into())
}

/// A connection of sqlx's pool, to which it goes back by itself.
struct SqliteLease(PoolConnection<Sqlite>);

impl SqliteLease {
    /// Lets go of a connection whose transaction SQLite may have ended by itself, as it does when the
    /// disk is full: sqlx counts the open ones and would begin no other on it.
    fn end<T>(mut self, outcome: &Result<T>) {
        if !matches!(outcome, Ok(_) | Err(StoreError::Constraint(_))) {
            self.0.close_on_drop();
        }
    }
}

impl Deref for SqliteLease {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for SqliteLease {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

/// Asks by a connection of the store's pool.
macro_rules! by {
    ($store:expr, $connection:ident => $asked:expr) => {{
        let mut lease = $store.lease().await?;
        let $connection = &mut *lease;
        let outcome = $asked.await.map_err(StoreError::from);
        lease.end(&outcome);
        outcome
    }};
}

/// Messages column by column, as one statement takes them.
#[derive(Default)]
pub(crate) struct Columns {
    senders: Vec<i64>,
    receivers: Vec<i64>,
    sent_ns: Vec<i64>,
    topics: Vec<String>,
    tags: Vec<String>,
    bodies: Vec<String>,
}

impl Columns {
    pub(crate) fn of(messages: Vec<NewMessage>) -> Self {
        let mut columns = Self::default();
        for NewMessage { sender, receiver, sent_ns, topic, tag, body } in messages {
            columns.senders.push(sender.0);
            columns.receivers.push(receiver.0);
            columns.sent_ns.push(sent_ns);
            columns.topics.push(topic);
            columns.tags.push(tag);
            columns.bodies.push(body);
        }
        columns
    }

    /// The statement that adds them.
    pub(crate) fn added(self) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(sql::ADD_MESSAGES)
            .bind(self.senders)
            .bind(self.receivers)
            .bind(self.sent_ns)
            .bind(self.topics)
            .bind(self.tags)
            .bind(self.bodies)
    }
}

/// The operations are the same text for both drivers, whose types have no common trait.
macro_rules! store_by_sqlx {
    ($store:ty, $connection:ty, $begin:literal) => {
        impl $store {
            async fn transfer_by(connection: &mut $connection, transfer: Transfer) -> Result<i64> {
                let Transfer { account, teller, branch, amount } = transfer;
                let mut transaction = connection.begin_with($begin).await?;
                let connection = &mut *transaction;
                sqlx::query(sql::TO_ACCOUNT)
                    .bind(amount)
                    .bind(account)
                    .execute(&mut *connection)
                    .await?;
                let balance: i32 = sqlx::query_scalar(sql::BALANCE)
                    .bind(account)
                    .fetch_one(&mut *connection)
                    .await?;
                sqlx::query(sql::TO_TELLER)
                    .bind(amount)
                    .bind(teller)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(sql::TO_BRANCH)
                    .bind(amount)
                    .bind(branch)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(sql::TO_HISTORY)
                    .bind(teller)
                    .bind(branch)
                    .bind(account)
                    .bind(amount)
                    .execute(&mut *connection)
                    .await?;
                transaction.commit().await?;
                Ok(balance.into())
            }
        }

        impl Store for $store {
            async fn agent(&self, key: AgentKey) -> Result<Option<Agent>> {
                let found: Option<AgentColumns> =
                    by!(self, connection => sqlx::query_as(sql::AGENT).bind(key.0).fetch_optional(connection))?;
                Ok(found.map(Agent::from))
            }

            async fn add_agent(&self, name: &str, kind: &str) -> Result<AgentKey> {
                let added = sqlx::query_scalar(sql::ADD_AGENT).bind(name).bind(kind);
                only(by!(self, connection => added.fetch_all(connection))?).map(AgentKey)
            }

            async fn add_steps(&self, agent: AgentKey, steps: i64) -> Result<bool> {
                let added = sqlx::query(sql::ADD_STEPS).bind(steps).bind(agent.0);
                Ok(by!(self, connection => added.execute(connection))?.rows_affected() == 1)
            }

            async fn message(&self, key: MessageKey) -> Result<Option<Message>> {
                let found: Option<MessageColumns> =
                    by!(self, connection => sqlx::query_as(sql::MESSAGE).bind(key.0).fetch_optional(connection))?;
                Ok(found.map(Message::from))
            }

            async fn count_messages(&self) -> Result<i64> {
                Ok(by!(self, connection => sqlx::query_scalar(sql::COUNT_MESSAGES).fetch_one(connection))?)
            }

            async fn inbox(
                &self,
                receiver: AgentKey,
                from_ns: i64,
                until_ns: i64,
                most: i64,
            ) -> Result<Vec<Message>> {
                let found: Vec<MessageColumns> = by!(self, connection => sqlx::query_as(sql::INBOX)
                    .bind(receiver.0)
                    .bind(from_ns)
                    .bind(until_ns)
                    .bind(most)
                    .fetch_all(connection))?;
                Ok(found.into_iter().map(Message::from).collect())
            }

            async fn by_topic(&self, topic: &str, most: i64) -> Result<Vec<Message>> {
                let found: Vec<MessageColumns> = by!(self, connection => sqlx::query_as(sql::BY_TOPIC)
                    .bind(topic)
                    .bind(most)
                    .fetch_all(connection))?;
                Ok(found.into_iter().map(Message::from).collect())
            }

            async fn by_tag(&self, tag: &str, most: i64) -> Result<Vec<Message>> {
                let found: Vec<MessageColumns> =
                    by!(self, connection => sqlx::query_as(sql::BY_TAG).bind(tag).bind(most).fetch_all(connection))?;
                Ok(found.into_iter().map(Message::from).collect())
            }

            async fn add_message(&self, message: NewMessage) -> Result<MessageKey> {
                let NewMessage { sender, receiver, sent_ns, topic, tag, body } = message;
                let added = sqlx::query_scalar(sql::ADD_MESSAGE)
                    .bind(sender.0)
                    .bind(receiver.0)
                    .bind(sent_ns)
                    .bind(topic)
                    .bind(tag)
                    .bind(body);
                only(by!(self, connection => added.fetch_all(connection))?).map(MessageKey)
            }

            async fn add_messages(&self, messages: Vec<NewMessage>) -> Result<()> {
                by!(self, connection => Self::add_all_by(connection, messages))
            }

            async fn traffic(&self, receiver: AgentKey) -> Result<Vec<Traffic>> {
                let found: Vec<TrafficColumns> =
                    by!(self, connection => sqlx::query_as(sql::TRAFFIC).bind(receiver.0).fetch_all(connection))?;
                Ok(found.into_iter().map(Traffic::from).collect())
            }

            async fn popular(
                &self,
                from: AgentKey,
                until: AgentKey,
                most: i64,
            ) -> Result<Vec<Popularity>> {
                let found: Vec<PopularityColumns> = by!(self, connection => sqlx::query_as(sql::POPULAR)
                    .bind(from.0)
                    .bind(until.0)
                    .bind(most)
                    .fetch_all(connection))?;
                Ok(found.into_iter().map(Popularity::from).collect())
            }

            async fn save_belief(&self, belief: Belief) -> Result<()> {
                let saved = sqlx::query(sql::SAVE_BELIEF)
                    .bind(belief.agent.0)
                    .bind(belief.step)
                    .bind(blob::of(&belief.posterior));
                by!(self, connection => saved.execute(connection))?;
                Ok(())
            }

            async fn latest_belief(&self, agent: AgentKey) -> Result<Option<Belief>> {
                let found: Option<(i64, Vec<u8>)> = by!(self, connection => sqlx::query_as(sql::LATEST_BELIEF)
                    .bind(agent.0)
                    .fetch_optional(connection))?;
                let belief = |(step, bytes): (i64, Vec<u8>)| {
                    Ok(Belief { agent, step, posterior: blob::figures(&bytes)? })
                };
                found.map(belief).transpose()
            }

            async fn add_observation(&self, observation: Observation) -> Result<()> {
                let Observation { agent, step, modality, outcome } = observation;
                let added = sqlx::query(sql::ADD_OBSERVATION)
                    .bind(agent.0)
                    .bind(step)
                    .bind(modality)
                    .bind(outcome);
                by!(self, connection => added.execute(connection))?;
                Ok(())
            }

            async fn observations(
                &self,
                agent: AgentKey,
                from: i64,
                until: i64,
            ) -> Result<Vec<Observation>> {
                let found: Vec<ObservationColumns> = by!(self, connection => sqlx::query_as(sql::OBSERVATIONS)
                    .bind(agent.0)
                    .bind(from)
                    .bind(until)
                    .fetch_all(connection))?;
                Ok(found.into_iter().map(Observation::from).collect())
            }

            async fn set_edge(&self, edge: Edge) -> Result<()> {
                let Edge { source, target, kind, weight } = edge;
                let set = sqlx::query(sql::SET_EDGE)
                    .bind(source.0)
                    .bind(kind as i64)
                    .bind(target.0)
                    .bind(weight);
                by!(self, connection => set.execute(connection))?;
                Ok(())
            }

            async fn neighbours(&self, source: AgentKey, kind: EdgeKind) -> Result<Vec<Edge>> {
                let found: Vec<(i64, f64)> = by!(self, connection => sqlx::query_as(sql::NEIGHBOURS)
                    .bind(source.0)
                    .bind(kind as i64)
                    .fetch_all(connection))?;
                Ok(Edge::from_source(source, kind, found))
            }

            async fn balance(&self, account: i64) -> Result<Option<i64>> {
                let balance: Option<i32> = by!(self, connection => sqlx::query_scalar(sql::BALANCE)
                    .bind(account)
                    .fetch_optional(connection))?;
                Ok(balance.map(i64::from))
            }

            async fn transfer(&self, transfer: Transfer) -> Result<i64> {
                by!(self, connection => Self::transfer_by(connection, transfer))
            }

            async fn close(&self) {
                self.pool.close().await;
            }
        }
    };
}

store_by_sqlx!(SqlxSqlite, SqliteConnection, "BEGIN IMMEDIATE");
store_by_sqlx!(SqlxPostgres, PgConnection, "BEGIN");
