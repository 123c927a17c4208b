//! What agents ask, drawn from a seed, and how it is asked of any store.

use std::hash::{Hash, Hasher};

use fnv::FnvHasher;
use rusqlite::Connection;

use crate::data::{APART_NS, BEGAN_NS, DataSet, Random, TELLERS, TOPICS, Zipf, topic};
use crate::rows::{AgentKey, Belief, NewMessage, Transfer};
use crate::store::Store;
use crate::{StoreError, sqlite};

/// Messages that a range read asks for at most.
const RANGE: i64 = 50;

/// Agents among whom the most popular are looked for, and how many of those.
const TOP: [u64; 2] = [100, 10];

/// Messages that a search asks for at most.
const FOUND: i64 = 20;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An agent by its key.
    PointRead,
    /// Messages to one agent over a time.
    RangeRead,
    /// A join of messages and agents with sums.
    Join,
    /// The most popular of a hundred agents.
    Top,
    /// Messages about a topic, by an index.
    Indexed,
    /// The same messages by a column without one.
    Unindexed,
    /// A message.
    Insert,
    /// So many messages in one transaction.
    Bulk(u32),
    /// So many messages in as many transactions.
    Singly(u32),
    /// Steps of an agent.
    Update,
    /// A belief.
    SaveBelief,
    /// The last belief of an agent.
    LoadBelief,
    /// TPC-B's transaction, as pgbench has it.
    Transfer,
}

/// One thing to ask.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// [`Store::agent`].
    Agent(AgentKey),
    /// [`Store::inbox`], from a time on.
    Inbox(AgentKey, i64),
    /// [`Store::traffic`].
    Traffic(AgentKey),
    /// [`Store::popular`], from a key on.
    Popular(AgentKey),
    /// [`Store::by_topic`].
    ByTopic(String),
    /// [`Store::by_tag`].
    ByTag(String),
    /// [`Store::add_message`], one after the other.
    AddEach(Vec<NewMessage>),
    /// [`Store::add_messages`].
    AddAll(Vec<NewMessage>),
    /// [`Store::add_steps`].
    AddSteps(AgentKey),
    /// [`Store::save_belief`].
    SaveBelief(Belief),
    /// [`Store::latest_belief`].
    LatestBelief(AgentKey),
    /// [`Store::transfer`].
    Transfer(Transfer),
}

/// A digest of what was answered: the same for every store that holds the same and is asked the same
/// by one caller.
pub type Digest = u64;

/// The digest of an answer.
#[must_use]
pub fn digest(answer: &impl Hash) -> Digest {
    let mut hasher = FnvHasher::default();
    answer.hash(&mut hasher);
    hasher.finish()
}

/// Draws requests for a data set. Agents are asked for by Zipf's law.
#[derive(Clone, Debug)]
pub struct Requests {
    data: DataSet,
    agents: Zipf,
    random: Random,
    /// The number of the next message that is added.
    next: u64,
}

impl Requests {
    /// Another stream for each number. O(agents).
    #[must_use]
    pub fn new(data: &DataSet, stream: u64) -> Self {
        Self {
            data: *data,
            agents: Zipf::new(data.agents),
            random: Random::of(data.seed ^ 0x7265_7175, stream),
            next: data.messages + (stream << 32),
        }
    }

    /// The next request of this kind.
    pub fn next(&mut self, operation: Operation) -> Request {
        let data = self.data;
        match operation {
            Operation::PointRead => Request::Agent(self.agent()),
            Operation::RangeRead => {
                let from = BEGAN_NS + APART_NS * self.random.below(data.messages) as i64;
                Request::Inbox(self.agent(), from)
            }
            Operation::Join => Request::Traffic(self.agent()),
            Operation::Top => {
                let last = data.agents.saturating_sub(TOP[0]) + 1;
                Request::Popular(AgentKey(1 + self.random.below(last) as i64))
            }
            Operation::Indexed => Request::ByTopic(topic(self.random.below(TOPICS))),
            Operation::Unindexed => Request::ByTag(topic(self.random.below(TOPICS))),
            Operation::Insert => Request::AddEach(self.messages(1)),
            Operation::Singly(count) => Request::AddEach(self.messages(count)),
            Operation::Bulk(count) => Request::AddAll(self.messages(count)),
            Operation::Update => Request::AddSteps(self.agent()),
            Operation::SaveBelief => {
                Request::SaveBelief(data.belief(self.agent(), self.random.below(100) as i64))
            }
            Operation::LoadBelief => Request::LatestBelief(self.agent()),
            Operation::Transfer => Request::Transfer(self.transfer()),
        }
    }

    /// The next request of a mix: so many percent read, the others write.
    pub fn next_of_mix(&mut self, reads_percent: u64) -> Request {
        const READS: [Operation; 3] =
            [Operation::PointRead, Operation::RangeRead, Operation::LoadBelief];
        const WRITES: [Operation; 3] =
            [Operation::Insert, Operation::Update, Operation::SaveBelief];
        let among = if self.random.below(100) < reads_percent { READS } else { WRITES };
        let operation = among[self.random.below(3) as usize];
        self.next(operation)
    }

    fn agent(&mut self) -> AgentKey {
        AgentKey(1 + self.agents.next(&mut self.random) as i64)
    }

    fn messages(&mut self, count: u32) -> Vec<NewMessage> {
        let numbers = self.next..self.next + u64::from(count);
        self.next = numbers.end;
        numbers.map(|number| self.data.message(number)).collect()
    }

    fn transfer(&mut self) -> Transfer {
        let mut below = |bound: u64| 1 + self.random.below(bound) as i64;
        let branches = self.data.branches;
        Transfer {
            account: below(branches * self.data.accounts),
            teller: below(branches * TELLERS),
            branch: below(branches),
            amount: below(10_001) - 5_001,
        }
    }
}

impl Request {
    /// Asks a store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn ask(self, store: &impl Store) -> Result<Digest, StoreError> {
        Ok(match self {
            Self::Agent(key) => digest(&store.agent(key).await?),
            Self::Inbox(receiver, from_ns) => {
                digest(&store.inbox(receiver, from_ns, i64::MAX, RANGE).await?)
            }
            Self::Traffic(receiver) => digest(&store.traffic(receiver).await?),
            Self::Popular(from) => {
                let until = AgentKey(from.0 + TOP[0] as i64);
                digest(&store.popular(from, until, TOP[1] as i64).await?)
            }
            Self::ByTopic(topic) => digest(&store.by_topic(&topic, FOUND).await?),
            Self::ByTag(tag) => digest(&store.by_tag(&tag, FOUND).await?),
            Self::AddEach(messages) => {
                let mut last = None;
                for message in messages {
                    last = Some(store.add_message(message).await?);
                }
                digest(&last)
            }
            Self::AddAll(messages) => digest(&store.add_messages(messages).await?),
            Self::AddSteps(agent) => digest(&store.add_steps(agent, 1).await?),
            Self::SaveBelief(belief) => digest(&store.save_belief(belief).await?),
            Self::LatestBelief(agent) => digest(&store.latest_belief(agent).await?),
            Self::Transfer(transfer) => digest(&store.transfer(transfer).await?),
        })
    }

    /// Asks one SQLite connection, on this thread.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn ask_sqlite(self, connection: &mut Connection) -> Result<Digest, StoreError> {
        Ok(match self {
            Self::Agent(key) => digest(&sqlite::agent(connection, key)?),
            Self::Inbox(receiver, from_ns) => {
                digest(&sqlite::inbox(connection, receiver, from_ns, i64::MAX, RANGE)?)
            }
            Self::Traffic(receiver) => digest(&sqlite::traffic(connection, receiver)?),
            Self::Popular(from) => {
                let until = AgentKey(from.0 + TOP[0] as i64);
                digest(&sqlite::popular(connection, from, until, TOP[1] as i64)?)
            }
            Self::ByTopic(topic) => digest(&sqlite::by_topic(connection, &topic, FOUND)?),
            Self::ByTag(tag) => digest(&sqlite::by_tag(connection, &tag, FOUND)?),
            Self::AddEach(messages) => {
                let mut last = None;
                for message in &messages {
                    last = Some(sqlite::add_message(connection, message)?);
                }
                digest(&last)
            }
            Self::AddAll(messages) => digest(&sqlite::add_messages(connection, &messages)?),
            Self::AddSteps(agent) => digest(&sqlite::add_steps(connection, agent, 1)?),
            Self::SaveBelief(belief) => digest(&sqlite::save_belief(connection, &belief)?),
            Self::LatestBelief(agent) => digest(&sqlite::latest_belief(connection, agent)?),
            Self::Transfer(transfer) => digest(&sqlite::transfer(connection, transfer)?),
        })
    }
}
