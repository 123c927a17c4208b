//! Why a run has no outcome.

use std::io;

use agent_core::{ModelError, StepError};

/// Why a run has no outcome. Nothing of it is left running.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A plan for nobody.
    #[error("there are 0 agents; a plan needs 1 or more")]
    NoAgents,
    /// A way without anybody to work.
    #[error("a {0} of 0; 1 or more are needed")]
    NoWorkers(&'static str),
    /// A model was refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A step was refused.
    #[error("agent {agent}, step {step}: {error}")]
    Step {
        /// The agent.
        agent: u32,
        /// Its step, from 0.
        step: u32,
        /// What was wrong.
        error: StepError,
    },
    /// A message that had to be there was not.
    #[error("agent {agent}, step {step}: {problem}")]
    Message {
        /// Who should have had it.
        agent: u32,
        /// Its step, from 0.
        step: u32,
        /// What came instead.
        problem: String,
    },
    /// An agent panicked; what it said is on standard error.
    #[error("an agent panicked; what it said stands above")]
    Panic,
    /// A thread, a pool, a runtime or a process could not be started.
    #[error("{what} could not be started: {error}")]
    Start {
        /// Which.
        what: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// The answer is wrong.
    #[error("the checksum is {checksum:#x} instead of {expected:#x}: its figures are void")]
    Wrong {
        /// What came out.
        checksum: u64,
        /// What should have.
        expected: u64,
    },
    /// A worker process ended before its work.
    #[error("worker {worker} was lost: {reason}")]
    WorkerLost {
        /// Which.
        worker: u32,
        /// How it ended.
        reason: String,
    },
}
