//! What one agent tells another: who and about what, a sentence, some figures, and what it believes.

use std::collections::BTreeMap;

use router::workload::Random;

/// How many beliefs a message carries.
pub const BELIEFS: usize = 100;

/// The message. Its derives are what each library asks of a type that it writes.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    serde::Serialize,
    serde::Deserialize,
    bitcode::Encode,
    bitcode::Decode,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[rkyv(compare(PartialEq))]
pub struct AgentMessage {
    pub sender: Id,
    pub receiver: Id,
    pub conversation: u64,
    /// Microseconds since 1970.
    pub sent_us: u64,
    pub priority: Priority,
    pub text: String,
    pub figures: BTreeMap<String, f64>,
    /// The probability of each state: sums to one.
    pub beliefs: Vec<f64>,
}

/// An agent's id as plain numbers: of `AgentId`, serde knows how to write it, but neither bitcode nor
/// rkyv does.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    serde::Serialize,
    serde::Deserialize,
    bitcode::Encode,
    bitcode::Decode,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[rkyv(compare(PartialEq))]
pub struct Id {
    pub index: u32,
    pub generation: u32,
}

#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    serde::Serialize,
    serde::Deserialize,
    bitcode::Encode,
    bitcode::Decode,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
#[rkyv(compare(PartialEq))]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
    Urgent,
}

const WORDS: [&str; 16] = [
    "north", "corridor", "is", "free", "the", "cue", "points", "left", "reward", "was", "seen",
    "near", "expect", "door", "closed", "again",
];

const FIGURES: [&str; 8] = [
    "expected_utility",
    "free_energy",
    "information_gain",
    "learning_rate",
    "novelty",
    "policy_precision",
    "sensory_precision",
    "surprise",
];

impl AgentMessage {
    /// The next message of a stream.
    pub fn next(random: &mut Random) -> Self {
        let words: Vec<&str> = (0..16).map(|_| WORDS[random.below(WORDS.len())]).collect();
        let figure = |name: &&str| ((*name).to_owned(), 10.0 * fraction(random));
        Self {
            text: words.join(" "),
            figures: FIGURES.iter().map(figure).collect(),
            beliefs: distribution(random),
            sender: Id::next(random),
            receiver: Id::next(random),
            conversation: random.below(usize::MAX) as u64,
            sent_us: 1_760_000_000_000_000 + random.below(1_000_000_000_000) as u64,
            priority: match random.below(10) {
                0 => Priority::Low,
                1 => Priority::High,
                2 => Priority::Urgent,
                _ => Priority::Normal,
            },
        }
    }

    /// A checksum over every bit of it.
    pub fn checksum(&self) -> u64 {
        let Self { sender, receiver, conversation, sent_us, priority, text, figures, beliefs } =
            self;
        let mut sum = Checksum(0);
        for id in [sender, receiver] {
            sum.add(u64::from(id.index) << 32 | u64::from(id.generation));
        }
        sum.add(*conversation);
        sum.add(*sent_us);
        sum.add(*priority as u64);
        sum.add_text(text);
        for (name, figure) in figures {
            sum.add_text(name);
            sum.add(figure.to_bits());
        }
        for belief in beliefs {
            sum.add(belief.to_bits());
        }
        sum.0
    }
}

impl Id {
    /// One of a million agents, in a place that had few owners before.
    fn next(random: &mut Random) -> Self {
        let index = random.below(1_000_000) as u32;
        Self { index, generation: 1 + random.below(4) as u32 }
    }
}

/// A probability for each state, most of them small. By sums, products and quotients alone, which are
/// the same on every machine.
fn distribution(random: &mut Random) -> Vec<f64> {
    let square = |x: f64| x * x;
    let weights: Vec<f64> = (0..BELIEFS).map(|_| square(square(fraction(random)))).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// At least 0 and below 1.
fn fraction(random: &mut Random) -> f64 {
    const STEPS: usize = 1 << 53;
    random.below(STEPS) as f64 / STEPS as f64
}

/// That of many words in a row; which one stands where counts.
struct Checksum(u64);

impl Checksum {
    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    fn add_text(&mut self, text: &str) {
        self.add(text.len() as u64);
        for byte in text.bytes() {
            self.add(byte.into());
        }
    }
}
