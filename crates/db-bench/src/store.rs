//! One interface to every backend, for async callers.

mod pool;
mod sqlx;
mod threads;

use std::future::Future;

use crate::StoreError;
use crate::rows::{
    Agent, AgentKey, Belief, Edge, EdgeKind, Message, MessageKey, NewMessage, Observation,
    Popularity, Traffic, Transfer,
};

pub use pool::Lease;
pub(crate) use sqlx::Columns;
pub use sqlx::{SqlxPostgres, SqlxSqlite};
pub use threads::{GroupCommits, SqliteThreads, ThreadsOptions};

/// What agents ask of a store. Each call is a transaction of its own.
///
/// A handle is cheap to clone, and its clones are the same store. A call whose future is dropped
/// may have happened or not.
///
/// Every method fails with [`StoreError`]; what is particular is said with it.
pub trait Store: Clone + Send + Sync + 'static {
    /// An agent by its key.
    fn agent(&self, key: AgentKey) -> impl Answer<Option<Agent>>;

    /// Adds an agent; [`StoreError::Constraint`] if the name is taken.
    fn add_agent(&self, name: &str, kind: &str) -> impl Answer<AgentKey>;

    /// Adds to the steps that an agent took; whether there is such an agent.
    fn add_steps(&self, agent: AgentKey, steps: i64) -> impl Answer<bool>;

    /// A message by its key.
    fn message(&self, key: MessageKey) -> impl Answer<Option<Message>>;

    /// How many messages there are. O(messages).
    fn count_messages(&self) -> impl Answer<i64>;

    /// Messages to an agent that were sent within `[from_ns, until_ns)`, the earliest first.
    fn inbox(
        &self,
        receiver: AgentKey,
        from_ns: i64,
        until_ns: i64,
        most: i64,
    ) -> impl Answer<Vec<Message>>;

    /// Messages about a topic, by an index.
    fn by_topic(&self, topic: &str, most: i64) -> impl Answer<Vec<Message>>;

    /// Messages with a tag, by looking at all of them.
    fn by_tag(&self, tag: &str, most: i64) -> impl Answer<Vec<Message>>;

    /// Adds a message; [`StoreError::Constraint`] if its sender or receiver is not there.
    fn add_message(&self, message: NewMessage) -> impl Answer<MessageKey>;

    /// Adds messages in one transaction: all of them or none.
    fn add_messages(&self, messages: Vec<NewMessage>) -> impl Answer<()>;

    /// Who wrote to an agent, by kind: a join with sums.
    fn traffic(&self, receiver: AgentKey) -> impl Answer<Vec<Traffic>>;

    /// Who of the agents with keys within `[from, until)` received most.
    fn popular(&self, from: AgentKey, until: AgentKey, most: i64) -> impl Answer<Vec<Popularity>>;

    /// Keeps what an agent believed after a step, instead of what was kept of that step before.
    fn save_belief(&self, belief: Belief) -> impl Answer<()>;

    /// What an agent believed last.
    fn latest_belief(&self, agent: AgentKey) -> impl Answer<Option<Belief>>;

    /// Keeps an observation; [`StoreError::Constraint`] if there is one already.
    fn add_observation(&self, observation: Observation) -> impl Answer<()>;

    /// What an agent observed at steps within `[from, until)`, in order.
    fn observations(&self, agent: AgentKey, from: i64, until: i64)
    -> impl Answer<Vec<Observation>>;

    /// Relates two agents, or changes how strongly they are.
    fn set_edge(&self, edge: Edge) -> impl Answer<()>;

    /// Whom an agent is related to, the strongest first.
    fn neighbours(&self, source: AgentKey, kind: EdgeKind) -> impl Answer<Vec<Edge>>;

    /// An account's balance, if there is such an account.
    fn balance(&self, account: i64) -> impl Answer<Option<i64>>;

    /// Moves an amount and returns the account's new balance.
    fn transfer(&self, transfer: Transfer) -> impl Answer<i64>;

    /// Waits for what is under way and closes all connections. Later calls fail with
    /// [`StoreError::Closed`].
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// The future of an operation's result.
pub trait Answer<T>: Future<Output = Result<T, StoreError>> + Send {}

impl<T, F: Future<Output = Result<T, StoreError>> + Send> Answer<T> for F {}
