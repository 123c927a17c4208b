//! The one list of measured jobs: what criterion times, valgrind counts and tests check is this.

#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "pools")]
pub mod pools;

/// A measured job. Once recorded, its name never changes.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// `history` or `pools`.
    pub group: &'static str,
    /// Its name within the group.
    pub name: &'static str,
    /// What it measures and what to look for.
    pub analysis: &'static str,
    /// Operations in one run of the job.
    pub operations: u64,
    /// The checksum that every run must give.
    pub expected: u64,
    start: fn() -> Result<Box<dyn Job>, WorkloadError>,
}

/// A job ready to run.
pub trait Job {
    /// What comes before each run, off the clock.
    fn prepare(&mut self);

    /// The measured work.
    ///
    /// # Errors
    /// [`WorkloadError`].
    fn run(&mut self) -> Result<(), WorkloadError>;

    /// The checksum of the last run.
    fn answer(&self) -> u64;
}

/// Why a job could not be made or run. Neither happens to the jobs of [`all`].
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// A message was not kept.
    #[cfg(feature = "history")]
    #[error(transparent)]
    History(#[from] crate::history::HistoryError),
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

/// Every job, in the order they are reported.
pub fn all() -> impl Iterator<Item = &'static Workload> {
    let lists: &[&'static [Workload]] = &[
        #[cfg(feature = "history")]
        &history::JOBS,
        #[cfg(feature = "pools")]
        &pools::JOBS,
    ];
    lists.iter().copied().flatten()
}

/// The jobs of one group.
pub fn of_group(group: &str) -> impl Iterator<Item = &'static Workload> {
    all().filter(move |workload| workload.group == group)
}

/// The job of this group and name.
#[must_use]
pub fn find(group: &str, name: &str) -> Option<&'static Workload> {
    of_group(group).find(|workload| workload.name == name)
}

impl Workload {
    /// Everything that comes before the clock.
    ///
    /// # Errors
    /// [`WorkloadError`].
    pub fn start(&self) -> Result<Box<dyn Job>, WorkloadError> {
        (self.start)()
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
