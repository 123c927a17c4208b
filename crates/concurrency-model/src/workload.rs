//! The one list of measured jobs: what criterion times, valgrind counts and tests check is this.

use crate::{Plan, RunError, Task, Way, run};

/// A society run inline: what every other way is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// `scheduling`.
    pub group: &'static str,
    /// Its name within the group.
    pub name: &'static str,
    /// What is run.
    pub plan: Plan,
    /// The checksum that every run must give.
    pub expected: u64,
}

const fn plan(task: Task, agents: u32, steps: u32) -> Plan {
    Plan {
        task,
        agents,
        steps,
        seed: 2026,
        channel: crate::Channel::Open,
        timed: false,
        fault: None,
    }
}

/// Every job, in the order they are reported.
pub const WORKLOADS: [Workload; 3] = [
    Workload {
        group: "scheduling",
        name: "exploration_16",
        plan: plan(Task::Exploration, 16, 16),
        expected: 0x7311_1e91_2f6a_ae41,
    },
    Workload {
        group: "scheduling",
        name: "coordination_16",
        plan: plan(Task::Coordination, 16, 16),
        expected: 0x047c_de3a_26eb_4cde,
    },
    Workload {
        group: "scheduling",
        name: "learning_16",
        plan: plan(Task::Learning, 16, 16),
        expected: 0x1d0d_9d49_e3c0_5260,
    },
];

/// The job of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

impl Workload {
    /// Runs the job and checks its answer.
    ///
    /// # Errors
    /// [`RunError`], also for a wrong answer.
    pub fn run(&self) -> Result<(), RunError> {
        let checksum = run(&self.plan, Way::Inline)?.checksum;
        if checksum == self.expected {
            return Ok(());
        }
        Err(RunError::Wrong { checksum, expected: self.expected })
    }
}
