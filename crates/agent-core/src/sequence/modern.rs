//! pymdp 1.0.x: `run_mmp` and `run_vmp`, Jacobi over time and factors, and `calc_vfe` of what
//! they come to.

use super::{MessagePassing, SequenceModel, product};
use crate::arithmetic::MODERN_FLOOR;
use crate::beliefs::{Factors, JointSet};
use crate::evidence::Observation;
use crate::inference::Likelihood;
use crate::probability::{PLAIN, dot, ln_modern, softmax, x_ln_x};

/// Beliefs about each moment of a window, given all of it.
///
/// `actions[t]` was done after `observations[t]`. As in pymdp 1.0.4, variational message passing
/// over a single moment leaves the prior out.
pub(super) fn infer(
    sequence: &SequenceModel,
    method: MessagePassing,
    observations: &[Vec<usize>],
    actions: &[Vec<usize>],
    prior: &[f64],
) -> Vec<Vec<f64>> {
    let model = &*sequence.model;
    let layout = &model.layout;
    let Likelihood::Modern(likelihood) = &model.likelihood else { return Vec::new() };
    let mut room = model.likelihood.scratch(layout);
    let observed: Vec<Vec<f64>> = observations
        .iter()
        .map(|observation| {
            let mut observed = vec![0.0; likelihood.observed()];
            likelihood.observe(PLAIN, &[Observation::Outcomes(observation)], &mut observed);
            observed
        })
        .collect();
    let mut uniform = vec![0.0; model.num_states()];
    crate::inference::fill_uniform(PLAIN, &mut uniform, layout);
    let mut beliefs = vec![uniform; observations.len()];
    let mut next = beliefs.clone();
    for _ in 0..model.options.num_iter {
        let sweep = Sweep { sequence, method, actions, prior, beliefs: &beliefs };
        for (t, slot) in next.iter_mut().enumerate() {
            slot.fill(0.0);
            let of = Factors { beliefs: &beliefs[t], layout };
            likelihood.add_expectations(PLAIN, &observed[t], of, room.contraction(), slot);
            for f in 0..layout.factors() {
                let out = &mut slot[layout.range(f)];
                sweep.add_from_past(t, f, out);
                if t + 1 < beliefs.len() {
                    sweep.add_from_future(t, f, out);
                }
                softmax(out);
            }
        }
        std::mem::swap(&mut beliefs, &mut next);
    }
    beliefs
}

/// The messages of one sweep, all from the beliefs before it.
struct Sweep<'a> {
    sequence: &'a SequenceModel,
    method: MessagePassing,
    actions: &'a [Vec<usize>],
    prior: &'a [f64],
    beliefs: &'a [Vec<f64>],
}

impl<'a> Sweep<'a> {
    fn at(&self, t: usize) -> Factors<'a, f64> {
        Factors { beliefs: &self.beliefs[t], layout: &self.sequence.model.layout }
    }

    fn add_from_past(&self, t: usize, f: usize, out: &mut [f64]) {
        let moments = self.beliefs.len();
        let share = match self.method {
            MessagePassing::Marginal if t + 1 < moments => 0.5,
            _ => 1.0,
        };
        if t == 0 {
            if self.method == MessagePassing::Marginal || moments > 1 {
                let prior = &self.prior[self.sequence.model.layout.range(f)];
                for (out, p) in out.iter_mut().zip(prior) {
                    *out += share * ln_modern(*p);
                }
            }
            return;
        }
        let from = &self.sequence.model.transitions[f].from;
        let mut scratch = vec![0.0; from.size()];
        let past = self.at(t - 1);
        let past = from.joint(PLAIN, |g| past.of(g), &mut scratch);
        let messages = &self.sequence.messages[f][self.actions[t - 1][f]];
        match self.method {
            MessagePassing::Marginal => {
                for (out, p) in out.iter_mut().zip(product(&messages.forward, past)) {
                    *out += share * ln_modern(p);
                }
            }
            MessagePassing::Variational => {
                for (out, log) in out.iter_mut().zip(product(&messages.log_forward, past)) {
                    *out += log;
                }
            }
        }
    }

    /// What the next states of all factors that come from this one say about it.
    fn add_from_future(&self, t: usize, f: usize, out: &mut [f64]) {
        let (model, now, next) = (&*self.sequence.model, self.at(t), self.at(t + 1));
        let transitions = model.transitions.iter().enumerate();
        for (g, transition) in transitions.filter(|(_, tr)| tr.from.factors().contains(&f)) {
            let messages = &self.sequence.messages[g][self.actions[t][g]];
            let is_alone = transition.from.factors() == [f];
            let (future, states) = (next.of(g), out.len());
            match self.method {
                MessagePassing::Marginal => {
                    let mut message = vec![0.0; states];
                    if is_alone {
                        let all = message.iter_mut().zip(product(&messages.backward, future));
                        all.for_each(|(message, p)| *message = p);
                    } else {
                        let moves = alone(&messages.forward.data, &transition.from, f, now);
                        for (row, belief) in moves.chunks_exact(states).zip(future) {
                            let total = row.iter().sum::<f64>().max(MODERN_FLOOR);
                            for (message, p) in message.iter_mut().zip(row) {
                                *message += belief * (p / total);
                            }
                        }
                    }
                    for (out, p) in out.iter_mut().zip(&message) {
                        *out += 0.5 * ln_modern(*p);
                    }
                }
                MessagePassing::Variational => {
                    let coupled = (!is_alone)
                        .then(|| alone(&messages.log_forward.data, &transition.from, f, now));
                    let logs = coupled.as_ref().unwrap_or(&messages.log_forward.data);
                    for (row, belief) in logs.chunks_exact(states).zip(future) {
                        for (out, log) in out.iter_mut().zip(row) {
                            *out += belief * log;
                        }
                    }
                }
            }
        }
    }
}

/// A matrix `[next, joint state]` over one factor alone, `[next, state]`: the expectation over
/// the others.
fn alone(matrix: &[f64], from: &JointSet, factor: usize, of: Factors<f64>) -> Vec<f64> {
    let states = of.of(factor).len();
    let columns: Vec<(usize, f64)> = (0..from.size())
        .map(|mut joint| {
            let (mut column, mut weight) = (0, 1.0);
            for g in from.factors().iter().rev() {
                let beliefs = of.of(*g);
                let state = joint % beliefs.len();
                joint /= beliefs.len();
                if *g == factor {
                    column = state;
                } else {
                    weight *= beliefs[state];
                }
            }
            (column, weight)
        })
        .collect();
    let mut out = vec![0.0; matrix.len() / from.size() * states];
    for (out, row) in out.chunks_exact_mut(states).zip(matrix.chunks_exact(from.size())) {
        for ((column, weight), value) in columns.iter().zip(row) {
            out[*column] += weight * value;
        }
    }
    out
}

/// The variational free energy of a window's beliefs, summed over its moments.
pub(super) fn free_energy(
    sequence: &SequenceModel,
    observations: &[Vec<usize>],
    actions: &[Vec<usize>],
    prior: &[f64],
    window: &[Vec<f64>],
) -> f64 {
    let model = &*sequence.model;
    let layout = &model.layout;
    let mut total = 0.0;
    for (t, beliefs) in window.iter().enumerate() {
        let of = Factors { beliefs, layout };
        total += beliefs.iter().map(|q| x_ln_x(*q)).sum::<f64>();
        for ((set, logs), outcome) in sequence.log_likelihoods.iter().zip(&observations[t]) {
            let mut scratch = vec![0.0; set.size()];
            total -= dot(logs.row(*outcome), set.joint(PLAIN, |f| of.of(f), &mut scratch));
        }
        if t == 0 {
            let terms = beliefs.iter().zip(prior);
            total -= terms.map(|(q, p)| q * ln_modern(*p)).sum::<f64>();
            continue;
        }
        let past = Factors { beliefs: &window[t - 1], layout };
        for (f, transition) in model.transitions.iter().enumerate() {
            let mut scratch = vec![0.0; transition.from.size()];
            let before = transition.from.joint(PLAIN, |g| past.of(g), &mut scratch);
            let logs = &sequence.messages[f][actions[t - 1][f]].log_forward;
            let expected = of.of(f).iter().zip(product(logs, before));
            total -= expected.map(|(q, log)| q * log).sum::<f64>();
        }
    }
    total
}
