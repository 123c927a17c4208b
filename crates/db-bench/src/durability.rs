//! What an answered commit survives.

use std::fmt;

/// What an answered commit survives. Printed with every figure that it bears on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Loss of power: the log is synced before the answer. SQLite `synchronous=FULL` with a
    /// write-ahead log, PostgreSQL `synchronous_commit=on`.
    #[default]
    Durable,
    /// A crash of the process; after loss of power the last commits may be gone, but nothing is
    /// damaged. SQLite `synchronous=NORMAL`, PostgreSQL `synchronous_commit=off`.
    Relaxed,
}

impl Durability {
    /// The value of SQLite's pragma `synchronous`.
    #[must_use]
    pub fn synchronous(self) -> &'static str {
        match self {
            Self::Durable => "FULL",
            Self::Relaxed => "NORMAL",
        }
    }

    /// The value of PostgreSQL's `synchronous_commit`.
    #[must_use]
    pub fn synchronous_commit(self) -> &'static str {
        match self {
            Self::Durable => "on",
            Self::Relaxed => "off",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Durable => "durable",
            Self::Relaxed => "relaxed",
        })
    }
}
