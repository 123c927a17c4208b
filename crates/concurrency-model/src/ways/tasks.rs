//! A task for each agent.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, coop};

use super::inline::nanoseconds;
use super::traffic::{Inbox, Traffic, expected, problem_of};
use super::{Done, Outcome};
use crate::member::Member;
use crate::society::{Room, Society};
use crate::{Plan, RunError};

thread_local! {
    /// A step does not await, so a thread's tasks share one.
    static ROOM: RefCell<Option<Room>> = const { RefCell::new(None) };
}

pub fn run(plan: &Plan, threads: u32) -> Result<Outcome, RunError> {
    let began = Instant::now();
    let society = Arc::new(Society::new(plan)?);
    let (traffic, inboxes) =
        Traffic::of(plan, NonZeroUsize::new(threads as usize).unwrap_or(NonZeroUsize::MIN))?;
    let runtime = runtime(threads, &society)
        .map_err(|error| RunError::Start { what: "a runtime for tasks", error })?;
    let (all, ready, ended) = runtime.block_on(async {
        let gate = Arc::new(Semaphore::new(0));
        let mut tasks = JoinSet::new();
        for (agent, inbox) in (0..plan.agents).zip(inboxes) {
            let member = society.member(agent);
            let life =
                live(member, inbox, Arc::clone(&society), traffic.clone(), Arc::clone(&gate));
            tasks.spawn(life);
        }
        let ready = Instant::now();
        gate.close();
        let mut all = Done::default();
        // The first that fails ends the others: the set is dropped, and with it they are aborted.
        while let Some(lived) = tasks.join_next().await {
            all.add(lived.map_err(|_| RunError::Panic)??);
        }
        Ok::<_, RunError>((all, ready, Instant::now()))
    })?;
    drop(runtime);
    // The calling thread's, where that is what ran them.
    ROOM.take();
    Ok(all.outcome([ready - began, ended - ready, ended.elapsed()]))
}

fn runtime(threads: u32, society: &Arc<Society>) -> std::io::Result<Runtime> {
    if threads == 1 {
        ROOM.set(Some(society.room()));
        return Builder::new_current_thread().build();
    }
    let society = Arc::clone(society);
    let start = move || ROOM.set(Some(society.room()));
    Builder::new_multi_thread().worker_threads(threads as usize).on_thread_start(start).build()
}

async fn live(
    mut member: Member,
    mut inbox: Inbox,
    society: Arc<Society>,
    traffic: Traffic,
    gate: Arc<Semaphore>,
) -> Result<Done, RunError> {
    let Plan { steps, timed, .. } = society.plan;
    let mut done = Done::of(&society, 1);
    // It never has a permit: closing it is the beginning.
    let _closed = gate.acquire().await;
    for step in 0..steps {
        let clock = timed.then(Instant::now);
        let heard = match inbox.as_mut().filter(|_| step > 0) {
            Some(mailbox) => {
                let envelope = mailbox.receive_async().await;
                let problem = |error: router::ReceiveError| error.to_string();
                let envelope =
                    envelope.map_err(|error| problem_of(member.agent, step, problem(error)))?;
                Some(expected(envelope.message, member.agent, step)?)
            }
            None => None,
        };
        let told = ROOM.with_borrow_mut(|room| {
            let room = room.get_or_insert_with(|| society.room());
            member.step(heard.as_ref(), room)
        })?;
        traffic.tell(told)?;
        if let Some(clock) = clock {
            done.step_ns.push(nanoseconds(clock));
        }
        // Who never waits must let others run all the same.
        coop::consume_budget().await;
    }
    done.sums.push(member.sum());
    Ok(done)
}
