//! The one list of measured jobs: what criterion times, valgrind counts, reports tabulate and
//! other crates run is this, and nothing else.
//!
//! A job's answer is a checksum over what its agents did and believe. Whoever runs a job
//! compares it with [`Workload::expected`]: a wrong answer is an error, never a figure.

use std::hash::Hasher as _;
use std::sync::Arc;

use fnv::FnvHasher;

use crate::random::RandomStream;
use crate::{Agent, GenerativeModel, Model, ModelError, Options, Profile, StepError, Workspace};
use crate::{Array, models};

/// Figures enter a checksum rounded to this many parts of one, so that it is the same on
/// machines whose logarithms differ in the last bit.
const PARTS: f64 = 1e6;

/// The seed of the world in which a job's observations were made.
pub const EPISODE_SEED: u64 = 1;

/// A measured job. Once recorded, its name never changes.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// `step` or `spawn`.
    pub group: &'static str,
    /// Its name within the group.
    pub name: &'static str,
    /// What it measures and what to look for.
    pub analysis: &'static str,
    /// How often the measured operation happens in one run of the job.
    pub operations: u64,
    /// The checksum that every run must give.
    pub expected: u64,
    world: World,
    profile: Profile,
    policy_len: usize,
}

/// The generative models that jobs use.
#[derive(Clone, Copy, Debug)]
enum World {
    TMaze,
    Grid,
    CueChaining,
    Stress,
}

/// Every job, in the order they are reported.
pub const WORKLOADS: [Workload; 10] = [
    Workload {
        group: "step",
        name: "tmaze_h2",
        analysis: "A T-maze agent, 16 policies of two steps: small arrays, so call overhead and \
                   logarithms dominate.",
        operations: 32,
        expected: 0x0bda_43db_545c_d1d2,
        world: World::TMaze,
        profile: Profile::Modern,
        policy_len: 2,
    },
    Workload {
        group: "step",
        name: "tmaze_h2_legacy",
        analysis: "The same under the legacy profile: information gain over joint outcomes.",
        operations: 32,
        expected: 0x48a7_6a3d_9bee_cd90,
        world: World::TMaze,
        profile: Profile::Legacy,
        policy_len: 2,
    },
    Workload {
        group: "step",
        name: "grid10_h1",
        analysis: "A grid agent of 100 states, 5 policies of one step: inference and planning \
                   cost about the same.",
        operations: 32,
        expected: 0x3241_27d2_8d14_e829,
        world: World::Grid,
        profile: Profile::Modern,
        policy_len: 1,
    },
    Workload {
        group: "step",
        name: "grid10_h3",
        analysis: "The same looking three steps ahead, 125 policies: planning dominates, and \
                   shared prefixes with sparse transitions decide.",
        operations: 8,
        expected: 0x185b_a3ee_9fb4_bd91,
        world: World::Grid,
        profile: Profile::Modern,
        policy_len: 3,
    },
    Workload {
        group: "step",
        name: "grid10_h3_legacy",
        analysis: "The same under the legacy profile.",
        operations: 8,
        expected: 0x9dfd_a615_c172_ff3c,
        world: World::Grid,
        profile: Profile::Legacy,
        policy_len: 3,
    },
    Workload {
        group: "step",
        name: "cue_chaining_h3",
        analysis: "A cue-chaining agent, three factors with 280 joint states, 125 policies: \
                   joint beliefs and predicted outcomes dominate.",
        operations: 8,
        expected: 0x343d_6590_99c2_7b5b,
        world: World::CueChaining,
        profile: Profile::Modern,
        policy_len: 3,
    },
    Workload {
        group: "step",
        name: "stress_h3",
        analysis: "Three dense factors with 480 joint states, 216 policies of which no two share \
                   a belief beyond their prefix: raw multiplication.",
        operations: 8,
        expected: 0xe508_661d_f3bd_d871,
        world: World::Stress,
        profile: Profile::Modern,
        policy_len: 3,
    },
    Workload {
        group: "spawn",
        name: "tmaze",
        analysis: "New T-maze agents over one shared model, ready for their first step: one \
                   small allocation each.",
        operations: 1000,
        expected: 0x7514_6e98_660e_7e80,
        world: World::TMaze,
        profile: Profile::Modern,
        policy_len: 2,
    },
    Workload {
        group: "spawn",
        name: "grid10",
        analysis: "New grid agents: 100 beliefs to copy each.",
        operations: 1000,
        expected: 0x24d0_212c_ebfd_2189,
        world: World::Grid,
        profile: Profile::Modern,
        policy_len: 1,
    },
    Workload {
        group: "spawn",
        name: "cue_chaining",
        analysis: "New cue-chaining agents: 41 beliefs in three factors.",
        operations: 1000,
        expected: 0x0463_bf2d_013a_6f88,
        world: World::CueChaining,
        profile: Profile::Modern,
        policy_len: 3,
    },
];

/// The jobs of one group.
pub fn of_group(group: &str) -> impl Iterator<Item = &'static Workload> {
    WORKLOADS.iter().filter(move |workload| workload.group == group)
}

/// The job of this group and name.
#[must_use]
pub fn find(group: &str, name: &str) -> Option<&'static Workload> {
    of_group(group).find(|workload| workload.name == name)
}

/// Why a job could not be made or run. Neither happens to the jobs of [`WORKLOADS`].
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The model was refused.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A step was refused.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The answer is wrong.
    #[error("{group}/{name} answered {found:#x} instead of {expected:#x}: its figures are void")]
    Wrong {
        /// The job's group.
        group: &'static str,
        /// The job's name.
        name: &'static str,
        /// What came out.
        found: u64,
        /// What should have.
        expected: u64,
    },
}

/// A job ready to run: model, room and observations are there.
#[derive(Clone, Debug)]
pub struct Job {
    model: Arc<Model>,
    workspace: Workspace,
    /// What the agents of a `step` job see; for `spawn` only the first is used.
    observations: Vec<Vec<usize>>,
    agents: Vec<Agent>,
    /// What was done, one number per factor and step.
    actions: Vec<u32>,
    spawns: usize,
}

impl Workload {
    /// What the job's agents believe about their world, as plain data.
    #[must_use]
    pub fn generative_model(&self) -> GenerativeModel {
        self.world.model()
    }

    /// How the job's agents are set up.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { policy_len: self.policy_len, ..Options::of(self.profile) }
    }

    /// The compiled model of the job.
    ///
    /// # Errors
    /// [`WorkloadError::Model`].
    pub fn model(&self) -> Result<Arc<Model>, WorkloadError> {
        Ok(Model::new(&self.generative_model(), self.options())?)
    }

    /// What an agent of this model (from [`Workload::model`]) sees in the job's world, one
    /// outcome per modality and step. With [`EPISODE_SEED`] it begins as the job's own does; a
    /// longer one begins with a shorter one.
    ///
    /// # Errors
    /// [`WorkloadError::Step`].
    pub fn episode(
        &self,
        model: &Arc<Model>,
        seed: u64,
        steps: usize,
    ) -> Result<Vec<Vec<usize>>, WorkloadError> {
        episode(&self.generative_model(), model, &mut Workspace::new(model), seed, steps)
    }

    /// Everything that comes before the clock: compiles the model and lets an agent live through
    /// an episode in its own world, whose observations the job will replay.
    ///
    /// # Errors
    /// [`WorkloadError`].
    pub fn start(&self) -> Result<Job, WorkloadError> {
        let model = self.model()?;
        let workspace = Workspace::new(&model);
        let spawns = if self.group == "spawn" { self.operations as usize } else { 0 };
        let steps = if self.group == "step" { self.operations as usize } else { 1 };
        let mut job = Job {
            agents: Vec::with_capacity(spawns.max(1)),
            actions: Vec::with_capacity(steps * model.factors()),
            observations: Vec::new(),
            model,
            workspace,
            spawns,
        };
        let world = self.generative_model();
        job.observations = episode(&world, &job.model, &mut job.workspace, EPISODE_SEED, steps)?;
        job.prepare();
        Ok(job)
    }

    /// Compares an answer with the expected one.
    ///
    /// # Errors
    /// [`WorkloadError::Wrong`].
    pub fn verify(&self, found: u64) -> Result<(), WorkloadError> {
        let Self { group, name, expected, .. } = *self;
        if found == expected {
            return Ok(());
        }
        Err(WorkloadError::Wrong { group, name, found, expected })
    }
}

impl Job {
    /// Undoes a run, off the clock.
    pub fn prepare(&mut self) {
        self.actions.clear();
        self.agents.clear();
        if self.spawns == 0 {
            self.agents.push(Agent::new(&self.model));
        }
    }

    /// The measured work: every step of the episode, or every spawn.
    ///
    /// # Errors
    /// [`WorkloadError::Step`].
    pub fn run(&mut self) -> Result<(), WorkloadError> {
        if self.spawns > 0 {
            self.agents.extend((0..self.spawns).map(|_| Agent::new(&self.model)));
            return Ok(());
        }
        for agent in &mut self.agents {
            for observation in &self.observations {
                let action = agent.step(observation, &mut self.workspace)?;
                self.actions.extend(action.iter().map(|u| *u as u32));
            }
        }
        Ok(())
    }

    /// The checksum over what was done, what is believed and what the policies were last worth.
    /// Of spawned agents the last one must also prove that it can take a step.
    ///
    /// # Errors
    /// [`WorkloadError::Step`].
    pub fn answer(&mut self) -> Result<u64, WorkloadError> {
        let mut hasher = FnvHasher::default();
        let beliefs = self.agents.iter().flat_map(Agent::beliefs);
        for belief in beliefs {
            hasher.write_i64((belief * PARTS).round() as i64);
        }
        if let (true, Some(last)) = (self.spawns > 0, self.agents.last_mut()) {
            let action = last.step(&self.observations[0], &mut self.workspace)?;
            self.actions.extend(action.iter().map(|u| *u as u32));
        }
        for action in &self.actions {
            hasher.write_u32(*action);
        }
        for value in self.workspace.neg_efe() {
            hasher.write_i64((value * PARTS).round() as i64);
        }
        Ok(hasher.finish())
    }
}

impl World {
    fn model(self) -> GenerativeModel {
        match self {
            Self::TMaze => models::tmaze(0.98),
            Self::Grid => models::grid(),
            Self::CueChaining => models::cue_chaining(),
            Self::Stress => models::stress(),
        }
    }
}

/// What an agent sees in a world that is as its model says.
fn episode(
    world: &GenerativeModel,
    model: &Arc<Model>,
    workspace: &mut Workspace,
    seed: u64,
    steps: usize,
) -> Result<Vec<Vec<usize>>, WorkloadError> {
    let mut random = RandomStream::new(seed);
    let mut agent = Agent::new(model);
    let mut states: Vec<usize> = world.d.iter().map(|d| random.categorical(&d.data)).collect();
    let mut observations = Vec::with_capacity(steps);
    for _ in 0..steps {
        let outcome =
            |a: &Array, random: &mut RandomStream| random.categorical(&column(a, &states, None));
        let observation: Vec<usize> = world.a.iter().map(|a| outcome(a, &mut random)).collect();
        let action = agent.step(&observation, workspace)?;
        let next = world
            .b
            .iter()
            .zip(action)
            .enumerate()
            .map(|(f, (b, u))| random.categorical(&column(b, &states[f..=f], Some(*u))));
        states = next.collect();
        observations.push(observation);
    }
    Ok(observations)
}

/// The distribution over the first axis of an array at these states, and this action if any.
fn column(array: &Array, states: &[usize], action: Option<usize>) -> Vec<f64> {
    let rest = states.iter().copied().chain(action);
    let offset = rest.zip(&array.shape[1..]).fold(0, |offset, (i, length)| offset * length + i);
    array.data.iter().skip(offset).step_by(array.columns()).copied().collect()
}
