//! The one list of measured jobs: what criterion times, valgrind counts, reports tabulate and
//! other crates run is this, and nothing else.
//!
//! A job's answer is a checksum over what its agents did and believe. Whoever runs a job
//! compares it with [`Workload::expected`]: a wrong answer is an error, never a figure.

mod agents;
mod checksum;
mod episode;
mod kernels;
mod list;
mod populations;
mod stages;

use std::fmt;
use std::sync::Arc;

use crate::{GenerativeModel, Model, ModelError, Options, Profile, StepError, Workspace, models};
use agents::{Spawn, Steps};
use kernels::Kernel;
pub use list::WORKLOADS;
use populations::Together;

/// The seed of the world in which a job's observations were made.
pub const EPISODE_SEED: u64 = 1;

/// Agents of a `population` job.
const AGENTS: u64 = 1_000;

/// A measured job. Once recorded, its name never changes.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// `step`, `spawn`, `population` or `kernel`.
    pub group: &'static str,
    /// Its name within the group.
    pub name: &'static str,
    /// What it measures and what to look for.
    pub analysis: &'static str,
    /// How often the measured operation happens in one run of the job.
    pub operations: u64,
    /// The checksum that every run must give.
    pub expected: u64,
    setup: Setup,
    task: Task,
    precision: Precision,
}

/// A model and how its agents plan.
#[derive(Clone, Copy, Debug)]
struct Setup {
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

/// What a job does.
#[derive(Clone, Copy, Debug)]
enum Task {
    Step,
    Spawn,
    Population,
    Kernel(Kernel),
}

/// What a job's agents calculate in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    Double,
    Single,
}

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
#[derive(Debug)]
pub struct Job {
    work: Box<dyn Work>,
}

/// One kind of job.
trait Work: fmt::Debug {
    /// Undoes a run, off the clock.
    fn prepare(&mut self);
    /// What is measured.
    fn run(&mut self) -> Result<(), WorkloadError>;
    /// The checksum over what came out.
    fn answer(&mut self) -> Result<u64, WorkloadError>;
}

impl Workload {
    /// What the job's agents believe about their world, as plain data; for a kernel, the model
    /// whose agents spend their time in it.
    #[must_use]
    pub fn generative_model(&self) -> GenerativeModel {
        match self.setup.world {
            World::TMaze => models::tmaze(0.98),
            World::Grid => models::grid(),
            World::CueChaining => models::cue_chaining(),
            World::Stress => models::stress(),
        }
    }

    /// How the job's agents are set up.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { policy_len: self.setup.policy_len, ..Options::of(self.setup.profile) }
    }

    /// The compiled model of the job, in double precision whatever the job's own.
    ///
    /// # Errors
    /// [`WorkloadError::Model`].
    pub fn model(&self) -> Result<Arc<Model>, WorkloadError> {
        Ok(Model::new(&self.generative_model(), self.options())?)
    }

    /// The same in single precision.
    ///
    /// # Errors
    /// [`WorkloadError::Model`].
    pub fn model_in_f32(&self) -> Result<Arc<Model<f32>>, WorkloadError> {
        Ok(Model::in_f32(&self.generative_model(), self.options())?)
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
        episode::live(&self.generative_model(), &mut Workspace::new(model), seed, steps)
    }

    /// Everything that comes before the clock: compiles the model and lets an agent live through
    /// an episode in its own world, or each of a population in a world of its own, whose
    /// observations the job will replay.
    ///
    /// # Errors
    /// [`WorkloadError`].
    pub fn start(&self) -> Result<Job, WorkloadError> {
        let is_double = self.precision == Precision::Double;
        let mut work: Box<dyn Work> = match self.task {
            Task::Step => {
                let observations = self.observations(self.operations as usize)?;
                if is_double {
                    Box::new(Steps::new(&self.model()?, observations))
                } else {
                    Box::new(Steps::new(&self.model_in_f32()?, observations))
                }
            }
            Task::Spawn => {
                let first = self.observations(1)?.concat();
                Box::new(Spawn::new(&self.model()?, first, self.operations as usize))
            }
            Task::Population => {
                let observations = self.lives((self.operations / AGENTS) as usize)?;
                if is_double {
                    Box::new(Together::new(&self.model()?, observations))
                } else {
                    Box::new(Together::new(&self.model_in_f32()?, observations))
                }
            }
            Task::Kernel(kernel) => kernel.start(self)?,
        };
        work.prepare();
        Ok(Job { work })
    }

    /// What the job's one agent sees.
    fn observations(&self, steps: usize) -> Result<Vec<Vec<usize>>, WorkloadError> {
        self.episode(&self.model()?, EPISODE_SEED, steps)
    }

    /// `[step]`: what each agent of a population sees, one after the other.
    fn lives(&self, steps: usize) -> Result<Vec<Vec<usize>>, WorkloadError> {
        let world = self.generative_model();
        let mut workspace = Workspace::new(&self.model()?);
        let mut by_step = vec![Vec::new(); steps];
        for agent in 0..AGENTS {
            let life = episode::live(&world, &mut workspace, EPISODE_SEED + agent, steps)?;
            for (all, seen) in by_step.iter_mut().zip(life) {
                all.extend(seen);
            }
        }
        Ok(by_step)
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
        self.work.prepare();
    }

    /// The measured work: every step of the episode, every spawn, every pass of a kernel.
    ///
    /// # Errors
    /// [`WorkloadError::Step`].
    pub fn run(&mut self) -> Result<(), WorkloadError> {
        self.work.run()
    }

    /// The checksum over what was done, what is believed and what the policies were last worth.
    /// Of spawned agents the last one must also prove that it can take a step. Call it once after
    /// each run.
    ///
    /// # Errors
    /// [`WorkloadError::Step`].
    pub fn answer(&mut self) -> Result<u64, WorkloadError> {
        self.work.answer()
    }
}
