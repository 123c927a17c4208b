//! The subscribers of one filter, sorted.

use std::collections::BTreeSet;

use crate::AgentId;

/// Most subscribers that are kept in an array.
const FEW: usize = 64;

/// An array is the fastest to go through but slow to change in the middle once it is long; a tree is
/// neither. What was a tree stays one.
#[derive(Clone, Debug)]
pub(super) enum Subscribers {
    Few(Vec<AgentId>),
    Many(BTreeSet<AgentId>),
}

impl Default for Subscribers {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Subscribers {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(agents) => agents.is_empty(),
            Self::Many(agents) => agents.is_empty(),
        }
    }

    /// O(log subscribers).
    pub(super) fn insert(&mut self, agent: AgentId) {
        match self {
            Self::Few(agents) => {
                let Err(place) = agents.binary_search(&agent) else { return };
                agents.insert(place, agent);
                if agents.len() > FEW {
                    *self = Self::Many(agents.iter().copied().collect());
                }
            }
            Self::Many(agents) => drop(agents.insert(agent)),
        }
    }

    /// O(log subscribers).
    pub(super) fn remove(&mut self, agent: AgentId) {
        match self {
            Self::Few(agents) => {
                if let Ok(place) = agents.binary_search(&agent) {
                    agents.remove(place);
                }
            }
            Self::Many(agents) => drop(agents.remove(&agent)),
        }
    }

    /// Merges them into what is sorted already; who is in both is there twice and side by side.
    pub(super) fn merge_into(&self, found: &mut Vec<AgentId>) {
        let before = found.len();
        match self {
            Self::Few(agents) => {
                found.extend_from_slice(agents);
                merge(found, before, agents.iter().copied());
            }
            Self::Many(agents) => {
                found.extend(agents);
                merge(found, before, agents.iter().copied());
            }
        }
    }
}

/// Merges the first `left`, which are sorted, with `added`, which are too and come after them.
///
/// It works from the end and in place. The usual few beside many move what is behind them once, and
/// no more.
#[inline]
fn merge(found: &mut [AgentId], mut left: usize, added: impl DoubleEndedIterator<Item = AgentId>) {
    if left == 0 || left == found.len() || found[left - 1] < found[left] {
        return;
    }
    let mut to = found.len();
    for agent in added.rev() {
        while left > 0 && found[left - 1] > agent {
            left -= 1;
            to -= 1;
            found[to] = found[left];
        }
        to -= 1;
        found[to] = agent;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    fn agent(number: u32) -> AgentId {
        AgentId::new(number, NonZeroU32::MIN)
    }

    proptest! {
        #[test]
        fn few_and_many_are_sets(
            deeds in proptest::collection::vec((0_u32..200, proptest::bool::weighted(0.7)), 0..400),
            others in proptest::collection::btree_set((0_u32..200).prop_map(agent), 0..100),
        ) {
            let mut subscribers = Subscribers::default();
            let mut expected = BTreeSet::new();
            for (number, is_added) in deeds {
                if is_added {
                    subscribers.insert(agent(number));
                    expected.insert(agent(number));
                } else {
                    subscribers.remove(agent(number));
                    expected.remove(&agent(number));
                }
                prop_assert_eq!(subscribers.is_empty(), expected.is_empty());
            }
            let mut found: Vec<AgentId> = others.iter().copied().collect();
            subscribers.merge_into(&mut found);
            let mut both: Vec<AgentId> = others.into_iter().chain(expected).collect();
            both.sort_unstable();
            prop_assert_eq!(found, both);
        }
    }
}
