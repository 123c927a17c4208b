//! A run under way: its file is written as it grows, so that not even a crash of ours loses it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use measure::machine::{Machine, Toolchain};
use measure::noise::NoiseProbe;
use measure::run_file::{NoiseBracket, Selection};
use measure::{Outcome, Profile, Run};

use crate::failure::Failure;
use crate::results::Results;
use crate::workspace::Workspace;
use crate::{source, tools};

/// How often the machine is looked at while a suite runs.
pub const USE_INTERVAL: Duration = Duration::from_secs(1);

/// A run whose figures are still coming in.
pub struct OpenRun<'a> {
    pub run: Run,
    results: &'a Results,
    /// The run's own file, once there is a figure to keep.
    path: Option<PathBuf>,
}

impl<'a> OpenRun<'a> {
    /// Begins a run: says where and of what it is, and how quiet the machine is.
    pub fn begin(
        workspace: &Workspace,
        profile: Profile,
        selection: Selection,
        results: &'a Results,
    ) -> Self {
        let started = seconds(Timestamp::now());
        let run = Run {
            schema: measure::run_file::SCHEMA_VERSION,
            id: String::new(),
            started: started.clone(),
            ended: started,
            source: source::of(&workspace.root),
            profile,
            selection,
            outcome: Outcome::Partial,
            machine: Machine::of_this_host(),
            toolchain: Toolchain::of_this_host(&tools::rustflags()),
            noise: NoiseBracket {
                before: Some(NoiseProbe::take(probe_length(profile))),
                after: None,
            },
            suites: Vec::new(),
            records: Vec::new(),
        };
        Self { run, results, path: None }
    }

    /// Keeps what there is so far. A failure is not the end here: `close` tries again and says
    /// so.
    pub fn save(&mut self) {
        if self.run.records.is_empty() {
            return;
        }
        self.run.ended = seconds(Timestamp::now());
        if let Some(path) = &self.path {
            let _: Result<(), _> = self.run.write(path);
            return;
        }
        self.run.id = stem(&self.run);
        self.path = self.results.reserve(&mut self.run).ok();
    }

    /// All was measured: looks at the machine once more, and says whether a suite failed.
    pub fn complete(&mut self) {
        self.run.noise.after = Some(NoiseProbe::take(probe_length(self.run.profile)));
        let failed = self.run.suites.iter().any(|suite| suite.outcome == Outcome::Failed);
        self.run.outcome = if failed { Outcome::Failed } else { Outcome::Complete };
    }

    /// Writes the run for the last time, the way `write` does; fails if nothing was measured.
    pub fn close(
        mut self,
        write: impl FnOnce(&Results, &Run, &Path) -> anyhow::Result<()>,
    ) -> Result<(Run, PathBuf), Failure> {
        if self.run.records.is_empty() {
            return Err(match self.run.outcome {
                Outcome::Partial => Failure::Interrupted,
                _ => Failure::Verdict("nothing was measured, so no run file was written".into()),
            });
        }
        self.save();
        let written = match &self.path {
            Some(path) => write(self.results, &self.run, path).map(|()| path.clone()),
            None => Err(anyhow::anyhow!("no file could be made in the results folder")),
        };
        match written {
            Ok(path) => Ok((self.run, path)),
            Err(error) => Err(rescue(&self.run, &error)),
        }
    }
}

fn probe_length(profile: Profile) -> Duration {
    Duration::from_millis(match profile {
        Profile::Quick => 300,
        Profile::Full => 1000,
    })
}

/// Puts a run that the results folder would not take where it can still be found.
fn rescue(run: &Run, error: &anyhow::Error) -> Failure {
    let place = std::env::temp_dir().join(format!("{}.json", run.id));
    match run.write(&place).context("nor in the temporary folder") {
        Ok(()) => Failure::environment(format!(
            "{error:#}; the run was saved as {}: move it to results/daily when there is room",
            place.display()
        )),
        Err(second) => {
            println!("{}", serde_json::to_string(run).unwrap_or_default());
            Failure::environment(format!(
                "{error:#}; {second:#}; so the run was printed to standard output"
            ))
        }
    }
}

/// `<date>_<commit>`; the results folder adds a number.
pub fn stem(run: &Run) -> String {
    let date = run.started.split('T').next().unwrap_or_default();
    let commit = run.source.commit.as_deref().map_or("nogit", |hash| hash.get(..8).unwrap_or(hash));
    format!("{date}_{commit}")
}

/// As run files have it.
pub fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
