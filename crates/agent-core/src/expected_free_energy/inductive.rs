//! Inductive inference: states from which a goal can no longer be reached in time are avoided.
//!
//! Friston and others, *Active inference and intentional behaviour* (2023); pymdp 1.0's
//! `generate_I_matrix` and `calc_inductive_value_t`.

use crate::arithmetic::{Arithmetic, MODERN_FLOOR, argmax};
use crate::beliefs::Layout;
use crate::real::Real as _;
use crate::{Array, GenerativeModel, Inductive};

/// For each factor, from which states its goal is reached in how many steps.
#[derive(Debug)]
pub(super) struct Reachability {
    /// `[factor]`, each `[depth, states]` of zeros and ones; row 0 is the goal.
    within: Vec<Array>,
    log_epsilon: f64,
}

impl Reachability {
    pub(super) fn new(model: &GenerativeModel, inductive: &Inductive) -> Self {
        let within = (0..model.d.len()).map(|f| {
            let states = model.d[f].data.len();
            let leads_to = possible_moves(model, f, inductive.threshold);
            let mut data = inductive.goals[f].data.clone();
            for depth in 1..inductive.depth {
                let before: Vec<f64> = data[(depth - 1) * states..].to_vec();
                data.extend((0..states).map(|from| {
                    let reaches =
                        (0..states).any(|to| leads_to[to * states + from] && before[to] > 0.0);
                    f64::from(u8::from(reaches))
                }));
            }
            Array { shape: vec![inductive.depth, states], data }
        });
        Self { within: within.collect(), log_epsilon: inductive.epsilon.max(MODERN_FLOOR).ln() }
    }

    /// What each state of each factor is worth in a plan from these beliefs: `ln epsilon` where
    /// the goal cannot be reached one step sooner than from the present.
    pub(super) fn value<A: Arithmetic>(
        &self,
        agent: usize,
        beliefs: &[A::Number],
        layout: &Layout,
        out: &mut [A::Number],
    ) {
        for (f, within) in self.within.iter().enumerate() {
            let range = layout.range(f);
            let states = range.len();
            let present = argmax(beliefs[range.clone()].iter().map(|q| A::of(q, agent)));
            let reached = within.data.iter().skip(present).step_by(states);
            let soonest = reached.clone().position(|reached| *reached > 0.0);
            let scale = if soonest.is_some() { self.log_epsilon } else { 0.0 };
            let before = within.row(soonest.unwrap_or(0).saturating_sub(1));
            for (value, reached) in out[range].iter_mut().zip(before) {
                A::set(value, agent, A::Real::of(scale * (1.0 - reached)));
            }
        }
    }
}

/// `[to, from]`: whether some action, in some state of the other factors it depends on, leads
/// there with more than the threshold's probability.
fn possible_moves(model: &GenerativeModel, f: usize, threshold: f64) -> Vec<bool> {
    let b = &model.b[f];
    let states = b.shape[0];
    let factors = model.factors_of_transition(f);
    let own = factors.iter().position(|g| *g == f);
    let mut possible = vec![false; states * states];
    let inner: usize = own.map_or(1, |axis| b.shape[axis + 2..].iter().product());
    for (place, _) in b.data.iter().enumerate().filter(|(_, p)| **p > threshold) {
        let to = place / b.columns();
        match own {
            Some(_) => possible[to * states + place / inner % states] = true,
            // It moves the same way wherever it is.
            None => possible[to * states..(to + 1) * states].fill(true),
        }
    }
    possible
}
