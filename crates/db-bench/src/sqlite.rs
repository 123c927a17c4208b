//! The store's operations on one SQLite connection, which waits for the disk itself.
//!
//! Statements are prepared once and kept by the connection. A transaction is the caller's:
//! [`transaction`] for several operations together, otherwise each is one of its own.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Params, Row, TransactionBehavior};

use crate::rows::{
    Agent, AgentColumns, AgentKey, Belief, Edge, EdgeKind, Message, MessageColumns, MessageKey,
    NewMessage, Observation, ObservationColumns, Popularity, PopularityColumns, Traffic,
    TrafficColumns, Transfer,
};
use crate::schema::{self, Dialect};
use crate::{Durability, StoreError, blob, sql};

type Result<T> = std::result::Result<T, StoreError>;

/// Statements that a connection keeps prepared: more than there are.
const STATEMENTS: usize = 64;

/// How long a writer waits for another.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// In memory, for this connection alone.
    Memory,
    /// In a file, which is made if it is not there, with its log beside it.
    File(&'a Path),
}

/// Opens a database and brings its schema up to date. Files have a write-ahead log.
///
/// # Errors
/// [`StoreError::Newer`] for a store of a later version, and what SQLite says.
pub fn open(place: Place<'_>, durability: Durability) -> Result<Connection> {
    let mut connection = connect(place, durability)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A further connection to a database that [`open`] brought up to date, which refuses to write.
pub(crate) fn open_to_read(path: &Path, durability: Durability) -> Result<Connection> {
    let connection = connect(Place::File(path), durability)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(place: Place<'_>, durability: Durability) -> Result<Connection> {
    let connection = match place {
        Place::Memory => Connection::open_in_memory()?,
        Place::File(path) => Connection::open(path)?,
    };
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", durability.synchronous())?;
    if let Place::File(_) = place {
        // Answers with the mode that is in force.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    }
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > schema::VERSION {
        return Err(StoreError::Newer { found, known: schema::VERSION });
    }
    for (version, text) in schema::migrations(found, Dialect::Sqlite) {
        transaction.execute_batch(&text)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(transaction.commit()?)
}

/// Several operations as one: all of them happened, or none did.
///
/// # Errors
/// What `work` or the commit says; then nothing is changed.
pub fn transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// The row of a query, if there is one, by its columns.
fn one<C, T: From<C>>(connection: &Connection, sql: &str, params: impl Params) -> Result<Option<T>>
where
    C: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
{
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(params, |row| C::try_from(row)).optional()?.map(T::from))
}

/// All rows of a query, by their columns.
fn all<C, T: From<C>>(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<T>>
where
    C: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
{
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| C::try_from(row).map(T::from))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// The value that a statement answers with.
///
/// It is stepped to its end: only there does SQLite look whether its log is to be moved into the file,
/// so that the log of statements that insert and return a key would otherwise grow without end.
fn value<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<T> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let value = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0)?;
    while rows.next()?.is_some() {}
    Ok(value)
}

/// Rows that a statement changed.
fn changed(connection: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

/// An agent by its key.
///
/// # Errors
/// What SQLite says, as in every function here.
pub fn agent(connection: &Connection, key: AgentKey) -> Result<Option<Agent>> {
    one::<AgentColumns, _>(connection, sql::AGENT, [key.0])
}

/// Adds an agent.
///
/// # Errors
/// [`StoreError::Constraint`] if the name is taken.
pub fn add_agent(connection: &Connection, name: &str, kind: &str) -> Result<AgentKey> {
    value(connection, sql::ADD_AGENT, [name, kind]).map(AgentKey)
}

/// Adds to the steps that an agent took; whether there is such an agent.
///
/// # Errors
/// What SQLite says.
pub fn add_steps(connection: &Connection, agent: AgentKey, steps: i64) -> Result<bool> {
    Ok(changed(connection, sql::ADD_STEPS, [steps, agent.0])? == 1)
}

/// A message by its key.
///
/// # Errors
/// What SQLite says.
pub fn message(connection: &Connection, key: MessageKey) -> Result<Option<Message>> {
    one::<MessageColumns, _>(connection, sql::MESSAGE, [key.0])
}

/// How many messages there are. O(messages).
///
/// # Errors
/// What SQLite says.
pub fn count_messages(connection: &Connection) -> Result<i64> {
    value(connection, sql::COUNT_MESSAGES, [])
}

/// Messages to an agent that were sent within `[from_ns, until_ns)`, the earliest first.
///
/// # Errors
/// What SQLite says.
pub fn inbox(
    connection: &Connection,
    receiver: AgentKey,
    from_ns: i64,
    until_ns: i64,
    most: i64,
) -> Result<Vec<Message>> {
    all::<MessageColumns, _>(connection, sql::INBOX, [receiver.0, from_ns, until_ns, most])
}

/// Messages about a topic, by an index.
///
/// # Errors
/// What SQLite says.
pub fn by_topic(connection: &Connection, topic: &str, most: i64) -> Result<Vec<Message>> {
    all::<MessageColumns, _>(connection, sql::BY_TOPIC, rusqlite::params![topic, most])
}

/// Messages with a tag, by looking at all of them.
///
/// # Errors
/// What SQLite says.
pub fn by_tag(connection: &Connection, tag: &str, most: i64) -> Result<Vec<Message>> {
    all::<MessageColumns, _>(connection, sql::BY_TAG, rusqlite::params![tag, most])
}

/// Adds a message.
///
/// # Errors
/// [`StoreError::Constraint`] if its sender or receiver is not there.
pub fn add_message(connection: &Connection, message: &NewMessage) -> Result<MessageKey> {
    let NewMessage { sender, receiver, sent_ns, topic, tag, body } = message;
    let params = rusqlite::params![sender.0, receiver.0, sent_ns, topic, tag, body];
    value(connection, sql::ADD_MESSAGE, params).map(MessageKey)
}

/// Adds messages in one transaction: all of them or none.
///
/// # Errors
/// As [`add_message`].
pub fn add_messages(connection: &mut Connection, messages: &[NewMessage]) -> Result<()> {
    transaction(connection, |connection| add_messages_within(connection, messages))
}

/// Adds messages within the caller's transaction.
///
/// # Errors
/// As [`add_message`]; those before the one that failed are added.
pub fn add_messages_within(connection: &Connection, messages: &[NewMessage]) -> Result<()> {
    messages.iter().try_for_each(|message| add_message(connection, message).map(drop))
}

/// Who wrote to an agent, by kind: a join with sums.
///
/// # Errors
/// What SQLite says.
pub fn traffic(connection: &Connection, receiver: AgentKey) -> Result<Vec<Traffic>> {
    all::<TrafficColumns, _>(connection, sql::TRAFFIC, [receiver.0])
}

/// Who of the agents with keys within `[from, until)` received most.
///
/// # Errors
/// What SQLite says.
pub fn popular(
    connection: &Connection,
    from: AgentKey,
    until: AgentKey,
    most: i64,
) -> Result<Vec<Popularity>> {
    all::<PopularityColumns, _>(connection, sql::POPULAR, [from.0, until.0, most])
}

/// Keeps what an agent believed after a step, instead of what was kept of that step before.
///
/// # Errors
/// [`StoreError::Constraint`] if there is no such agent.
pub fn save_belief(connection: &Connection, belief: &Belief) -> Result<()> {
    let posterior = blob::of(&belief.posterior);
    let params = rusqlite::params![belief.agent.0, belief.step, posterior];
    changed(connection, sql::SAVE_BELIEF, params).map(drop)
}

/// What an agent believed last.
///
/// # Errors
/// [`StoreError::Row`] if the stored bytes are no figures.
pub fn latest_belief(connection: &Connection, agent: AgentKey) -> Result<Option<Belief>> {
    let mut statement = connection.prepare_cached(sql::LATEST_BELIEF)?;
    let mut rows = statement.query([agent.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let bytes = row.get_ref(1)?.as_blob().map_err(|error| StoreError::Other(error.into()))?;
    Ok(Some(Belief { agent, step: row.get(0)?, posterior: blob::figures(bytes)? }))
}

/// Keeps an observation.
///
/// # Errors
/// [`StoreError::Constraint`] if there is one already, or no such agent.
pub fn add_observation(connection: &Connection, observation: Observation) -> Result<()> {
    let Observation { agent, step, modality, outcome } = observation;
    changed(connection, sql::ADD_OBSERVATION, [agent.0, step, modality, outcome]).map(drop)
}

/// What an agent observed at steps within `[from, until)`, in order.
///
/// # Errors
/// What SQLite says.
pub fn observations(
    connection: &Connection,
    agent: AgentKey,
    from: i64,
    until: i64,
) -> Result<Vec<Observation>> {
    all::<ObservationColumns, _>(connection, sql::OBSERVATIONS, [agent.0, from, until])
}

/// Relates two agents, or changes how strongly they are.
///
/// # Errors
/// [`StoreError::Constraint`] if one is not there.
pub fn set_edge(connection: &Connection, edge: Edge) -> Result<()> {
    let Edge { source, target, kind, weight } = edge;
    let params = rusqlite::params![source.0, kind as i64, target.0, weight];
    changed(connection, sql::SET_EDGE, params).map(drop)
}

/// Whom an agent is related to, the strongest first.
///
/// # Errors
/// What SQLite says.
pub fn neighbours(connection: &Connection, source: AgentKey, kind: EdgeKind) -> Result<Vec<Edge>> {
    let found =
        all::<(i64, f64), (i64, f64)>(connection, sql::NEIGHBOURS, [source.0, kind as i64])?;
    Ok(Edge::from_source(source, kind, found))
}

/// Moves an amount, within a transaction of its own, and returns the account's new balance.
///
/// # Errors
/// What SQLite says.
pub fn transfer(connection: &mut Connection, transfer: Transfer) -> Result<i64> {
    transaction(connection, |connection| transfer_within(connection, transfer))
}

/// Moves an amount within the caller's transaction and returns the account's new balance.
///
/// # Errors
/// What SQLite says; statements before the one that failed have their effect.
pub fn transfer_within(connection: &Connection, transfer: Transfer) -> Result<i64> {
    let Transfer { account, teller, branch, amount } = transfer;
    changed(connection, sql::TO_ACCOUNT, [amount, account])?;
    let balance = value(connection, sql::BALANCE, [account])?;
    changed(connection, sql::TO_TELLER, [amount, teller])?;
    changed(connection, sql::TO_BRANCH, [amount, branch])?;
    changed(connection, sql::TO_HISTORY, [teller, branch, account, amount])?;
    Ok(balance)
}

/// An account's balance, if there is such an account.
///
/// # Errors
/// What SQLite says.
pub fn balance(connection: &Connection, account: i64) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached(sql::BALANCE)?;
    Ok(statement.query_row([account], |row| row.get(0)).optional()?)
}
