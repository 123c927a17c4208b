//! Sophisticated inference: planning by what one would believe after each possible observation.
//!
//! Friston and others, *Sophisticated inference* (2021); pymdp 1.0's `planning/si.py`. From a
//! belief every one-step policy is weighed; from each worthwhile policy every likely observation
//! leads to another belief. What later beliefs are worth is passed back, and branches that turn
//! out poor are cut.

use crate::error::StepError;
use crate::evidence::Observation;
use crate::inference::Given;
use crate::joint_action::JointAction;
use crate::planning::Evaluation;
use crate::probability::{PLAIN, softmax};
use crate::real::Real as _;
use crate::workspace::{Room, Workspace};
use crate::{Agent, Model};

/// How far and how wide the tree grows; the defaults are pymdp's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeSearch {
    /// Steps to look ahead.
    pub horizon: usize,
    /// Policies not more probable than this are not followed.
    pub policy_prune_threshold: f64,
    /// Observations not more probable than this are not followed.
    pub observation_prune_threshold: f64,
    /// The tree stops growing once the entropy of the present's policies is no more than this,
    /// in nats.
    pub entropy_stop_threshold: f64,
    /// The tree stops growing once the present is worth this much.
    pub value_stop_threshold: f64,
    /// What a policy that is not followed is taken to cost.
    pub prune_penalty: f64,
    /// A step that would make the tree reach this many nodes is not taken.
    pub max_nodes: usize,
}

impl Default for TreeSearch {
    fn default() -> Self {
        Self {
            horizon: 5,
            policy_prune_threshold: 1.0 / 16.0,
            observation_prune_threshold: 1.0 / 16.0,
            entropy_stop_threshold: 0.5,
            value_stop_threshold: 1e10,
            prune_penalty: 512.0,
            max_nodes: 5000,
        }
    }
}

/// What is believed at one point of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct BeliefNode {
    /// Beliefs about all factors, one after the other.
    pub beliefs: Vec<f64>,
    /// What this point is worth: the policies' values under their own posterior. 0 for a leaf.
    pub value: f64,
    /// The posterior over policies; empty for a leaf.
    pub q_pi: Vec<f64>,
    /// By policy: what following it leads to, unless it was cut. Empty for a leaf.
    pub policies: Vec<Option<PolicyNode>>,
}

/// A policy followed from some belief.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyNode {
    /// Its own negative expected free energy, of one step.
    pub neg_efe: f64,
    /// Each likely observation's probability and what would be believed after it.
    pub outcomes: Vec<(f64, BeliefNode)>,
}

impl BeliefNode {
    fn leaf(beliefs: Vec<f64>) -> Self {
        Self { beliefs, value: 0.0, q_pi: Vec::new(), policies: Vec::new() }
    }

    /// Nodes of both kinds at each step from here; the present's step holds this node alone.
    #[must_use]
    pub fn nodes_by_step(&self) -> Vec<usize> {
        let mut counts = Vec::new();
        self.count(0, &mut counts);
        counts
    }

    fn count(&self, step: usize, counts: &mut Vec<usize>) {
        if counts.len() < step + 2 {
            counts.resize(step + 2, 0);
        }
        counts[step] += 1;
        for policy in self.policies.iter().flatten() {
            counts[step + 1] += 1;
            for (_, node) in &policy.outcomes {
                node.count(step + 1, counts);
            }
        }
        if step == 0 {
            while counts.last() == Some(&0) {
                counts.pop();
            }
        }
    }
}

/// Weighs the agent's policies by a tree search and leaves `q_pi` in the workspace, from where
/// [`Agent::sample_action`] chooses. Policies must be of one step; `gamma` and the terms of
/// expected free energy are the model's. Habits E do not enter, as in pymdp.
///
/// Time is linear in the nodes of the tree, each of which takes a plan or an inference; memory
/// for them is allocated.
///
/// ```
/// use agent_core::sophisticated::{self, TreeSearch};
/// use agent_core::{Agent, Model, Options, Profile, Workspace, models};
///
/// let options = Options { gamma: 1.0, ..Options::of(Profile::Modern) };
/// let model = Model::new(&models::tmaze(0.98), options)?;
/// let (mut agent, mut workspace) = (Agent::new(&model), Workspace::new(&model));
/// agent.infer_states(&[0, 0, 0], &mut workspace)?;
/// let search = TreeSearch { horizon: 2, ..TreeSearch::default() };
/// let tree = sophisticated::infer_policies(&agent, &search, &mut workspace)?;
/// assert_eq!(tree.q_pi, workspace.q_pi());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`StepError::ForeignWorkspace`]; [`StepError::PolicySteps`] for policies of several steps.
pub fn infer_policies(
    agent: &Agent,
    search: &TreeSearch,
    workspace: &mut Workspace,
) -> Result<BeliefNode, StepError> {
    agent.check_workspace(workspace)?;
    let model = &**agent.model();
    if model.policies.steps() != 1 {
        return Err(StepError::PolicySteps { found: model.policies.steps() });
    }
    let mut root = BeliefNode::leaf(agent.beliefs().to_vec());
    let mut growth = Growth { model, search, workspace, nodes: 1 };
    for step in 0..search.horizon {
        growth.grow(&mut root, step);
        if growth.nodes + 1 >= search.max_nodes {
            wither(&mut root, step);
            break;
        }
        pass_back(&mut root, model.options.gamma, search);
        growth.nodes = root.nodes_by_step().iter().sum();
        let entropy: f64 = root.q_pi.iter().filter(|q| **q > 0.0).map(|q| -q * q.ln()).sum();
        if entropy <= search.entropy_stop_threshold || root.value >= search.value_stop_threshold {
            break;
        }
    }
    if root.q_pi.is_empty() {
        // Not one step fits: nothing is known about the policies.
        let policies = model.policies.len();
        root.q_pi = vec![1.0 / policies as f64; policies];
    }
    workspace.room.plan.q_pi.copy_from_slice(&root.q_pi);
    Ok(root)
}

/// One more step of the tree.
struct Growth<'a> {
    model: &'a Model,
    search: &'a TreeSearch,
    workspace: &'a mut Workspace,
    nodes: usize,
}

impl Growth<'_> {
    /// Lets every leaf `step` steps below this node grow.
    fn grow(&mut self, node: &mut BeliefNode, step: usize) {
        if self.nodes + 1 >= self.search.max_nodes {
            return;
        }
        if step == 0 {
            node.policies = self.policies(&node.beliefs);
            return;
        }
        let outcomes = node.policies.iter_mut().flatten().flat_map(|policy| &mut policy.outcomes);
        for (_, node) in outcomes {
            self.grow(node, step - 1);
        }
    }

    /// What the worthwhile policies lead to from these beliefs.
    fn policies(&mut self, beliefs: &[f64]) -> Vec<Option<PolicyNode>> {
        let Room { planning, plan, .. } = &mut self.workspace.room;
        let model = self.model;
        f64::run(model.machine, Evaluation { model, beliefs, planning, plan });
        let values = plan.neg_efe.clone();
        let q_pi = posterior(&values, self.model.options.gamma);
        let worthwhile = |q: f64| q > self.search.policy_prune_threshold;
        let mut policies = Vec::with_capacity(values.len());
        for (policy, (neg_efe, q)) in values.into_iter().zip(q_pi).enumerate() {
            policies.push(worthwhile(q).then(|| {
                self.nodes += 1;
                PolicyNode { neg_efe, outcomes: self.outcomes(beliefs, policy) }
            }));
        }
        policies
    }

    /// What likely observations after a policy would make one believe.
    fn outcomes(&mut self, beliefs: &[f64], policy: usize) -> Vec<(f64, BeliefNode)> {
        let model = self.model;
        let mut predicted = vec![0.0; model.num_states()];
        let action = model.policies.first_action(policy);
        let action = Some(JointAction::encode(action, &model.num_controls));
        let scratch = &mut self.workspace.room.prediction;
        model.predict(PLAIN, beliefs, &[action], scratch, &mut predicted);
        let by_modality = model.predict_outcomes(&predicted);
        let mut likely: Vec<(f64, Vec<usize>)> = vec![(1.0, Vec::new())];
        for outcomes in &by_modality {
            let extended = |(p, before): &(f64, Vec<usize>)| {
                let threshold = self.search.observation_prune_threshold;
                let (p, before) = (*p, before.clone());
                let all = outcomes.iter().enumerate().map(move |(o, q)| (p * q, o));
                // A product of probabilities only falls: what is unlikely now stays so.
                all.filter(move |(p, _)| *p > threshold)
                    .map(move |(p, o)| (p, [&before[..], &[o]].concat()))
                    .collect::<Vec<_>>()
            };
            likely = likely.iter().flat_map(extended).collect();
        }
        self.nodes += likely.len();
        let infer = |(p, observation): (f64, Vec<usize>)| {
            let mut posterior = predicted.clone();
            let given = Given {
                observations: &[Observation::Outcomes(&observation)],
                prior: &predicted,
                layout: &model.layout,
                options: &model.options,
            };
            let scratch = &mut self.workspace.room.inference;
            model.likelihood.infer(PLAIN, given, scratch, &mut posterior);
            (p, BeliefNode::leaf(posterior))
        };
        likely.into_iter().map(infer).collect()
    }
}

/// Takes back what grew at this step.
fn wither(node: &mut BeliefNode, step: usize) {
    if step == 0 {
        node.policies.clear();
        return;
    }
    let outcomes = node.policies.iter_mut().flatten().flat_map(|policy| &mut policy.outcomes);
    for (_, node) in outcomes {
        wither(node, step - 1);
    }
}

/// Values every node by what it leads to, and cuts policies that are no longer worthwhile. The
/// probabilities of those left are not made to sum to one again, as in pymdp.
fn pass_back(node: &mut BeliefNode, gamma: f64, search: &TreeSearch) {
    if node.policies.is_empty() {
        return;
    }
    let mut values = Vec::with_capacity(node.policies.len());
    for policy in &mut node.policies {
        let Some(policy) = policy.as_mut().filter(|policy| !policy.outcomes.is_empty()) else {
            values.push(-search.prune_penalty);
            continue;
        };
        let mut value = policy.neg_efe;
        for (probability, node) in &mut policy.outcomes {
            pass_back(node, gamma, search);
            value += *probability * node.value;
        }
        values.push(value);
    }
    node.q_pi = posterior(&values, gamma);
    node.value = node.q_pi.iter().zip(&values).map(|(q, value)| q * value).sum();
    for (policy, q) in node.policies.iter_mut().zip(&node.q_pi) {
        if *q < search.policy_prune_threshold {
            *policy = None;
        }
    }
}

/// `softmax(gamma values)`.
fn posterior(values: &[f64], gamma: f64) -> Vec<f64> {
    let mut q_pi: Vec<f64> = values.iter().map(|value| gamma * value).collect();
    softmax(&mut q_pi);
    q_pi
}
