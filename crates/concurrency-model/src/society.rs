//! All agents of a plan, before they live: the models they share.

use std::sync::Arc;

use agent_core::{
    Agent, Array, Counts, GenerativeModel, Learner, Model, Options, Profile, Rates, Workspace,
    World, models,
};

use crate::member::{Member, Mind};
use crate::note::CELLS;
use crate::{Plan, RunError, Task};

/// What all agents of a plan have in common.
pub struct Society {
    pub plan: Plan,
    kind: Kind,
    world: World,
}

enum Kind {
    /// One model for all.
    Sharing(Arc<Model>),
    /// Each has its own, as its experience makes it.
    Learning(Box<Learner>),
}

/// What a step needs besides the agent: one at a time, for any of a society.
pub struct Room(pub Option<Workspace>);

impl Society {
    pub fn new(plan: &Plan) -> Result<Self, RunError> {
        if plan.agents == 0 {
            return Err(RunError::NoAgents);
        }
        let options = Options::of(Profile::Modern);
        let (kind, world) = match plan.task {
            Task::Exploration => {
                let grid = Arc::new(models::grid());
                let model = Model::new(&grid, Options { policy_len: 3, ..options })?;
                (Kind::Sharing(model), World::new(&grid, plan.seed)?)
            }
            Task::Coordination => {
                let model = Model::new(&companion(), options)?;
                (Kind::Sharing(model), World::new(&Arc::new(ring()), plan.seed)?)
            }
            Task::Learning => {
                let maze = models::tmaze(0.98);
                let rates = Rates { a: Some(1.0), b: Some(1.0), ..Rates::default() };
                let learner = Learner::new(maze.clone(), Counts::default(), rates, options)?;
                (Kind::Learning(Box::new(learner)), World::new(&Arc::new(maze), plan.seed)?)
            }
        };
        Ok(Self { plan: *plan, kind, world })
    }

    /// Room for the steps of one agent at a time.
    pub fn room(&self) -> Room {
        Room(match &self.kind {
            Kind::Sharing(model) => Some(Workspace::new(model)),
            // A learner brings its own.
            Kind::Learning(_) => None,
        })
    }

    /// One of the agents, at the beginning of its life. Its seed is its own.
    pub fn member(&self, agent: u32) -> Member {
        let seed = self.plan.seed ^ u64::from(agent).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mind = match &self.kind {
            Kind::Sharing(model) => Mind::Agent(Agent::with_seed(model, seed)),
            Kind::Learning(learner) => Mind::Learner(learner.clone()),
        };
        Member::new(agent, &self.plan, mind, self.world.another(seed))
    }

    /// Some of them.
    pub fn members(&self, agents: std::ops::Range<u32>) -> Vec<Member> {
        agents.map(|agent| self.member(agent)).collect()
    }
}

/// Where a walker on a ring gets to: left, stay, right, one time in ten nowhere.
fn walk(i: &[usize]) -> f64 {
    let (to, from, action) = (i[0], i[1], i[2]);
    let target = (from + CELLS + action - 1) % CELLS;
    match (to == target, to == from) {
        (true, true) => 1.0,
        (true, false) => 0.9,
        (false, true) => 0.1,
        (false, false) => 0.0,
    }
}

/// Seen clearly nine times in ten.
fn seen(i: &[usize]) -> f64 {
    if i[0] == i[1] { 0.9 } else { 0.1 / (CELLS - 1) as f64 }
}

/// What a walker really is: one factor, its cell, and one modality, the cell that it sees.
fn ring() -> GenerativeModel {
    GenerativeModel {
        a: vec![Array::from_fn(&[CELLS, CELLS], seen)],
        b: vec![Array::from_fn(&[CELLS, CELLS, 3], walk)],
        c: vec![Array::vector(vec![0.0; CELLS])],
        d: vec![Array::vector(vec![1.0 / CELLS as f64; CELLS])],
        e: None,
        a_dependencies: None,
        b_dependencies: None,
    }
}

/// What a walker believes: its own cell and its neighbour's, who stays four times in five. It sees its
/// own, is told the neighbour's, and likes to see that both are the same.
fn companion() -> GenerativeModel {
    let drift = |i: &[usize]| match (i[0] + CELLS - i[1]) % CELLS {
        0 => 0.8,
        1 => 0.1,
        back if back == CELLS - 1 => 0.1,
        _ => 0.0,
    };
    let together = |i: &[usize]| f64::from(u8::from((i[1] == i[2]) == (i[0] == 0)));
    let alike = Array::vector(vec![1.0 / CELLS as f64; CELLS]);
    GenerativeModel {
        a: vec![
            Array::from_fn(&[CELLS, CELLS], seen),
            Array::from_fn(&[CELLS, CELLS], seen),
            Array::from_fn(&[2, CELLS, CELLS], together),
        ],
        b: vec![
            Array::from_fn(&[CELLS, CELLS, 3], walk),
            Array::from_fn(&[CELLS, CELLS, 1], drift),
        ],
        c: vec![
            Array::vector(vec![0.0; CELLS]),
            Array::vector(vec![0.0; CELLS]),
            Array::vector(vec![3.0, 0.0]),
        ],
        d: vec![alike.clone(), alike],
        e: None,
        a_dependencies: Some(vec![vec![0], vec![1], vec![0, 1]]),
        b_dependencies: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often two walkers saw the same cell, if they are told of each other or not.
    fn together(are_told: bool) -> usize {
        let society = Society::new(&Plan { agents: 2, ..Plan::default() }).unwrap();
        let (mut members, mut room) = (society.members(0..2), society.room());
        let mut notes = [None; 2];
        let mut met = 0;
        for _ in 0..10_000 {
            let heard = if are_told { notes } else { [None; 2] };
            let told = |n: usize, room: &mut Room, members: &mut [Member]| {
                members[n].step(heard[1 - n].as_ref(), room).unwrap()
            };
            notes = [told(0, &mut room, &mut members), told(1, &mut room, &mut members)];
            met += usize::from(notes[0].unwrap().cell == notes[1].unwrap().cell);
        }
        met
    }

    #[test]
    fn walkers_who_are_told_of_each_other_meet() {
        let (told, untold) = (together(true), together(false));
        // Both move at once, so from next to each other they change places more often than they meet.
        assert!(5 * told > 6 * untold, "{told} of 10,000 steps together, untold {untold}");
    }
}
