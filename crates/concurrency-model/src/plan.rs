//! What agents are to do.

use std::fmt;

/// How many agents do what, for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What they do.
    pub task: Task,
    /// How many they are, 1 or more.
    pub agents: u32,
    /// Steps of each: perceive, plan, act, and tell.
    pub steps: u32,
    /// All of their lives follow from it.
    pub seed: u64,
    /// Whether what they tell arrives.
    pub channel: Channel,
    /// Whether each step is timed alone. That costs two looks at the clock each, so time the whole
    /// apart.
    pub timed: bool,
    /// What goes wrong, to see how far it goes.
    pub fault: Option<Fault>,
}

/// Something that goes wrong at the beginning of one agent's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whose.
    pub agent: u32,
    /// Which, from 0.
    pub step: u32,
    /// What.
    pub what: Mishap,
}

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mishap {
    /// The agent panics.
    Panic,
    /// The agent aborts the process that it is in: the whole program, where it is in no worker's.
    Abort,
}

/// What agents do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Each looks for goals on a grid of its own, three steps ahead.
    Exploration,
    /// Each walks on a ring and wants to be where its neighbour is, who tells it in every step where
    /// it believes to be.
    Coordination,
    /// Each learns where the rewards and cues of a T-maze are: Dirichlet counts of A and B.
    Learning,
}

/// Whether messages arrive. A run without them does the rest of the work: what is left between the two
/// is what messages cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Channel {
    /// They do.
    #[default]
    Open,
    /// They are not sent.
    Null,
}

impl Default for Plan {
    /// Ten agents coordinate for a hundred steps.
    fn default() -> Self {
        Self {
            task: Task::Coordination,
            agents: 10,
            steps: 100,
            seed: 2026,
            channel: Channel::Open,
            timed: false,
            fault: None,
        }
    }
}

impl Plan {
    /// Steps of all agents.
    #[must_use]
    pub fn agent_steps(&self) -> u64 {
        u64::from(self.agents) * u64::from(self.steps)
    }

    /// Whether agents wait for each other's messages.
    pub(crate) fn is_connected(&self) -> bool {
        self.task == Task::Coordination && self.channel == Channel::Open
    }

    /// Whom an agent tells where it is: who comes before it on the ring.
    pub(crate) fn listener_of(&self, agent: u32) -> u32 {
        agent.checked_sub(1).unwrap_or(self.agents - 1)
    }
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 3] = [Self::Exploration, Self::Coordination, Self::Learning];

    /// In lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exploration => "exploration",
            Self::Coordination => "coordination",
            Self::Learning => "learning",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
