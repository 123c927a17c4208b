//! The ways of running a society, behind one function.

mod inline;
mod pool;
pub mod processes;
mod tasks;
mod threads;
mod traffic;

use std::fmt;
use std::time::Duration;

use crate::society::Society;
use crate::{Plan, RunError, checksum};

/// How agents are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// One after the other, on the calling thread.
    Inline,
    /// A thread of the system for each agent, which blocks where it waits.
    ThreadPerAgent,
    /// A pool of threads that steal work from each other (rayon); where agents tell each other
    /// something, all take a step before any takes the next.
    Pool {
        /// Its threads.
        threads: u32,
    },
    /// A task for each agent (tokio), which awaits where it waits.
    Tasks {
        /// Threads that run them; with 1 it is the current-thread runtime.
        threads: u32,
    },
    /// Processes that have equally many agents each, and send each other what crosses between them
    /// by Unix sockets. With as many workers as agents each has one.
    Processes {
        /// How many.
        workers: u32,
    },
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Over what every agent did and believes at the end: the same in every way of running.
    pub checksum: u64,
    /// Until every agent and worker was ready.
    pub start_up: Duration,
    /// From one common beginning to the end of the last agent.
    pub steady: Duration,
    /// Until nothing was left.
    pub tear_down: Duration,
    /// Nanoseconds of each agent's each step, waiting for its message included, in no order; empty
    /// unless [`Plan::timed`].
    pub step_ns: Vec<u32>,
}

/// Runs a society in one way.
///
/// # Errors
/// [`RunError`]; nothing is left running then.
pub fn run(plan: &Plan, way: Way) -> Result<Outcome, RunError> {
    match way {
        Way::Inline => inline::run(plan),
        Way::ThreadPerAgent => threads::run(plan),
        Way::Pool { threads: 0 } => Err(RunError::NoWorkers("pool of threads")),
        Way::Tasks { threads: 0 } => Err(RunError::NoWorkers("runtime of threads")),
        Way::Processes { workers: 0 } => Err(RunError::NoWorkers("set of processes")),
        Way::Pool { threads } => pool::run(plan, threads),
        Way::Tasks { threads } => tasks::run(plan, threads),
        Way::Processes { workers } => processes::run(plan, workers),
    }
}

/// What one worker did: the parts of the checksum of its agents, and their times.
#[derive(Default)]
struct Done {
    sums: Vec<u64>,
    step_ns: Vec<u32>,
}

impl Done {
    fn of(society: &Society, agents: usize) -> Self {
        let steps = if society.plan.timed { society.plan.steps as usize } else { 0 };
        Self { sums: Vec::with_capacity(agents), step_ns: Vec::with_capacity(agents * steps) }
    }

    fn add(&mut self, mut other: Self) {
        self.sums.append(&mut other.sums);
        self.step_ns.append(&mut other.step_ns);
    }

    fn outcome(self, [start_up, steady, tear_down]: [Duration; 3]) -> Outcome {
        let checksum = checksum::all(self.sums.into_iter());
        Outcome { checksum, start_up, steady, tear_down, step_ns: self.step_ns }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline => f.write_str("inline"),
            Self::ThreadPerAgent => f.write_str("thread_per_agent"),
            Self::Pool { threads } => write!(f, "pool_{threads}"),
            Self::Tasks { threads } => write!(f, "tasks_{threads}"),
            Self::Processes { workers } => write!(f, "processes_{workers}"),
        }
    }
}
