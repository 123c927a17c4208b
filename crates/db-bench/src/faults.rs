//! What can go wrong, done on purpose to real stores, and what was found afterwards.
//!
//! Writers that are killed are processes of their own: the program that calls [`Fault::strike`],
//! started again. Call [`serve_if_asked`] first thing in its `main`.

mod busy;
mod damage;
mod full;
mod hostile;
mod killed;
mod ledger;
mod server;
mod site;
mod writer;

use std::time::Duration;

use crate::Source;

pub use site::{Backend, Site};
pub use writer::serve_if_asked;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name. Once recorded, it never changes.
    pub name: &'static str,
    /// What happens, in a line.
    pub about: &'static str,
    /// The stores to which it can happen.
    pub backends: &'static [Backend],
    strike: fn(&mut Site<'_>, u32) -> Result<Aftermath, Source>,
}

/// What was found after a fault.
#[derive(Clone, Debug, Default)]
pub struct Aftermath {
    /// How often it happened.
    pub times: u32,
    /// Writes that were acknowledged, each of which was looked for.
    pub acknowledged: u64,
    /// Acknowledged writes that were not there.
    pub lost: u64,
    /// Transactions of which a part was there.
    pub halves: u64,
    /// What a caller was told, in the order it was seen, each once.
    pub said: Vec<String>,
    /// From each time that it happened, or was over where it lasts, until a write was acknowledged
    /// again; for a writer that died, by another one.
    pub recoveries: Vec<Duration>,
}

impl Aftermath {
    /// Whether all that was acknowledged is there, and nothing by halves.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lost == 0 && self.halves == 0
    }

    fn say(&mut self, error: &impl ToString) {
        let said = error.to_string();
        if !self.said.contains(&said) {
            self.said.push(said);
        }
    }
}

impl Fault {
    /// Makes it happen so many times, at least once, and looks at what is left. Faults that are a
    /// list of cases, such as [`FAULTS`]' `hostile_strings`, happen once for each case.
    ///
    /// # Errors
    /// What kept it from happening; or that a caller was not told what it had to be told, or that the
    /// store was of no use afterwards. What is lost is in the [`Aftermath`].
    pub fn strike(&self, site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
        (self.strike)(site, times.max(1))
    }
}

/// SQLite's, to which the same things happen.
const FILES: &[Backend] = &[Backend::SqliteThreads, Backend::SqlxSqlite];
const SERVER: &[Backend] = &[Backend::SqlxPostgres];
const ALL: &[Backend] = &[Backend::SqliteThreads, Backend::SqlxSqlite, Backend::SqlxPostgres];

/// Every fault, in the order they are reported.
pub const FAULTS: [Fault; 10] = [
    Fault {
        name: "writer_killed",
        about: "SIGKILL to a process in which many callers write",
        backends: ALL,
        strike: killed::strike,
    },
    Fault {
        name: "server_killed",
        about: "SIGKILL to the server while many callers write",
        backends: SERVER,
        strike: server::killed,
    },
    Fault {
        name: "server_restarted",
        about: "a fast shutdown and a start while many callers write",
        backends: SERVER,
        strike: server::restarted,
    },
    Fault {
        name: "connection_dropped",
        about: "the server ends the session of one of many callers",
        backends: SERVER,
        strike: server::connection_dropped,
    },
    Fault {
        name: "disk_full",
        about: "the file may not grow any more, later it may",
        backends: ALL,
        strike: full::strike,
    },
    Fault {
        name: "held_by_another",
        about: "another process holds the one lock to write for too long",
        backends: FILES,
        strike: busy::held,
    },
    Fault {
        name: "rival_writers",
        about: "two processes write to one file at once",
        backends: FILES,
        strike: busy::rivals,
    },
    Fault {
        name: "damaged_pages",
        about: "pages of a table are overwritten, later restored",
        backends: ALL,
        strike: damage::pages,
    },
    Fault {
        name: "damaged_header",
        about: "the beginning of the file is overwritten, later restored",
        backends: FILES,
        strike: damage::header,
    },
    Fault {
        name: "hostile_strings",
        about: "names and messages with quotes, statements, NUL and odd characters",
        backends: ALL,
        strike: hostile::strike,
    },
];
