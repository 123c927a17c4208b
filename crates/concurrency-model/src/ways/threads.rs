//! A thread of the system for each agent.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use router::ReceiveError;

use super::inline::nanoseconds;
use super::traffic::{Inbox, Traffic, expected, problem_of};
use super::{Done, Outcome};
use crate::member::Member;
use crate::note::Note;
use crate::society::{Room, Society};
use crate::{Plan, RunError};

/// How long a waiting agent may not see that another has failed.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes of a thread's stack: a step needs little of the 2 MiB that are usual.
const STACK: usize = 256 * 1024;

pub fn run(plan: &Plan) -> Result<Outcome, RunError> {
    let began = Instant::now();
    let society = Society::new(plan)?;
    let (traffic, inboxes) =
        Traffic::of(plan, thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))?;
    let (gate, has_failed) = (Gate::default(), AtomicBool::new(false));
    let life = Life { society: &society, traffic: &traffic, gate: &gate, has_failed: &has_failed };
    thread::scope(|scope| {
        let (unready, all_ready) = mpsc::channel::<()>();
        let (ended, all_ended) = mpsc::channel();
        let mut threads = Vec::with_capacity(plan.agents as usize);
        for (agent, inbox) in (0..plan.agents).zip(inboxes) {
            let (unready, ended) = (unready.clone(), ended.clone());
            let live = move || {
                let alarm = Alarm(life.has_failed);
                let lived = life.live(agent, inbox, unready);
                // Whoever started it listens to the end.
                let _: Result<(), _> = ended.send((Instant::now(), lived));
                drop(alarm);
            };
            let started = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, live);
            match started {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    has_failed.store(true, Ordering::Relaxed);
                    gate.open();
                    return Err(RunError::Start { what: "a thread for an agent", error });
                }
            }
        }
        drop((unready, ended));
        // Each hangs up when it is ready; nothing is ever said.
        while all_ready.recv().is_ok() {}
        let ready = Instant::now();
        gate.open();
        let (mut all, mut last, mut failed) = (Done::default(), ready, None);
        for (at, lived) in all_ended {
            last = last.max(at);
            match lived {
                Ok(done) => all.add(done),
                Err(Stopped::By(error)) => failed = Some(error),
                Err(Stopped::ForAnother) => {}
            }
        }
        let mut panicked = 0;
        for thread in threads {
            panicked += u32::from(thread.join().is_err());
        }
        match failed {
            Some(error) => Err(error),
            None if panicked > 0 => Err(RunError::Panic),
            None => Ok(all.outcome([ready - began, last - ready, last.elapsed()])),
        }
    })
}

/// Where agents wait to begin together.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    fn wait(&self) {
        let mut is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        while !*is_open {
            is_open = self.opened.wait(is_open).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Tells the others if its thread panics: they might wait for a message from it.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Why an agent's life ended early.
enum Stopped {
    By(RunError),
    ForAnother,
}

impl From<RunError> for Stopped {
    fn from(error: RunError) -> Self {
        Self::By(error)
    }
}

#[derive(Clone, Copy)]
struct Life<'a> {
    society: &'a Society,
    traffic: &'a Traffic,
    gate: &'a Gate,
    has_failed: &'a AtomicBool,
}

impl Life<'_> {
    fn live(self, agent: u32, inbox: Inbox, unready: mpsc::Sender<()>) -> Result<Done, Stopped> {
        let (member, room) = (self.society.member(agent), self.society.room());
        let done = Done::of(self.society, 1);
        drop(unready);
        self.gate.wait();
        let lived = self.steps(member, room, inbox, done);
        if lived.is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        lived
    }

    fn steps(
        self,
        mut member: Member,
        mut room: Room,
        mut inbox: Inbox,
        mut done: Done,
    ) -> Result<Done, Stopped> {
        let Plan { steps, timed, .. } = self.society.plan;
        for step in 0..steps {
            let clock = timed.then(Instant::now);
            let heard = self.heard(&mut inbox, member.agent, step)?;
            self.traffic.tell(member.step(heard.as_ref(), &mut room)?)?;
            if let Some(clock) = clock {
                done.step_ns.push(nanoseconds(clock));
            }
        }
        done.sums.push(member.sum());
        Ok(done)
    }

    /// Waits for the note of the step before.
    fn heard(self, inbox: &mut Inbox, agent: u32, step: u32) -> Result<Option<Note>, Stopped> {
        if self.has_failed.load(Ordering::Relaxed) {
            return Err(Stopped::ForAnother);
        }
        let Some(mailbox) = inbox.as_mut().filter(|_| step > 0) else { return Ok(None) };
        loop {
            match mailbox.receive_timeout(LOOK) {
                Ok(envelope) => return Ok(Some(expected(envelope.message, agent, step)?)),
                Err(ReceiveError::Empty(_)) if self.has_failed.load(Ordering::Relaxed) => {
                    return Err(Stopped::ForAnother);
                }
                Err(ReceiveError::Empty(_)) => {}
                Err(error) => return Err(problem_of(agent, step, error.to_string()).into()),
            }
        }
    }
}
