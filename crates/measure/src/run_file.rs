//! A run: everything one `cargo xtask bench` measured, in one file.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Record;
use crate::machine::{Machine, Toolchain};
use crate::noise::NoiseProbe;
use crate::usage::Usage;

/// The version this crate writes, and the newest it reads.
/// Version 2 added [`Record::functions`] and runs without a noise probe.
pub const SCHEMA_VERSION: u32 = 2;

/// One run of the suites: where, when, of which commit, and every figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema: u32,
    /// Unique within a results folder: `<date>_<commit>_<n>`.
    pub id: String,
    /// When the first suite began, RFC 3339 in UTC.
    pub started: String,
    /// When the last suite ended, RFC 3339 in UTC.
    pub ended: String,
    /// What was measured.
    pub source: Source,
    /// How long each benchmark was given.
    pub profile: Profile,
    /// What the run was narrowed to; empty for everything.
    #[serde(default, skip_serializing_if = "Selection::is_everything")]
    pub selection: Selection,
    /// How the run ended.
    pub outcome: Outcome,
    /// Where it ran.
    pub machine: Machine,
    /// What built it.
    pub toolchain: Toolchain,
    /// How quiet the machine was before and after.
    pub noise: NoiseBracket,
    /// Each suite that was asked for, in the order they ran.
    pub suites: Vec<SuiteRun>,
    /// Every figure, in the order the targets gave them.
    pub records: Vec<Record>,
}

/// The commit a run was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Full hash, or none outside a git checkout.
    pub commit: Option<String>,
    /// Branch, or none when detached.
    pub branch: Option<String>,
    /// Whether tracked files differed from the commit.
    pub dirty: bool,
}

/// How long each benchmark is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Enough to see that all works; wide intervals.
    Quick,
    /// For history and comparison.
    #[default]
    Full,
}

/// What a run was narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only this kind of target: `wall`, `instructions` or `report`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Only benchmarks whose name contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

impl Selection {
    /// Whether nothing was left out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// How a run or a suite ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All that was asked for was measured.
    Complete,
    /// Stopped from outside; what was measured until then is kept.
    Partial,
    /// Something failed; the rest was measured.
    Failed,
}

/// The noise probe on either side of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseBracket {
    /// Before the first suite; none where another program measured.
    pub before: Option<NoiseProbe>,
    /// After the last one; none where the run was stopped.
    pub after: Option<NoiseProbe>,
}

/// One suite of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteRun {
    /// The crate.
    pub suite: String,
    /// Wall seconds from its first target to its last.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// One line for each thing that failed or could not be run here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// The machine by the USE method while the suite ran.
    pub usage: Usage,
}

/// Why a run file was refused. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// The file could not be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be written; what stood there before is untouched.
    #[error("{}: cannot be written: {source}; nothing was changed there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is not a run of this schema.
    #[error(
        "{}:{line}:{column}: not a run file of schema {SCHEMA_VERSION}: {reason}",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was wrong, with the field's name.
        reason: String,
    },
    /// The file was written by a newer version of the suite.
    #[error(
        "{}: schema {found} is newer than this program, which reads up to {SCHEMA_VERSION}; \
         update the checkout to read it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version it states.
        found: u32,
    },
}

impl Run {
    /// Reads a run file, refusing newer schemas and unknown fields.
    ///
    /// # Errors
    /// Any [`RunFileError`] but `Write`.
    pub fn read(path: &Path) -> Result<Self, RunFileError> {
        let text = fs::read_to_string(path)
            .map_err(|source| RunFileError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Parses the text of a run file; `path` is only for the messages.
    ///
    /// # Errors
    /// [`RunFileError::Newer`] and [`RunFileError::Malformed`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, RunFileError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        // Almost all are what they should be; what is wrong with the others is found out slowly.
        if let Ok(run) = serde_json::from_str::<Self>(text)
            && run.schema <= SCHEMA_VERSION
        {
            return Ok(run);
        }
        let Version { schema } = parse(text, path)?;
        if schema > SCHEMA_VERSION {
            return Err(RunFileError::Newer { path: path.to_owned(), found: schema });
        }
        parse(text, path)
    }

    /// Writes the run over `path`: readers see the old file or the new one, never half of one.
    ///
    /// # Errors
    /// [`RunFileError::Write`]; the file that stood there is then untouched.
    pub fn write(&self, path: &Path) -> Result<(), RunFileError> {
        let failed = |source| RunFileError::Write { path: path.to_owned(), source };
        self.staged(path)?.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Writes the run as `path` unless that name is taken.
    ///
    /// Two runs that end together thus never overwrite each other: `Ok(false)` says that the
    /// name was taken and nothing was written.
    ///
    /// # Errors
    /// [`RunFileError::Write`] for anything but a taken name.
    pub fn write_new(&self, path: &Path) -> Result<bool, RunFileError> {
        match self.staged(path)?.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(RunFileError::Write { path: path.to_owned(), source: error.error }),
        }
    }

    /// The run in a temporary file beside `path`, synced, ready to be renamed.
    fn staged(&self, path: &Path) -> Result<tempfile::NamedTempFile, RunFileError> {
        let failed = |source| RunFileError::Write { path: path.to_owned(), source };
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        // A temporary file is its owner's alone; a run file is anyone's whom the umask lets in.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder).map_err(failed)?;
        let mut text =
            serde_json::to_string_pretty(self).map_err(|error| failed(io::Error::other(error)))?;
        text.push('\n');
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        Ok(file)
    }
}

/// Parses all of a text; `path` is only for the messages, which also name the field.
fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, RunFileError> {
    let malformed = |error: &serde_json::Error, reason: String| RunFileError::Malformed {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        reason,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| malformed(error.inner(), error.to_string()))?;
    json.end().map_err(|error| malformed(&error, error.to_string()))?;
    Ok(value)
}
