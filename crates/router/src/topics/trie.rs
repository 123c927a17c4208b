//! Filters with wildcards, by level.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::filter::{Step, Topic, TopicFilter};
use super::subscribers::Subscribers;
use crate::AgentId;

/// A node's place in [`Trie::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

/// Where every filter begins.
const ROOT: NodeId = NodeId(0);

/// A node for each different beginning of a filter. Those that no filter passes through any more
/// are free and used again.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    free: Vec<NodeId>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    levels: HashMap<Box<[u8]>, NodeId, FixedState>,
    any: Option<NodeId>,
    /// Subscribers of the filter that ends here.
    here: Subscribers,
    /// Subscribers of the filter that goes on with `#`.
    below: Subscribers,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new() }
    }
}

impl Trie {
    /// Adds a subscriber to a filter.
    pub(super) fn add(&mut self, filter: &TopicFilter, agent: AgentId) {
        let mut at = ROOT;
        for step in filter.steps() {
            at = match self.node(at).next(step) {
                Some(next) => next,
                None => self.grow(at, step),
            };
        }
        self.node_mut(at).subscribers(filter).insert(agent);
    }

    /// Takes a subscriber from a filter, and away the nodes that were there for it alone.
    pub(super) fn remove(&mut self, filter: &TopicFilter, agent: AgentId) {
        let mut path = Vec::new();
        let mut at = ROOT;
        for step in filter.steps() {
            let Some(next) = self.node(at).next(step) else { return };
            path.push((at, step));
            at = next;
        }
        self.node_mut(at).subscribers(filter).remove(agent);
        self.prune(at, path);
    }

    /// Shows the subscribers of every filter that matches a topic.
    ///
    /// It goes level by level through all nodes that match so far, so that no filter is too deep, as
    /// it would be for recursion.
    pub(super) fn visit<'a>(
        &'a self,
        topic: Topic<'_>,
        reached: &mut Vec<NodeId>,
        mut found: impl FnMut(&'a Subscribers),
    ) {
        if self.node(ROOT).is_unused() {
            return;
        }
        reached.clear();
        reached.push(ROOT);
        let mut first = 0;
        let mut may_be_wild = !topic.is_reserved();
        for level in topic.levels() {
            let end = reached.len();
            for place in first..end {
                let node = self.node(reached[place]);
                if may_be_wild {
                    found(&node.below);
                    reached.extend(node.any);
                }
                reached.extend(node.levels.get(level));
            }
            if reached.len() == end {
                return;
            }
            first = end;
            may_be_wild = true;
        }
        for at in &reached[first..] {
            let node = self.node(*at);
            found(&node.here);
            found(&node.below);
        }
    }

    fn grow(&mut self, from: NodeId, step: Step<'_>) -> NodeId {
        let next = self.free.pop().unwrap_or_else(|| {
            // 2^32 nodes are more than 400 GB.
            let next = NodeId(self.nodes.len() as u32);
            self.nodes.push(Node::default());
            next
        });
        let node = self.node_mut(from);
        match step {
            Step::Level(name) => drop(node.levels.insert(name.into(), next)),
            Step::Any => node.any = Some(next),
        }
        next
    }

    /// Frees a node that nothing needs, and those on the path to it that then are not needed either.
    fn prune(&mut self, mut at: NodeId, path: Vec<(NodeId, Step<'_>)>) {
        for (before, step) in path.into_iter().rev() {
            if !self.node(at).is_unused() {
                return;
            }
            *self.node_mut(at) = Node::default();
            self.free.push(at);
            let node = self.node_mut(before);
            match step {
                Step::Level(name) => drop(node.levels.remove(name)),
                Step::Any => node.any = None,
            }
            at = before;
        }
    }

    #[inline]
    fn node(&self, at: NodeId) -> &Node {
        &self.nodes[at.0 as usize]
    }

    #[inline]
    fn node_mut(&mut self, at: NodeId) -> &mut Node {
        &mut self.nodes[at.0 as usize]
    }
}

impl Node {
    fn next(&self, step: Step<'_>) -> Option<NodeId> {
        match step {
            Step::Level(name) => self.levels.get(name).copied(),
            Step::Any => self.any,
        }
    }

    /// Of the filter whose last node this is.
    fn subscribers(&mut self, filter: &TopicFilter) -> &mut Subscribers {
        if filter.is_open() { &mut self.below } else { &mut self.here }
    }

    fn is_unused(&self) -> bool {
        self.levels.is_empty()
            && self.any.is_none()
            && self.here.is_empty()
            && self.below.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::parse(text).unwrap()
    }

    #[test]
    fn nodes_are_freed_with_their_last_filter_and_used_again() {
        let agent = AgentId::new(3, NonZeroU32::MIN);
        let mut trie = Trie::default();
        let stays = filter("grid/+/north");
        trie.add(&stays, agent);
        let before = trie.nodes.len() - trie.free.len();
        let mut most = 0;
        for round in 0..1_000 {
            let texts = [format!("grid/{round}/+"), "grid/+/#".into(), format!("+/{round}/a/b/#")];
            for text in &texts {
                trie.add(&filter(text), agent);
            }
            most = most.max(trie.nodes.len());
            for text in &texts {
                trie.remove(&filter(text), agent);
            }
            assert_eq!(trie.nodes.len() - trie.free.len(), before);
        }
        assert_eq!(trie.nodes.len(), most, "it does not grow");
        assert!(most < 20, "nodes are shared and used again: {most}");
        let edges: usize = trie.nodes.iter().map(|node| node.levels.len()).sum();
        assert_eq!(edges, 2, "no edge leads to a free node");
        trie.remove(&stays, agent);
        assert!(trie.node(ROOT).is_unused());
    }
}
