//! Planning by enumeration: every policy is valued along the tree of their prefixes.
//!
//! Nothing is computed twice within a plan. What a factor comes to believe depends only on the
//! beliefs it comes from and its own action, and what the outcomes of a modality are worth only
//! on the factors it depends on; both are remembered per depth. Beliefs equal bit for bit are
//! one, so that up-then-left and left-then-up are valued once.

mod distinct;
mod memo;

use crate::Model;
use crate::beliefs::Layout;
use crate::error::ModelError;
use crate::expected_free_energy::{ValuationRoom, Value};
use crate::probability::{dot, softmax};
use crate::workspace::Plan;
use distinct::Distinct;
use memo::{Entry, Memo};

/// Room for one plan.
#[derive(Clone, Debug)]
pub(crate) struct Planning {
    /// One for each step of a policy.
    steps: Vec<Step>,
    /// Numbers of the beliefs about each factor after each step, from the present on.
    path: Vec<u32>,
    /// The value of the policy at hand up to each of its steps; nothing at the present.
    totals: Vec<Value>,
    /// The present, as the beliefs that the first step comes from.
    present: Vec<Distinct>,
    /// Inductive value of each state of all factors, in this plan.
    inductive: Vec<f64>,
    joint: Vec<f64>,
    valuation: ValuationRoom,
}

/// What is remembered about one step of all policies.
#[derive(Clone, Debug)]
struct Step {
    factors: Vec<FactorStep>,
    /// Per part of the valuation: the values so far, under the numbers of its factors' beliefs.
    parts: Vec<(Memo, Vec<Value>)>,
}

/// What is remembered about one factor in one step.
#[derive(Clone, Debug)]
struct FactorStep {
    /// Of each way to get here: from which beliefs, by which action.
    moves: Memo,
    /// The beliefs that each way leads to, and what is learned about B on the way.
    led_to: Vec<(u32, f64)>,
    beliefs: Distinct,
    /// Inductive value of each of the beliefs.
    inductive: Vec<f64>,
}

/// How many keys there can be; the most there are numbers if they are too many.
fn keys(factors: &[usize], capacities: &[usize]) -> u64 {
    factors.iter().fold(1_u64, |keys, f| keys.saturating_mul(capacities[*f] as u64))
}

/// For each step, how many distinct beliefs about each factor there can be: no more than nodes
/// of the policy tree, and no more than ways to get there.
pub(crate) fn capacities(model: &Model) -> Vec<Vec<usize>> {
    let mut nodes = vec![0_usize; model.policies.steps()];
    for node in model.policies.nodes() {
        nodes[node.depth as usize] += 1;
    }
    let mut before = vec![1; model.factors()];
    nodes
        .into_iter()
        .map(|nodes| {
            let ways = model.transitions.iter().zip(&model.num_controls).map(|(b, controls)| {
                let ways = keys(b.from.factors(), &before).saturating_mul(*controls as u64);
                usize::try_from(ways).unwrap_or(usize::MAX).min(nodes)
            });
            before = ways.collect();
            before.clone()
        })
        .collect()
}

/// Most bytes of beliefs that a plan may keep.
const MAX_BYTES: f64 = (1_u64 << 32) as f64;

/// Refuses models whose plans would not fit in memory.
pub(crate) fn check_room(model: &Model) -> Result<(), ModelError> {
    let states = |f: usize| model.layout.range(f).len() as f64;
    let of_step = |step: &Vec<usize>| -> f64 {
        step.iter().enumerate().map(|(f, count)| *count as f64 * states(f) * 8.0).sum()
    };
    let bytes: f64 = capacities(model).iter().map(of_step).sum();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(ModelError::TooLarge {
        what: "the memory of a plan, in bytes,",
        size: bytes,
        limit: MAX_BYTES as usize,
        remedy: "shorten policy_len or give policies of your own",
    })
}

impl Planning {
    pub(crate) fn new(model: &Model) -> Self {
        let layout = &model.layout;
        let depths = model.policies.steps() + 1;
        let mut before = vec![1; model.factors()];
        let mut steps = Vec::with_capacity(depths - 1);
        for capacities in capacities(model) {
            let factors = (0..model.factors()).map(|f| {
                let from = model.transitions[f].from.factors();
                let ways = keys(from, &before).saturating_mul(model.num_controls[f] as u64);
                // Factors that depend on others have more ways than they use.
                let used = usize::try_from(ways).unwrap_or(usize::MAX).min(capacities[f]);
                FactorStep {
                    moves: Memo::new(ways, used),
                    led_to: vec![(0, 0.0); used],
                    beliefs: Distinct::new(layout.range(f).len(), capacities[f]),
                    inductive: vec![0.0; capacities[f]],
                }
            });
            let factors = factors.collect();
            let most = model.policies.nodes().len();
            let parts = model.valuation.part_factors().map(|factors| {
                let keys = keys(factors, &capacities);
                let used = usize::try_from(keys).unwrap_or(usize::MAX).min(most);
                (Memo::new(keys, used), vec![Value::default(); used])
            });
            steps.push(Step { factors, parts: parts.collect() });
            before = capacities;
        }
        let transitions = model.transitions.iter().map(|t| t.from.size()).max().unwrap_or(0);
        let valuation = model.valuation.room();
        Self {
            steps,
            path: vec![0; depths * model.factors()],
            totals: vec![Value::default(); depths],
            present: (0..model.factors())
                .map(|f| Distinct::new(layout.range(f).len(), 1))
                .collect(),
            inductive: vec![0.0; layout.total()],
            joint: vec![0.0; transitions.max(model.valuation.largest_set())],
            valuation,
        }
    }

    fn clear(&mut self, beliefs: &[f64], layout: &Layout) {
        for (f, present) in self.present.iter_mut().enumerate() {
            present.clear();
            present.candidate().copy_from_slice(&beliefs[layout.range(f)]);
            present.keep();
        }
        for step in &mut self.steps {
            for factor in &mut step.factors {
                factor.moves.clear();
                factor.beliefs.clear();
            }
            for (memo, _) in &mut step.parts {
                memo.clear();
            }
        }
    }
}

/// Values every policy from these beliefs: `q_pi = softmax(gamma neg_efe + ln E)`.
///
/// Time is linear in the nodes of the policy tree; nothing is allocated.
pub(crate) fn evaluate(model: &Model, beliefs: &[f64], planning: &mut Planning, plan: &mut Plan) {
    planning.clear(beliefs, &model.layout);
    model.valuation.induce(beliefs, &model.layout, &mut planning.inductive);
    let factors = model.factors();
    for node in model.policies.nodes() {
        let depth = node.depth as usize;
        let value = planning.advance(model, depth, model.policies.action(node.action));
        let total = planning.totals[depth].plus(value);
        planning.totals[depth + 1] = total;
        if let Some(policy) = node.policy {
            plan.set(policy as usize, total);
        }
    }
    debug_assert_eq!(planning.path.len(), (model.policies.steps() + 1) * factors);
    plan.weigh(model.options.gamma, &model.log_habits);
}

impl Planning {
    /// Takes one step from the beliefs at `depth` of the path; what it is worth.
    fn advance(&mut self, model: &Model, depth: usize, action: &[usize]) -> Value {
        let factors = model.factors();
        let (before, after) = self.path.split_at_mut((depth + 1) * factors);
        let before = &before[depth * factors..];
        let after = &mut after[..factors];
        let (past, future) = self.steps.split_at_mut(depth);
        let step = &mut future[0];
        let mut value = Value::default();
        for (f, transition) in model.transitions.iter().enumerate() {
            let from = transition.from.factors();
            let belief_before = |g: usize| match past.last() {
                Some(step) => step.factors[g].beliefs.of(before[g]),
                None => self.present[g].of(0),
            };
            let capacity = |g: usize| match past.last() {
                Some(step) => step.factors[g].inductive.len(),
                None => 1,
            };
            let from_key =
                from.iter().fold(0_u64, |key, g| key * capacity(*g) as u64 + u64::from(before[*g]));
            let way = from_key * model.num_controls[f] as u64 + action[f] as u64;
            let here = &mut step.factors[f];
            let led_to = match here.moves.number(way) {
                Entry::Known(number) => here.led_to[number as usize],
                Entry::New(number) => {
                    let weights = transition.from.joint(belief_before, &mut self.joint);
                    let candidate = here.beliefs.candidate();
                    transition.by_action[action[f]].multiply(weights, candidate);
                    let novelty = model.valuation.transition_novelty(
                        f,
                        action[f],
                        weights,
                        candidate,
                        &mut self.valuation,
                    );
                    let (belief, is_new) = here.beliefs.keep();
                    if is_new {
                        let values = &self.inductive[model.layout.range(f)];
                        let inductive = if model.valuation.is_inductive() {
                            dot(values, here.beliefs.of(belief))
                        } else {
                            0.0
                        };
                        here.inductive[belief as usize] = inductive;
                    }
                    here.led_to[number as usize] = (belief, novelty);
                    (belief, novelty)
                }
            };
            after[f] = led_to.0;
            value.param_info_gain += led_to.1;
            value.inductive += here.inductive[led_to.0 as usize];
        }
        let Step { factors: here, parts } = step;
        for (part, (memo, values)) in parts.iter_mut().enumerate() {
            let of = model.valuation.factors_of_part(part);
            let key = of
                .iter()
                .fold(0_u64, |key, g| key * here[*g].inductive.len() as u64 + u64::from(after[*g]));
            let number = match memo.number(key) {
                Entry::Known(number) => number,
                Entry::New(number) => {
                    let belief = |g: usize| here[g].beliefs.of(after[g]);
                    values[number as usize] = model.valuation.of_part(
                        part,
                        depth,
                        belief,
                        &mut self.joint,
                        &mut self.valuation,
                    );
                    number
                }
            };
            value = value.plus(values[number as usize]);
        }
        value
    }
}

impl Plan {
    pub(crate) fn set(&mut self, policy: usize, total: Value) {
        self.utility[policy] = total.utility;
        self.states_info_gain[policy] = total.information;
        self.param_info_gain[policy] = total.param_info_gain;
        self.inductive_value[policy] = total.inductive;
        self.neg_efe[policy] = total.sum();
    }

    /// `q_pi = softmax(gamma neg_efe + ln E)`.
    pub(crate) fn weigh(&mut self, gamma: f64, log_habits: &[f64]) {
        self.weigh_with(gamma, log_habits, std::iter::empty());
    }

    /// `q_pi = softmax(gamma neg_efe - F + ln E)`, for policies with a free energy of their own.
    pub(crate) fn weigh_with(
        &mut self,
        gamma: f64,
        log_habits: &[f64],
        free_energy: impl Iterator<Item = f64>,
    ) {
        for (log, value) in self.q_pi.iter_mut().zip(&self.neg_efe) {
            *log = gamma * value;
        }
        for (log, habit) in self.q_pi.iter_mut().zip(log_habits) {
            *log += habit;
        }
        for (log, free_energy) in self.q_pi.iter_mut().zip(free_energy) {
            *log -= free_energy;
        }
        softmax(&mut self.q_pi);
    }
}
