//! Policies: the sequences of actions an agent weighs against each other.
//!
//! They are kept as a tree of prefixes. What a policy's first steps lead to is computed once,
//! however many policies share them: 125 policies of three steps have 155 nodes, not 375.

use std::collections::BTreeMap;

use crate::error::ModelError;
use crate::joint_action;

/// More policies than this are refused.
pub const MAX_POLICIES: usize = 1 << 22;

/// More actions than this, of all factors in all joint actions, are refused.
const MAX_ACTIONS: f64 = (1_u64 << 27) as f64;

/// Longer policies than this are refused.
pub const MAX_POLICY_LEN: usize = 1 << 10;

/// The policies of an agent, numbered in the order they were given or, enumerated, with the last
/// factor of the last step changing fastest (`itertools.product`, pymdp's
/// `construct_policies`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    factors: usize,
    steps: usize,
    /// Distinct joint actions, `[action][factor]`.
    actions: Vec<usize>,
    nodes: Vec<Node>,
    /// The joint action that each policy begins with.
    first: Vec<u32>,
    /// Policies that stand together and begin alike.
    runs: Vec<Run>,
}

/// Consecutive policies that begin with the same joint action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) action: u32,
    pub(crate) policies: u32,
}

fn runs(first: &[u32]) -> Vec<Run> {
    let alike = first.chunk_by(|a, b| a == b);
    alike.map(|run| Run { action: run[0], policies: run.len() as u32 }).collect()
}

/// One step that one or more policies take after the same steps before, in depth-first order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Steps before it.
    pub(crate) depth: u32,
    /// What it does.
    pub(crate) action: u32,
    /// The policy that ends here.
    pub(crate) policy: Option<u32>,
}

impl Policies {
    /// Every sequence of `steps` joint actions.
    ///
    /// # Errors
    /// [`ModelError::TooLarge`] beyond [`MAX_POLICIES`] or [`MAX_POLICY_LEN`], and
    /// [`ModelError::NoPolicies`] for no steps.
    pub fn enumerate(num_controls: &[usize], steps: usize) -> Result<Self, ModelError> {
        check_steps(steps)?;
        let joint: f64 = num_controls.iter().map(|n| *n as f64).product();
        let count = joint.powi(i32::try_from(steps).unwrap_or(i32::MAX));
        if count > MAX_POLICIES as f64 {
            return Err(too_many(count));
        }
        let actions = joint * num_controls.len() as f64;
        if actions > MAX_ACTIONS {
            return Err(ModelError::TooLarge {
                what: "the number of actions of all factors in all joint actions",
                size: actions,
                limit: MAX_ACTIONS as usize,
                remedy: "give policies of your own",
            });
        }
        let joint = joint as u32;
        let mut actions = vec![0; joint as usize * num_controls.len()];
        for (number, action) in (0..).zip(actions.chunks_exact_mut(num_controls.len())) {
            joint_action::decode(number, num_controls, action);
        }
        let mut policies = Self {
            factors: num_controls.len(),
            steps,
            actions,
            nodes: Vec::new(),
            first: Vec::with_capacity(count as usize),
            runs: Vec::new(),
        };
        policies.grow(joint, 0, 0);
        policies.runs = runs(&policies.first);
        Ok(policies)
    }

    /// Adds every continuation after `depth` steps, depth first.
    fn grow(&mut self, joint: u32, depth: usize, first: u32) {
        for action in 0..joint {
            let first = if depth == 0 { action } else { first };
            let is_last = depth + 1 == self.steps;
            let policy = is_last.then_some(self.first.len() as u32);
            self.nodes.push(Node { depth: depth as u32, action, policy });
            if is_last {
                self.first.push(first);
            } else {
                self.grow(joint, depth + 1, first);
            }
        }
    }

    /// Policies of one's own, `[policy][step][factor]`, all of one length.
    ///
    /// # Errors
    /// [`ModelError`] naming the policy that does not fit.
    pub fn of(list: &[Vec<Vec<usize>>], num_controls: &[usize]) -> Result<Self, ModelError> {
        let steps = list.first().map_or(0, Vec::len);
        check_steps(steps)?;
        if list.len() > MAX_POLICIES {
            return Err(too_many(list.len() as f64));
        }
        let mut numbers: BTreeMap<&[usize], u32> = BTreeMap::new();
        let mut actions = Vec::new();
        let mut coded: Vec<Vec<u32>> = Vec::with_capacity(list.len());
        for (policy, sequence) in list.iter().enumerate() {
            check(policy, sequence, steps, num_controls)?;
            let code = sequence.iter().map(|action| {
                *numbers.entry(action).or_insert_with(|| {
                    actions.extend_from_slice(action);
                    (actions.len() / num_controls.len()) as u32 - 1
                })
            });
            coded.push(code.collect());
        }
        // Sorted, policies that begin alike stand together; ties keep their order.
        let mut order: Vec<usize> = (0..coded.len()).collect();
        order.sort_by(|a, b| coded[*a].cmp(&coded[*b]));
        let mut nodes = Vec::new();
        let mut before: &[u32] = &[];
        for policy in order {
            let sequence = &coded[policy];
            let shared = before.iter().zip(sequence).take_while(|(a, b)| a == b).count();
            // A policy given twice still ends in a node of its own.
            for (depth, action) in sequence.iter().enumerate().skip(shared.min(steps - 1)) {
                let ends = (depth + 1 == steps).then_some(policy as u32);
                nodes.push(Node { depth: depth as u32, action: *action, policy: ends });
            }
            before = sequence;
        }
        let first: Vec<u32> = coded.iter().map(|sequence| sequence[0]).collect();
        let runs = runs(&first);
        Ok(Self { factors: num_controls.len(), steps, actions, nodes, first, runs })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether there are none, which no constructor allows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// How many steps each looks ahead.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// What a policy does first, one action per factor.
    ///
    /// # Panics
    /// If there is no such policy.
    #[must_use]
    pub fn first_action(&self, policy: usize) -> &[usize] {
        self.action(self.first[policy])
    }

    /// Every policy in full, `[policy][step][factor]`.
    #[must_use]
    pub fn to_list(&self) -> Vec<Vec<Vec<usize>>> {
        let mut list = vec![Vec::new(); self.len()];
        let mut path: Vec<Vec<usize>> = Vec::with_capacity(self.steps);
        for node in &self.nodes {
            path.truncate(node.depth as usize);
            path.push(self.action(node.action).to_vec());
            if let Some(policy) = node.policy {
                list[policy as usize].clone_from(&path);
            }
        }
        list
    }

    /// The joint action of this number, one action per factor.
    pub(crate) fn action(&self, number: u32) -> &[usize] {
        let start = number as usize * self.factors;
        &self.actions[start..start + self.factors]
    }

    /// Policies that stand together and begin alike, in their order.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }
}

fn too_many(count: f64) -> ModelError {
    ModelError::TooLarge {
        what: "the number of policies",
        size: count,
        limit: MAX_POLICIES,
        remedy: "shorten policy_len or give policies of your own",
    }
}

fn check_steps(steps: usize) -> Result<(), ModelError> {
    match steps {
        0 => Err(ModelError::NoPolicies),
        1..=MAX_POLICY_LEN => Ok(()),
        _ => Err(ModelError::TooLarge {
            what: "the length of a policy",
            size: steps as f64,
            limit: MAX_POLICY_LEN,
            remedy: "shorten policy_len",
        }),
    }
}

fn check(
    policy: usize,
    sequence: &[Vec<usize>],
    steps: usize,
    num_controls: &[usize],
) -> Result<(), ModelError> {
    if sequence.len() != steps {
        let problem = format!("has {} steps; the first policy has {steps}", sequence.len());
        return Err(ModelError::PolicyShape { policy, problem });
    }
    for (step, action) in sequence.iter().enumerate() {
        if action.len() != num_controls.len() {
            let problem = format!(
                "names {} actions in step {step}; the model has {} factors",
                action.len(),
                num_controls.len()
            );
            return Err(ModelError::PolicyShape { policy, problem });
        }
        for (factor, (&action, &controls)) in action.iter().zip(num_controls).enumerate() {
            if action >= controls {
                return Err(ModelError::PolicyAction { policy, step, factor, action, controls });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn enumeration_is_itertools_product() {
        let policies = Policies::enumerate(&[2, 1], 2).unwrap();
        let expected = [[0, 0], [0, 1], [1, 0], [1, 1]];
        let expected: Vec<Vec<Vec<usize>>> =
            expected.iter().map(|p| p.iter().map(|a| vec![*a, 0]).collect()).collect();
        assert_eq!(policies.to_list(), expected);
        assert_eq!(policies.first_action(2), [1, 0]);
        assert_eq!(policies.nodes().len(), 2 + 4);
    }

    #[test]
    fn too_many_are_refused_before_any_memory_is_asked_for() {
        for (controls, steps) in [(1000, 100), (1, usize::MAX)] {
            let error = Policies::enumerate(&[controls], steps).unwrap_err();
            assert!(matches!(error, ModelError::TooLarge { .. }), "{error}");
        }
        assert_eq!(Policies::enumerate(&[2], 0), Err(ModelError::NoPolicies));
    }

    proptest! {
        /// The tree holds the list: whatever is put in comes out, in its own order.
        #[test]
        fn a_list_survives_the_tree(
            list in (1_usize..4).prop_flat_map(|steps| proptest::collection::vec(
                proptest::collection::vec((0_usize..3, 0_usize..2), steps),
                1..20,
            ))
        ) {
            let list: Vec<Vec<Vec<usize>>> = list
                .iter()
                .map(|policy| policy.iter().map(|(u, v)| vec![*u, *v]).collect())
                .collect();
            let policies = Policies::of(&list, &[3, 2]).unwrap();
            prop_assert_eq!(policies.to_list(), list.clone());
            for (number, policy) in list.iter().enumerate() {
                prop_assert_eq!(policies.first_action(number), &policy[0][..]);
            }
            // No prefix is walked twice, except that a repeated policy ends twice.
            let mut prefixes: Vec<_> =
                list.iter().flat_map(|p| (1..p.len()).map(|n| p[..n].to_vec())).collect();
            prefixes.sort();
            prefixes.dedup();
            prop_assert_eq!(policies.nodes().len(), prefixes.len() + list.len());
        }
    }
}
