//! What the stores are filled with: the same rows for every backend, made from a seed.

mod fill;
mod random;

use std::ops::Range;

use crate::rows::{AgentKey, Belief, Edge, EdgeKind, NewMessage, Observation};

pub use fill::{fill_postgres, fill_sqlite};
pub use random::{Random, Zipf};

/// When the first message was sent; each later one is a millisecond later.
pub const BEGAN_NS: i64 = 1_700_000_000_000_000_000;

/// Nanoseconds between two messages.
pub const APART_NS: i64 = 1_000_000;

/// Kinds of agents.
const KINDS: [&str; 5] = ["explorer", "forager", "scout", "guide", "watcher"];

/// Topics that messages are about, the first most of all.
pub const TOPICS: u64 = 500;

/// Probabilities in a belief.
pub const STATES: usize = 100;

/// Relations of each kind that an agent has.
const EDGES: u64 = 4;

/// Steps of which observations are kept, and modalities at each.
const OBSERVED: [i64; 2] = [4, 2];

/// Messages in a transaction while a store is filled.
const TOGETHER: usize = 10_000;

/// Words of message bodies.
const WORDS: [&str; 16] = [
    "north", "of", "the", "wall", "is", "free", "food", "seen", "at", "cell", "my", "belief",
    "moved", "to", "state", "again",
];

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its name in tables and series.
    pub name: &'static str,
    /// Agents, with keys from 1 on.
    pub agents: u64,
    /// Messages, with keys from 1 on.
    pub messages: u64,
    /// Branches, of ten tellers each, as in pgbench.
    pub branches: u64,
    /// Accounts of a branch; pgbench has 100,000.
    pub accounts: u64,
    /// Another seed, other rows.
    pub seed: u64,
}

/// Little enough to be made anew for every count of instructions.
pub const TINY: DataSet =
    DataSet { name: "tiny", agents: 120, messages: 1_000, branches: 1, accounts: 1_000, seed: 1 };

/// Fits every cache.
pub const SMALL: DataSet = DataSet {
    name: "small",
    agents: 200,
    messages: 10_000,
    branches: 1,
    accounts: PGBENCH_ACCOUNTS,
    seed: 1,
};

/// Larger than the caches that SQLite and PostgreSQL have by default, but not than the machine's
/// memory.
pub const MEDIUM: DataSet = DataSet {
    name: "medium",
    agents: 10_000,
    messages: 1_000_000,
    branches: 5,
    accounts: PGBENCH_ACCOUNTS,
    seed: 1,
};

/// Larger by far than any cache a database has of its own.
pub const LARGE: DataSet = DataSet {
    name: "large",
    agents: 50_000,
    messages: 5_000_000,
    branches: 10,
    accounts: PGBENCH_ACCOUNTS,
    seed: 1,
};

/// Accounts of a branch in pgbench.
const PGBENCH_ACCOUNTS: u64 = 100_000;

/// Tellers of a branch.
pub const TELLERS: u64 = 10;

impl DataSet {
    /// An agent's name and kind.
    #[must_use]
    pub fn agent(&self, key: AgentKey) -> (String, &'static str) {
        let kind = Random::of(self.seed, key.0.cast_unsigned()).below(KINDS.len() as u64);
        (format!("agent-{:06}", key.0), KINDS[kind as usize])
    }

    /// The keys of all agents.
    pub fn agent_keys(&self) -> impl Iterator<Item = AgentKey> + use<> {
        (1..=self.agents as i64).map(AgentKey)
    }

    /// The message of this number, from 0 on; those beyond [`DataSet::messages`] are the ones that
    /// workloads add.
    #[must_use]
    pub fn message(&self, number: u64) -> NewMessage {
        let mut random = Random::of(self.seed ^ 0x6d65_7373, number);
        let mut agent = || AgentKey(1 + random.below(self.agents) as i64);
        let (sender, receiver) = (agent(), agent());
        let topic = topic(skewed(&mut random, TOPICS));
        let words = 8 + random.below(24);
        let body: Vec<&str> =
            (0..words).map(|_| WORDS[random.below(WORDS.len() as u64) as usize]).collect();
        let sent_ns = BEGAN_NS + APART_NS * number as i64;
        NewMessage { sender, receiver, sent_ns, tag: topic.clone(), topic, body: body.join(" ") }
    }

    /// What an agent believed after a step.
    #[must_use]
    pub fn belief(&self, agent: AgentKey, step: i64) -> Belief {
        let mut random = Random::of(self.seed ^ step.cast_unsigned(), agent.0.cast_unsigned());
        let weights: Vec<f64> = (0..STATES).map(|_| -(1.0 - random.unit()).ln()).collect();
        let sum: f64 = weights.iter().sum();
        let posterior = weights.into_iter().map(|weight| weight / sum).collect();
        Belief { agent, step, posterior }
    }

    fn observations(&self, agent: AgentKey) -> impl Iterator<Item = Observation> + use<> {
        let mut random = Random::of(self.seed ^ 0x6f62_7365, agent.0.cast_unsigned());
        let [steps, modalities] = OBSERVED;
        (0..steps * modalities).map(move |number| Observation {
            agent,
            step: number / modalities,
            modality: number % modalities,
            outcome: random.below(STATES as u64) as i64,
        })
    }

    fn edges(&self, source: AgentKey) -> impl Iterator<Item = Edge> + use<> {
        let mut random = Random::of(self.seed ^ 0x6564_6765, source.0.cast_unsigned());
        let agents = self.agents;
        (0..2 * EDGES).map(move |number| Edge {
            source,
            // Of each kind another one, so that no two are the same.
            target: AgentKey(1 + (random.below(agents / EDGES) * EDGES + number % EDGES) as i64),
            kind: if number < EDGES { EdgeKind::Coalition } else { EdgeKind::Knowledge },
            weight: random.unit(),
        })
    }

    /// The numbers of all messages, as many together as are stored in one transaction.
    fn batches(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let messages = self.messages;
        (0..messages)
            .step_by(TOGETHER)
            .map(move |from| from..(from + TOGETHER as u64).min(messages))
    }
}

/// The topic that is the `rank`-th most common, from 0 on.
#[must_use]
pub fn topic(rank: u64) -> String {
    format!("grid/{}/{}", rank / 4, ["north", "east", "south", "west"][(rank % 4) as usize])
}

/// A number below a bound of which half are below its fourth part.
fn skewed(random: &mut Random, bound: u64) -> u64 {
    (bound as f64 * random.unit().powi(2)) as u64
}
