//! The store by rusqlite, on threads that each have a connection.

mod commits;
mod queue;
mod reader;
mod reply;
mod transaction;
mod writer;

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::{fmt, mem};

use rusqlite::Connection;
use tokio::sync::watch;

use crate::rows::{
    Agent, AgentKey, Belief, Edge, EdgeKind, Message, MessageKey, NewMessage, Observation,
    Popularity, Traffic, Transfer,
};
use crate::store::Store;
use crate::{Durability, StoreError, sqlite};
use commits::Counters;
use queue::Queue;
use reader::{Access, Read};
use reply::Reply;
use transaction::{Outcome, Transaction, outcome, transaction};
use writer::Writer;

pub use commits::GroupCommits;

type Result<T> = std::result::Result<T, StoreError>;

/// How a [`SqliteThreads`] is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadsOptions {
    /// What an answered commit survives.
    pub durability: Durability,
    /// Connections that read, each on a thread of its own, at least one. One more writes.
    pub connections: usize,
}

/// A store on a SQLite file for async callers, by rusqlite on threads of its own.
///
/// Reads go to whichever reading connection is free. Writes go to one connection, which commits
/// the transactions of many callers together: while one group is made durable, the next gathers.
/// Nobody is answered before their commit is as durable as [`Durability`] says, nobody reads what
/// is not committed, and who was answered reads what they wrote.
///
/// A future does nothing until it is polled. Dropped after that, its read or transaction may
/// happen or not, and nothing else is disturbed. A closure that panics does so in the caller.
///
/// When the last handle is dropped the threads finish what they were asked and end by themselves;
/// [`Store::close`] waits for that.
///
/// ```
/// use db_bench::{Durability, SqliteThreads, Store, ThreadsOptions, sqlite};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("agents.db");
/// let options = ThreadsOptions { durability: Durability::Durable, connections: 2 };
/// let store = SqliteThreads::open(&path, options)?;
/// let scout = store.add_agent("scout", "explorer").await?;
/// let steps = store
///     .transaction(move |connection| {
///         sqlite::add_steps(connection, scout, 3)?;
///         Ok(sqlite::agent(connection, scout)?.map(|agent| agent.steps))
///     })
///     .await?;
/// assert_eq!(steps, Some(3));
/// store.close().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteThreads {
    shared: Arc<Shared>,
}

struct Shared {
    reads: Arc<Queue<Read>>,
    writes: Arc<Queue<Box<dyn Transaction>>>,
    counters: Arc<Counters>,
    /// Each thread has a receiver until its connection is closed.
    ended: watch::Sender<()>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl SqliteThreads {
    /// Opens a file, which is made if it is not there, and brings its schema up to date. Blocks
    /// while it does.
    ///
    /// # Errors
    /// As [`sqlite::open`]; [`StoreError::NotShared`] for a database in memory, and
    /// [`StoreError::Thread`].
    pub fn open(path: &Path, options: ThreadsOptions) -> Result<Self> {
        let ThreadsOptions { durability, connections } = options;
        let connection = sqlite::open(sqlite::Place::File(path), durability)?;
        let journal: String =
            connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if journal != "wal" {
            return Err(StoreError::NotShared { journal });
        }
        // From here on an error drops the store, and that ends the threads it has.
        let store = Self { shared: Arc::new(Shared::new()) };
        let writer = Writer::new(connection)?;
        let (queue, counters) = (store.shared.writes.clone(), store.shared.counters.clone());
        store.shared.start("store-writer", move || writer.write_all(&queue, &counters))?;
        for _ in 0..connections.max(1) {
            let connection = sqlite::open_to_read(path, durability)?;
            let queue = store.shared.reads.clone();
            store.shared.start("store-reader", move || reader::read_all(&queue, &connection))?;
        }
        Ok(store)
    }

    /// Reads by a closure, on a connection that refuses to write.
    ///
    /// # Errors
    /// What the closure says, and [`StoreError::Closed`].
    ///
    /// # Panics
    /// If the closure does.
    pub async fn read<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.queue_read(Access::Any, work).await
    }

    async fn read_by_key<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.queue_read(Access::ByKey, work).await
    }

    async fn queue_read<T, W>(&self, access: Access, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (promise, reply) = reply::promise();
        let work =
            Box::new(move |connection: &Connection| promise.answer(outcome(work, connection)));
        self.shared.reads.push(Read { access, work })?;
        answered(reply).await
    }

    /// Runs a closure within a transaction: all that it did is committed, or nothing if it says an
    /// error or panics. It shares its commit with others, and must neither commit nor roll back by
    /// itself: then the whole group is undone.
    ///
    /// # Errors
    /// What the closure says; what the group's beginning or commit says, such as
    /// [`StoreError::Busy`] if another process writes for longer than [`sqlite::BUSY_TIMEOUT`];
    /// [`StoreError::Undone`], and [`StoreError::Closed`].
    ///
    /// # Panics
    /// If the closure does.
    pub async fn transaction<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (promise, reply) = reply::promise();
        self.shared.writes.push(transaction(work, promise))?;
        answered(reply).await
    }

    /// What became of the transactions so far.
    #[must_use]
    pub fn commits(&self) -> GroupCommits {
        self.shared.counters.snapshot(self.shared.writes.len())
    }

    /// Reads that wait for a connection at this moment.
    #[must_use]
    pub fn reads_waiting(&self) -> usize {
        self.shared.reads.len()
    }
}

async fn answered<T>(reply: Reply<Outcome<T>>) -> Result<T> {
    match reply.await {
        Some(Ok(answer)) => answer,
        Some(Err(panic)) => resume_unwind(panic),
        None => Err(StoreError::Closed),
    }
}

impl Shared {
    fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            // The callers' executor needs the other half.
            reads: Arc::new(Queue::new((processors / 2).max(1))),
            writes: Arc::new(Queue::new(1)),
            counters: Arc::new(Counters::default()),
            ended: watch::Sender::new(()),
            threads: Mutex::new(Vec::new()),
        }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let lives = self.ended.subscribe();
        let run = move || {
            work();
            drop(lives);
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
        self.threads().push(thread.map_err(StoreError::Thread)?);
        Ok(())
    }

    fn close(&self) {
        self.reads.close();
        self.writes.close();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for SqliteThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteThreads")
            .field("commits", &self.commits())
            .field("reads_waiting", &self.reads_waiting())
            .finish_non_exhaustive()
    }
}

impl Store for SqliteThreads {
    async fn agent(&self, key: AgentKey) -> Result<Option<Agent>> {
        self.read_by_key(move |connection| sqlite::agent(connection, key)).await
    }

    async fn add_agent(&self, name: &str, kind: &str) -> Result<AgentKey> {
        let (name, kind) = (name.to_owned(), kind.to_owned());
        self.transaction(move |connection| sqlite::add_agent(connection, &name, &kind)).await
    }

    async fn add_steps(&self, agent: AgentKey, steps: i64) -> Result<bool> {
        self.transaction(move |connection| sqlite::add_steps(connection, agent, steps)).await
    }

    async fn message(&self, key: MessageKey) -> Result<Option<Message>> {
        self.read_by_key(move |connection| sqlite::message(connection, key)).await
    }

    async fn count_messages(&self) -> Result<i64> {
        self.read(sqlite::count_messages).await
    }

    async fn inbox(
        &self,
        receiver: AgentKey,
        from_ns: i64,
        until_ns: i64,
        most: i64,
    ) -> Result<Vec<Message>> {
        self.read(move |connection| sqlite::inbox(connection, receiver, from_ns, until_ns, most))
            .await
    }

    async fn by_topic(&self, topic: &str, most: i64) -> Result<Vec<Message>> {
        let topic = topic.to_owned();
        self.read(move |connection| sqlite::by_topic(connection, &topic, most)).await
    }

    async fn by_tag(&self, tag: &str, most: i64) -> Result<Vec<Message>> {
        let tag = tag.to_owned();
        self.read(move |connection| sqlite::by_tag(connection, &tag, most)).await
    }

    async fn add_message(&self, message: NewMessage) -> Result<MessageKey> {
        self.transaction(move |connection| sqlite::add_message(connection, &message)).await
    }

    async fn add_messages(&self, messages: Vec<NewMessage>) -> Result<()> {
        self.transaction(move |connection| sqlite::add_messages_within(connection, &messages)).await
    }

    async fn traffic(&self, receiver: AgentKey) -> Result<Vec<Traffic>> {
        self.read(move |connection| sqlite::traffic(connection, receiver)).await
    }

    async fn popular(&self, from: AgentKey, until: AgentKey, most: i64) -> Result<Vec<Popularity>> {
        self.read(move |connection| sqlite::popular(connection, from, until, most)).await
    }

    async fn save_belief(&self, belief: Belief) -> Result<()> {
        self.transaction(move |connection| sqlite::save_belief(connection, &belief)).await
    }

    async fn latest_belief(&self, agent: AgentKey) -> Result<Option<Belief>> {
        self.read_by_key(move |connection| sqlite::latest_belief(connection, agent)).await
    }

    async fn add_observation(&self, observation: Observation) -> Result<()> {
        self.transaction(move |connection| sqlite::add_observation(connection, observation)).await
    }

    async fn observations(
        &self,
        agent: AgentKey,
        from: i64,
        until: i64,
    ) -> Result<Vec<Observation>> {
        self.read(move |connection| sqlite::observations(connection, agent, from, until)).await
    }

    async fn set_edge(&self, edge: Edge) -> Result<()> {
        self.transaction(move |connection| sqlite::set_edge(connection, edge)).await
    }

    async fn neighbours(&self, source: AgentKey, kind: EdgeKind) -> Result<Vec<Edge>> {
        self.read(move |connection| sqlite::neighbours(connection, source, kind)).await
    }

    async fn balance(&self, account: i64) -> Result<Option<i64>> {
        self.read_by_key(move |connection| sqlite::balance(connection, account)).await
    }

    async fn transfer(&self, transfer: Transfer) -> Result<i64> {
        self.transaction(move |connection| sqlite::transfer_within(connection, transfer)).await
    }

    async fn close(&self) {
        self.shared.close();
        self.shared.ended.closed().await;
        // They have nothing left to do, so that this blocks nobody for long.
        let threads = mem::take(&mut *self.shared.threads());
        threads.into_iter().for_each(|thread| drop(thread.join()));
    }
}
