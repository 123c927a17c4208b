//! Why a command ended without doing what was asked, and the exit code that says so.

use std::process::ExitCode;

/// The end of a command that did not succeed. Each variant is one exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A regression, a missed target where asked, or a suite that failed: exit code 1.
    #[error("{0}")]
    Verdict(String),
    /// The command line or a file it names is wrong: exit code 2.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    /// The machine refused: a tool, a disk, a permission: exit code 3.
    #[error("{0:#}")]
    Environment(#[from] anyhow::Error),
    /// Stopped from outside; what was measured is kept: exit code 130, as shells do.
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// A usage failure with this message.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(anyhow::Error::msg(message.into()))
    }

    /// An environment failure with this message.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::Environment(anyhow::Error::msg(message.into()))
    }

    /// The process exit code of this failure.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Verdict(_) => 1,
            Self::Usage(_) => 2,
            Self::Environment(_) => 3,
            Self::Interrupted => 130,
        })
    }
}
