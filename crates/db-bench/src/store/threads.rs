//! The store by rusqlite, on threads that each have a connection.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::rows::{
    Agent, AgentKey, Belief, Edge, EdgeKind, Message, MessageKey, NewMessage, Observation,
    Popularity, Traffic, Transfer,
};
use crate::store::{Answer, Store};
use crate::{Durability, StoreError, sqlite};

type Result<T> = std::result::Result<T, StoreError>;

/// How a [`SqliteThreads`] is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadsOptions {
    /// What an answered commit survives.
    pub durability: Durability,
    /// Threads, each with a connection.
    pub connections: usize,
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A store on a SQLite file for async callers: rusqlite on threads that wait for the disk.
#[derive(Clone, Debug)]
pub struct SqliteThreads {
    jobs: flume::Sender<Job>,
    workers: Arc<Vec<std::thread::JoinHandle<()>>>,
}

impl SqliteThreads {
    /// Opens a file, which is made if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// As [`sqlite::open`].
    pub fn open(path: &Path, options: ThreadsOptions) -> Result<Self> {
        let (jobs, queue) = flume::unbounded::<Job>();
        let mut workers = Vec::new();
        for _ in 0..options.connections {
            let mut connection = sqlite::open(sqlite::Place::File(path), options.durability)?;
            let queue = queue.clone();
            workers.push(std::thread::spawn(move || {
                while let Ok(job) = queue.recv() {
                    job(&mut connection);
                }
            }));
        }
        Ok(Self { jobs, workers: Arc::new(workers) })
    }

    /// Does something on a connection of its own thread.
    fn run<T, W>(&self, work: W) -> impl Answer<T> + use<T, W>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| drop(answer.send(work(connection))));
        let sent = self.jobs.send(job).map_err(|_| StoreError::Closed);
        async move {
            sent?;
            answered.await.map_err(|_| StoreError::Closed)?
        }
    }
}

impl Store for SqliteThreads {
    fn agent(&self, key: AgentKey) -> impl Answer<Option<Agent>> {
        self.run(move |connection| sqlite::agent(connection, key))
    }

    fn add_agent(&self, name: &str, kind: &str) -> impl Answer<AgentKey> {
        let (name, kind) = (name.to_owned(), kind.to_owned());
        self.run(move |connection| sqlite::add_agent(connection, &name, &kind))
    }

    fn add_steps(&self, agent: AgentKey, steps: i64) -> impl Answer<bool> {
        self.run(move |connection| sqlite::add_steps(connection, agent, steps))
    }

    fn message(&self, key: MessageKey) -> impl Answer<Option<Message>> {
        self.run(move |connection| sqlite::message(connection, key))
    }

    fn count_messages(&self) -> impl Answer<i64> {
        self.run(|connection| sqlite::count_messages(connection))
    }

    fn inbox(
        &self,
        receiver: AgentKey,
        from_ns: i64,
        until_ns: i64,
        most: i64,
    ) -> impl Answer<Vec<Message>> {
        self.run(move |connection| sqlite::inbox(connection, receiver, from_ns, until_ns, most))
    }

    fn by_topic(&self, topic: &str, most: i64) -> impl Answer<Vec<Message>> {
        let topic = topic.to_owned();
        self.run(move |connection| sqlite::by_topic(connection, &topic, most))
    }

    fn by_tag(&self, tag: &str, most: i64) -> impl Answer<Vec<Message>> {
        let tag = tag.to_owned();
        self.run(move |connection| sqlite::by_tag(connection, &tag, most))
    }

    fn add_message(&self, message: NewMessage) -> impl Answer<MessageKey> {
        self.run(move |connection| sqlite::add_message(connection, &message))
    }

    fn add_messages(&self, messages: Vec<NewMessage>) -> impl Answer<()> {
        self.run(move |connection| sqlite::add_messages(connection, &messages))
    }

    fn traffic(&self, receiver: AgentKey) -> impl Answer<Vec<Traffic>> {
        self.run(move |connection| sqlite::traffic(connection, receiver))
    }

    fn popular(&self, from: AgentKey, until: AgentKey, most: i64) -> impl Answer<Vec<Popularity>> {
        self.run(move |connection| sqlite::popular(connection, from, until, most))
    }

    fn save_belief(&self, belief: Belief) -> impl Answer<()> {
        self.run(move |connection| sqlite::save_belief(connection, &belief))
    }

    fn latest_belief(&self, agent: AgentKey) -> impl Answer<Option<Belief>> {
        self.run(move |connection| sqlite::latest_belief(connection, agent))
    }

    fn add_observation(&self, observation: Observation) -> impl Answer<()> {
        self.run(move |connection| sqlite::add_observation(connection, observation))
    }

    fn observations(
        &self,
        agent: AgentKey,
        from: i64,
        until: i64,
    ) -> impl Answer<Vec<Observation>> {
        self.run(move |connection| sqlite::observations(connection, agent, from, until))
    }

    fn set_edge(&self, edge: Edge) -> impl Answer<()> {
        self.run(move |connection| sqlite::set_edge(connection, edge))
    }

    fn neighbours(&self, source: AgentKey, kind: EdgeKind) -> impl Answer<Vec<Edge>> {
        self.run(move |connection| sqlite::neighbours(connection, source, kind))
    }

    fn transfer(&self, transfer: Transfer) -> impl Answer<i64> {
        self.run(move |connection| sqlite::transfer(connection, transfer))
    }

    async fn close(&self) {}
}
