//! Planning by enumeration: every policy is valued along the tree of their prefixes.
//!
//! Nothing is computed twice within a plan. Beliefs about a factor that are equal bit for bit
//! are one, at whatever step they come up; what a factor comes to believe is remembered by where
//! it comes from and its own action, what a part of a step's value is by the beliefs it depends
//! on, and what a whole step leads to and is worth by the joint belief and the joint action.

mod capacity;
mod combinations;
mod distinct;
mod memo;
mod part_values;

use crate::Model;
use crate::beliefs::Layout;
use crate::expected_free_energy::{Part, ValuationRoom, Value};
use crate::kernels;
use crate::lanes::{Calculation, Lanes};
use crate::workspace::Plan;
pub(crate) use capacity::{Capacity, check_room};
use combinations::Combinations;
use distinct::Distinct;
use memo::{Entry, Memo};
use part_values::PartValues;

/// Room for one plan.
#[derive(Clone, Debug)]
pub(crate) struct Planning {
    factors: Vec<FactorRoom>,
    parts: Vec<PartValues>,
    /// Beliefs about all factors together.
    joint: Combinations,
    /// `[joint belief][factor]`: the number of the belief about each factor.
    numbers: Vec<u32>,
    /// The same of the joint belief at hand.
    after: Vec<u32>,
    /// What each joint action in each joint belief leads to.
    ways: Memo,
    led_to: Vec<(u32, Value)>,
    /// The joint belief after each step of the policy at hand, from the present on.
    path: Vec<u32>,
    /// The value of the policy at hand up to each of its steps; nothing at the present.
    totals: Vec<Value>,
    /// Inductive value of each state of all factors, in this plan.
    inductive: Vec<f64>,
    /// Joint beliefs of the factors that one factor's transitions depend on.
    weights: Vec<f64>,
    /// Beliefs about one factor, before it is known whether they are new.
    candidate: Vec<f64>,
    valuation: ValuationRoom,
}

/// What is remembered about one factor.
#[derive(Clone, Debug)]
struct FactorRoom {
    beliefs: Distinct,
    /// Inductive value of each of the beliefs.
    inductive: Vec<f64>,
    /// The beliefs that its transitions come from, if they depend on several factors.
    origins: Combinations,
    moves: Memo,
    /// The belief that each move leads to, and what is learned about B on the way.
    led_to: Vec<(u32, f64)>,
}

impl Planning {
    pub(crate) fn new(model: &Model) -> Self {
        let (capacity, layout) = (&model.capacity, &model.layout);
        let factors: Vec<usize> = (0..model.factors()).collect();
        let joint = capacity.combinations(&factors);
        let steps = if model.valuation.is_timed { model.policies.steps() } else { 1 };
        let ways = joint as u64 * model.policies.num_actions() as u64 * steps as u64;
        let nodes = model.policies.nodes().len();
        let factor_room = |f: &usize| {
            let origins = Combinations::new(model.transitions[*f].from.factors(), capacity);
            let moves = origins.most() as u64 * model.num_controls[*f] as u64;
            let used = usize::try_from(moves).unwrap_or(nodes).min(nodes);
            FactorRoom {
                beliefs: Distinct::new(layout.range(*f).len(), capacity.beliefs[*f]),
                inductive: vec![0.0; capacity.beliefs[*f]],
                origins,
                moves: Memo::new(moves, used),
                led_to: vec![(0, 0.0); used],
            }
        };
        let of_part = |part: &Part| PartValues::new(part, steps, nodes, capacity);
        let largest = (0..model.factors()).map(|f| layout.range(f).len()).max().unwrap_or(0);
        let transitions = model.transitions.iter().map(|t| t.from.size()).max().unwrap_or(0);
        Self {
            joint: Combinations::new(&factors, capacity),
            numbers: vec![0; joint * model.factors()],
            after: vec![0; model.factors()],
            ways: Memo::new(ways, nodes),
            led_to: vec![(0, Value::default()); nodes],
            path: vec![0; model.policies.steps() + 1],
            totals: vec![Value::default(); model.policies.steps() + 1],
            inductive: vec![0.0; layout.total()],
            weights: vec![0.0; transitions],
            candidate: vec![0.0; largest],
            valuation: model.valuation.room(),
            factors: factors.iter().map(factor_room).collect(),
            parts: model.valuation.parts.iter().map(of_part).collect(),
        }
    }

    /// Begins a plan: of each factor the present belief is number 0.
    #[inline(always)]
    fn begin(&mut self, beliefs: &[f64], layout: &Layout) {
        for (f, factor) in self.factors.iter_mut().enumerate() {
            factor.beliefs.clear();
            factor.beliefs.keep(&beliefs[layout.range(f)]);
            factor.inductive[0] = 0.0;
            factor.origins.clear();
            factor.moves.clear();
        }
        self.parts.iter_mut().for_each(PartValues::clear);
        self.ways.clear();
        self.joint.clear();
        self.numbers[..self.factors.len()].fill(0);
        self.path[0] = self.joint.number(|_| 0);
    }
}

/// Values every policy from these beliefs: `q_pi = softmax(gamma neg_efe + ln E)`.
///
/// Time is linear in the nodes of the policy tree; nothing is allocated.
pub(crate) struct Evaluation<'a> {
    pub(crate) model: &'a Model,
    pub(crate) beliefs: &'a [f64],
    pub(crate) planning: &'a mut Planning,
    pub(crate) plan: &'a mut Plan,
}

impl Calculation for Evaluation<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { model, beliefs, planning, plan } = self;
        planning.begin(beliefs, &model.layout);
        model.valuation.induce(beliefs, &model.layout, &mut planning.inductive);
        for node in model.policies.nodes() {
            let depth = node.depth as usize;
            let (led_to, value) = planning.advance(lanes, model, depth, node.action);
            let total = planning.totals[depth].plus(value);
            planning.path[depth + 1] = led_to;
            planning.totals[depth + 1] = total;
            if let Some(policy) = node.policy {
                plan.set(policy as usize, total);
            }
        }
        plan.weigh(lanes, model.options.gamma, &model.log_habits);
    }
}

impl Planning {
    /// Takes one step from the joint belief at `depth` of the path: what it leads to and what it
    /// is worth.
    #[inline(always)]
    fn advance<L: Lanes>(
        &mut self,
        lanes: L,
        model: &Model,
        depth: usize,
        action: u32,
    ) -> (u32, Value) {
        let step = if model.valuation.is_timed { depth } else { 0 };
        let origin = self.path[depth];
        let way = (step as u64 * self.joint.most() as u64 + u64::from(origin))
            * model.policies.num_actions() as u64
            + u64::from(action);
        match self.ways.number(way) {
            Entry::Known(number) => self.led_to[number as usize],
            Entry::New(number) => {
                let led_to = self.explore(lanes, model, step, origin, action);
                self.led_to[number as usize] = led_to;
                led_to
            }
        }
    }

    /// A step that was not taken before.
    #[inline(always)]
    fn explore<L: Lanes>(
        &mut self,
        lanes: L,
        model: &Model,
        step: usize,
        origin: u32,
        action: u32,
    ) -> (u32, Value) {
        let count = self.factors.len();
        let action = model.policies.action(action);
        let before = &self.numbers[origin as usize * count..][..count];
        let mut value = Value::default();
        for (f, transition) in model.transitions.iter().enumerate() {
            let here = &mut self.factors[f];
            let from = transition.from.factors();
            let combination = here.origins.number(|place| before[from[place]]);
            let controls = model.num_controls[f] as u64;
            let number =
                match here.moves.number(u64::from(combination) * controls + action[f] as u64) {
                    Entry::Known(number) => number,
                    Entry::New(number) => {
                        let candidate = &mut self.candidate[..model.layout.range(f).len()];
                        let belief = |g: usize| self.factors[g].beliefs.of(before[g]);
                        let weights = transition.from.joint(belief, &mut self.weights);
                        transition.by_action[action[f]].multiply(lanes, weights, candidate);
                        let novelty = model.valuation.transition_novelty(
                            lanes,
                            f,
                            action[f],
                            weights,
                            candidate,
                            &mut self.valuation,
                        );
                        let here = &mut self.factors[f];
                        let belief = here.beliefs.keep(candidate);
                        if model.valuation.is_inductive() {
                            let values = &self.inductive[model.layout.range(f)];
                            here.inductive[belief as usize] =
                                kernels::dot(lanes, values, candidate);
                        }
                        here.led_to[number as usize] = (belief, novelty);
                        number
                    }
                };
            let here = &self.factors[f];
            let (belief, novelty) = here.led_to[number as usize];
            self.after[f] = belief;
            value.param_info_gain += novelty;
            value.inductive += here.inductive[belief as usize];
        }
        let (factors, after) = (&self.factors, &self.after);
        let belief = |f: usize| factors[f].beliefs.of(after[f]);
        for (part, values) in model.valuation.parts.iter().zip(&mut self.parts) {
            let of_part = values.value(lanes, part, step, after, belief, &mut self.valuation);
            value = value.plus(of_part);
        }
        let led_to = self.joint.number(|f| after[f]);
        self.numbers[led_to as usize * count..][..count].copy_from_slice(after);
        (led_to, value)
    }
}

impl Plan {
    #[inline(always)]
    pub(crate) fn set(&mut self, policy: usize, total: Value) {
        self.utility[policy] = total.utility;
        self.states_info_gain[policy] = total.information;
        self.param_info_gain[policy] = total.param_info_gain;
        self.inductive_value[policy] = total.inductive;
        self.neg_efe[policy] = total.sum();
    }

    /// `q_pi = softmax(gamma neg_efe + ln E)`.
    #[inline(always)]
    pub(crate) fn weigh<L: Lanes>(&mut self, lanes: L, gamma: f64, log_habits: &[f64]) {
        self.weigh_with(lanes, gamma, log_habits, std::iter::empty());
    }

    /// `q_pi = softmax(gamma neg_efe - F + ln E)`, for policies with a free energy of their own.
    #[inline(always)]
    pub(crate) fn weigh_with<L: Lanes>(
        &mut self,
        lanes: L,
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
        kernels::softmax(lanes, &mut self.q_pi);
    }
}
