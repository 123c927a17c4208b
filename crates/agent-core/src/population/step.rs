//! One step of some groups of agents.

use crate::Model;
use crate::action;
use crate::arithmetic::Abreast;
use crate::evidence::Observation;
use crate::joint_action::JointAction;
use crate::lanes::{Calculation, Lanes};
use crate::random::RandomStream;
use crate::real::Real;
use crate::workspace::Room;

/// No vector has more lanes.
pub(super) const LANES_MOST: usize = 8;

/// Some groups of agents, with what they see and room for what they choose.
pub(super) struct GroupState<'a, R: Real> {
    pub(super) beliefs: &'a mut [R::Group],
    pub(super) last: &'a mut [Option<JointAction>],
    pub(super) randoms: &'a mut [RandomStream],
    pub(super) generations: &'a [u32],
    /// `[agent][modality]`, of the agents that are there.
    pub(super) observations: &'a [usize],
    /// `[agent][factor]`, the same.
    pub(super) chosen: &'a mut [usize],
}

impl<'a, R: Real> GroupState<'a, R> {
    /// How many groups there are.
    pub(super) fn groups(&self, lanes: usize) -> usize {
        self.generations.len().div_ceil(lanes)
    }

    /// Takes the first groups away from the others.
    pub(super) fn split(&mut self, groups: usize, model: &Model<R>) -> GroupState<'a, R> {
        fn cut<'a, T>(slice: &mut &'a mut [T], at: usize) -> &'a mut [T] {
            let (first, others) = std::mem::take(slice).split_at_mut(at);
            *slice = others;
            first
        }
        let slots = (groups * R::LANES).min(self.generations.len());
        let (generations, later) = self.generations.split_at(slots);
        self.generations = later;
        let agents = generations.iter().filter(|generation| *generation % 2 == 1).count();
        let (observations, others) = self.observations.split_at(agents * model.num_obs.len());
        self.observations = others;
        GroupState {
            beliefs: cut(&mut self.beliefs, groups * model.num_states()),
            last: cut(&mut self.last, slots),
            randoms: cut(&mut self.randoms, slots),
            generations,
            observations,
            chosen: cut(&mut self.chosen, agents * model.factors()),
        }
    }

    /// Steps every group.
    pub(super) fn step(self, model: &Model<R>, room: &mut Room<R::Group>) {
        R::run(model.machine, Steps { state: self, model, room });
    }
}

struct Steps<'a, 's, R: Real> {
    state: GroupState<'s, R>,
    model: &'a Model<R>,
    room: &'a mut Room<R::Group>,
}

impl<R: Real> Calculation<R> for Steps<'_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        let Self { state, model, room } = self;
        let arithmetic = Abreast::<R, L>::new(lanes);
        let mut observations = state.observations.chunks_exact(model.num_obs.len());
        let mut chosen = state.chosen.chunks_exact_mut(model.factors());
        let mut slots = state
            .generations
            .chunks(R::LANES)
            .zip(state.last.chunks_mut(R::LANES))
            .zip(state.randoms.chunks_mut(R::LANES));
        for beliefs in state.beliefs.chunks_exact_mut(model.num_states()) {
            let Some(((generations, last), randoms)) = slots.next() else { break };
            let mut seen = [Observation::Outcomes(&[]); LANES_MOST];
            let mut acted = [None; LANES_MOST];
            let mut first = None;
            for (lane, generation) in generations.iter().enumerate() {
                if generation % 2 == 1 {
                    let observation = observations.next().unwrap_or(&[]);
                    seen[lane] = Observation::Outcomes(observation);
                    acted[lane] = last[lane];
                    first = first.or(Some(lane));
                }
            }
            let Some(first) = first else { continue };
            // Lanes without an agent do as the first that has one.
            for lane in 0..R::LANES {
                if generations.get(lane).is_none_or(|generation| generation % 2 == 0) {
                    (seen[lane], acted[lane]) = (seen[first], acted[first]);
                }
            }
            room.perceive(arithmetic, model, &seen[..R::LANES], &acted[..R::LANES], beliefs);
            room.planning.evaluate(arithmetic, model, beliefs, &mut room.plan);
            let (q_pi, selection) = (&room.plan.q_pi, &mut room.selection);
            action::add_up_marginals(arithmetic, model, q_pi, &mut selection.marginals);
            for (lane, random) in randoms.iter_mut().enumerate() {
                if generations[lane] % 2 == 0 {
                    continue;
                }
                action::select::<Abreast<R, L>>(model, lane, q_pi, random, selection);
                let action = &selection.action[..];
                last[lane] = Some(JointAction::encode(action, &model.num_controls));
                if let Some(chosen) = chosen.next() {
                    chosen.copy_from_slice(action);
                }
            }
        }
    }
}
