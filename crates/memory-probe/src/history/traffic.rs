//! Messages like those of real agents, from a seed.

use super::{Kind, Message};

/// Agents that write to each other.
pub const AGENTS: u64 = 1_000;

const DIRECTIONS: [&str; 4] = ["north", "east", "south", "west"];
const PLACES: [&str; 8] =
    ["cell", "corner", "corridor", "door", "junction", "ledge", "room", "slope"];
const STATES: [&str; 8] = [
    "seems free",
    "is blocked",
    "holds food",
    "was searched",
    "looks unsafe",
    "is being mapped",
    "has moved",
    "cannot be seen",
];
const PLANS: [&str; 8] = [
    "going on",
    "waiting here",
    "turning back",
    "asking the others",
    "looking again",
    "taking the long way",
    "leaving it to you",
    "updating my model",
];

/// An endless list of messages, the same for the same seed: agents on a grid who tell each other
/// where they are, what they saw, what they will do and how sure they are. As JSON, with its number, a
/// message has about 284 bytes.
#[derive(Clone, Debug)]
pub struct Traffic {
    state: u64,
    time_ns: u64,
}

impl Traffic {
    /// Another list for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed, time_ns: 1_700_000_000_000_000_000 }
    }

    /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    fn choose<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.below(among.len() as u64) as usize]
    }

    /// Rounded to four places, as agents log what they measure.
    fn figure(&mut self, below: u64) -> f64 {
        self.below(below * 10_000) as f64 / 10_000.0
    }

    fn agent(&mut self) -> String {
        format!("agent-{:04}", self.below(AGENTS))
    }
}

impl Iterator for Traffic {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.time_ns += 50_000 + self.below(2_000_000);
        let (from, to) = (self.agent(), self.agent());
        let kind = Kind::ALL[self.below(16).trailing_zeros().min(3) as usize];
        let [row, column] = [(); 2].map(|()| self.below(40));
        let direction = self.choose(&DIRECTIONS);
        let (place, state, plan) =
            (self.choose(&PLACES), self.choose(&STATES), self.choose(&PLANS));
        let step = self.below(10_000);
        let figures = [("confidence", 1), ("entropy", 4), ("free_energy", 30)];
        Some(Message {
            time_ns: self.time_ns,
            from,
            to,
            kind,
            subject: format!("grid/{}/{direction}", row / 4),
            text: format!(
                "the {place} at ({row}, {column}) {state} since step {step}, and I am now {plan}"
            ),
            figures: figures.map(|(name, below)| (name.to_owned(), self.figure(below))).into(),
        })
    }
}
