//! One after the other.

use std::num::NonZeroUsize;
use std::time::Instant;

use super::traffic::{Inbox, Traffic};
use super::{Done, Outcome};
use crate::member::Member;
use crate::society::{Room, Society};
use crate::{Plan, RunError};

/// Agents that one worker steps one after the other.
pub struct Crew {
    members: Vec<(Member, Inbox)>,
    room: Room,
    pub done: Done,
}

pub fn run(plan: &Plan) -> Result<Outcome, RunError> {
    let began = Instant::now();
    let society = Society::new(plan)?;
    let (traffic, inboxes) = Traffic::of(plan, NonZeroUsize::MIN)?;
    let mut crew = Crew::new(&society, 0..plan.agents, inboxes);
    let ready = Instant::now();
    for _ in 0..plan.steps {
        crew.step(plan, &traffic)?;
    }
    let ended = Instant::now();
    let done = crew.end();
    let times = [ready - began, ended - ready, ended.elapsed()];
    Ok(done.outcome(times))
}

impl Crew {
    pub fn new(
        society: &Society,
        agents: std::ops::Range<u32>,
        inboxes: impl IntoIterator<Item = Inbox>,
    ) -> Self {
        let done = Done::of(society, agents.len());
        let members = society.members(agents).into_iter().zip(inboxes).collect();
        Self { members, room: society.room(), done }
    }

    /// One step of each, with the notes that the others told in the step before.
    pub fn step(&mut self, plan: &Plan, traffic: &Traffic) -> Result<(), RunError> {
        for (member, inbox) in &mut self.members {
            let clock = plan.timed.then(Instant::now);
            let heard = Traffic::heard(inbox, member.agent, member.next_step())?;
            traffic.tell(member.step(heard.as_ref(), &mut self.room)?)?;
            if let Some(clock) = clock {
                self.done.step_ns.push(nanoseconds(clock));
            }
        }
        Ok(())
    }

    /// What all of it came to.
    pub fn end(mut self) -> Done {
        self.done.sums.extend(self.members.iter().map(|(member, _)| member.sum()));
        self.done
    }
}

/// Since then; at most four seconds.
pub fn nanoseconds(clock: Instant) -> u32 {
    u32::try_from(clock.elapsed().as_nanos()).unwrap_or(u32::MAX)
}
