//! One agent out of a group that share the work.
//!
//! A [`Group`] is agents of whom any will do. Four ways to choose one:
//!
//! | way | choice | cost for n members |
//! | --- | --- | --- |
//! | [`in_turn`](Group::in_turn) | round robin: each as often as any other | O(1) |
//! | [`least_loaded`](Group::least_loaded) | whose queue is shortest; equals in turn | O(n) looks at queues |
//! | [`lighter_of_two`](Group::lighter_of_two) | the shorter queue of two drawn at random | 2 looks |
//! | [`by_key`](Group::by_key) | always the same one for the same key | O(n), about a nanosecond each |
//!
//! All of them take `&self`: many threads choose at once, and only joining and leaving change the
//! group. Nothing is random: the same calls make the same choices in every run.
//!
//! **Why the lighter of two.** To look at all queues takes a lock for each. Two looks are nearly as
//! good: with messages that stay, the longest queue is above the mean by about log log n, instead
//! of by a square root of the messages as for one drawn at random (Azar et al. 1994, Mitzenmacher
//! 1996). And what all senders find shortest at one moment they all run to; two drawn at random
//! are others for each.
//!
//! **Why rendezvous hashing for keys.** Each member gets a score for the key and the highest has it
//! (Thaler and Ravishankar 1998). A member that leaves gives up its own keys and nobody else's move;
//! one that joins takes 1/(n + 1) of them, from all alike. Of K keys each member has K/n, give or
//! take what independent draws make of it: a standard deviation of `sqrt(K/n)`, five of which are
//! missed once in a million. A ring needs a hundred points for each member to give shares within a
//! tenth of each other and is another table to keep; jump hashing lets only the last member leave.
//! Both are faster from some hundreds of members on: divide those into groups.
//!
//! ```
//! use router::groups::Group;
//! use router::{MailboxOptions, Router};
//!
//! let router: Router<&str> = Router::default();
//! let [a, b, c] = [(); 3].map(|()| router.register(MailboxOptions::default()));
//! let (a, b, c) = (a?, b?, c?);
//!
//! let mut group = Group::default();
//! for agent in [a, b, c] {
//!     group.join(agent);
//! }
//! assert_eq!([group.in_turn(), group.in_turn(), group.in_turn()], [Some(a), Some(b), Some(c)]);
//!
//! let depth = |agent| router.depth(agent).map_or(u64::MAX, |depth| u64::from(depth.now));
//! assert_eq!(group.least_loaded(depth), Some(a));
//!
//! let owner = group.by_key("customer 17");
//! group.leave(if owner == Some(a) { b } else { a });
//! assert_eq!(group.by_key("customer 17"), owner);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::hash::Hasher as _;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::AgentId;
use crate::mix::{STEP, below, mix};

/// Agents of whom any will do.
#[derive(Debug, Default)]
pub struct Group {
    /// In the order of their turns.
    members: Vec<AgentId>,
    /// Turns taken, and so whose is next; below 2^64 in any life.
    turn: AtomicU64,
    /// Draws of two made.
    draws: AtomicU64,
}

/// What messages that belong together have in common.
///
/// From a number, an agent, text or bytes; the same in every process and on every platform. Equal
/// bytes make equal keys, whatever they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Group {
    /// Adds an agent, whose turn comes after everybody else's; whether it was not there. O(n).
    pub fn join(&mut self, agent: AgentId) -> bool {
        if self.members.contains(&agent) {
            return false;
        }
        match self.next() {
            0 => {
                self.members.push(agent);
                *self.turn.get_mut() = 0;
            }
            next => {
                self.members.insert(next, agent);
                *self.turn.get_mut() = next as u64 + 1;
            }
        }
        true
    }

    /// Takes an agent away, which costs nobody else a turn; whether it was there. O(n).
    pub fn leave(&mut self, agent: AgentId) -> bool {
        let Some(place) = self.members.iter().position(|member| *member == agent) else {
            return false;
        };
        let next = self.next();
        self.members.remove(place);
        *self.turn.get_mut() = (next - usize::from(place < next)) as u64;
        true
    }

    /// Its agents, in the order of a round.
    #[must_use]
    pub fn members(&self) -> &[AgentId] {
        &self.members
    }

    /// Round robin: who waited longest since its last turn, or since it joined.
    ///
    /// Between two turns of one member all others that are there have exactly one, whoever else
    /// joins and leaves meanwhile.
    #[inline]
    #[must_use]
    pub fn in_turn(&self) -> Option<AgentId> {
        let count = self.members.len() as u64;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.members.get(turn.checked_rem(count)? as usize).copied()
    }

    /// Who has the smallest depth; among equals, whose turn comes first. Then it is the next one's
    /// turn, so that equals share equally.
    ///
    /// Threads that choose at the same moment may choose the same member.
    #[must_use]
    pub fn least_loaded<D: Ord>(&self, mut depth: impl FnMut(AgentId) -> D) -> Option<AgentId> {
        let next = self.turn.load(Ordering::Relaxed).checked_rem(self.members.len() as u64)?;
        let (after, before) = self.members.split_at(next as usize);
        let order = before.iter().chain(after);
        let (place, chosen) = order.enumerate().min_by_key(|(_, member)| depth(**member))?;
        self.turn.store(next + place as u64 + 1, Ordering::Relaxed);
        Some(*chosen)
    }

    /// Who has the smaller depth of two members drawn at random; the first of them if it is equal.
    #[must_use]
    pub fn lighter_of_two<D: Ord>(&self, mut depth: impl FnMut(AgentId) -> D) -> Option<AgentId> {
        let count = self.members.len();
        let others = count.checked_sub(1)?;
        let draw = self.draws.fetch_add(1, Ordering::Relaxed);
        let bits = mix(draw.wrapping_add(1).wrapping_mul(STEP));
        let first = below(count, bits);
        let second = (first + 1 + below(others, mix(bits))) % count;
        let (first, second) = (self.members[first], self.members[second]);
        Some(if depth(second) < depth(first) { second } else { first })
    }

    /// Whose a key is: the same member for the same key and members, in whatever order they joined
    /// and in whatever process.
    #[must_use]
    pub fn by_key(&self, key: impl Into<Key>) -> Option<AgentId> {
        let Key(key) = key.into();
        // Different members never have the same score: mixing is one to one.
        self.members.iter().copied().max_by_key(|member| mix(key ^ bits_of(*member)))
    }

    /// The place of whose turn it is.
    fn next(&mut self) -> usize {
        let count = self.members.len() as u64;
        self.turn.get_mut().checked_rem(count).unwrap_or(0) as usize
    }
}

fn bits_of(agent: AgentId) -> u64 {
    u64::from(agent.generation()) << 32 | u64::from(agent.index())
}

impl Clone for Group {
    fn clone(&self) -> Self {
        Self {
            members: self.members.clone(),
            turn: AtomicU64::new(self.turn.load(Ordering::Relaxed)),
            draws: AtomicU64::new(self.draws.load(Ordering::Relaxed)),
        }
    }
}

impl From<u64> for Key {
    fn from(number: u64) -> Self {
        Self(mix(number.wrapping_add(STEP)))
    }
}

impl From<AgentId> for Key {
    fn from(agent: AgentId) -> Self {
        Self::from(bits_of(agent))
    }
}

impl From<&[u8]> for Key {
    /// By FNV-1a, which is defined to the bit.
    fn from(bytes: &[u8]) -> Self {
        let mut hasher = fnv::FnvHasher::default();
        hasher.write(bytes);
        Self::from(hasher.finish())
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}
