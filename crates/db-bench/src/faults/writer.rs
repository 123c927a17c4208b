//! A process that writes and tells its parent of each write once it was answered.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::runtime;

use super::site::{Backend, CONNECTIONS, Opened, Place, with_store};
use super::{busy, full, ledger};
use crate::{Source, StoreError};

/// What the child is to do, to which backend, where, and the number of its first write.
const VARIABLES: [&str; 5] = [
    "DB_BENCH_FAULT_CHILD",
    "DB_BENCH_FAULT_BACKEND",
    "DB_BENCH_FAULT_PLACE",
    "DB_BENCH_FAULT_SCHEMA",
    "DB_BENCH_FAULT_FIRST",
];

/// Callers of a writer.
const CALLERS: i64 = 20;

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Writes without end, by many callers.
    Write,
    /// Writes until the file may not grow any more, and once more when it may.
    Fill,
    /// Holds the lock to write until its standard input ends.
    Hold,
}

impl Role {
    const ALL: [(Self, &str); 3] =
        [(Self::Write, "write"), (Self::Fill, "fill"), (Self::Hold, "hold")];
}

/// Does a child's work and ends the process, if this process was started as one.
#[must_use = "with an exit code the program is to end"]
pub fn serve_if_asked() -> Option<ExitCode> {
    env::var_os(VARIABLES[0])?;
    Some(match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", VARIABLES[0]);
            ExitCode::FAILURE
        }
    })
}

fn serve() -> Result<(), Source> {
    let [role, backend, place, schema, first] =
        VARIABLES.map(|name| env::var(name).unwrap_or_default());
    let unknown =
        || format!("'{role}' of '{backend}': these variables are for own use; unset them");
    let named = Role::ALL.into_iter().find(|(_, name)| *name == role);
    let (Some((role, _)), Some(backend)) = (named, Backend::of(&backend)) else {
        return Err(unknown().into());
    };
    let place = match backend {
        Backend::SqlxPostgres => Place::Schema(place, schema),
        _ => Place::File(place.into()),
    };
    match role {
        Role::Hold => busy::hold(place.file()?),
        Role::Fill => runtime()?.block_on(full::fill(&place, backend, first.parse()?)),
        Role::Write => {
            let runtime = runtime()?;
            let store = runtime.block_on(place.open(backend, CONNECTIONS))?;
            let next = Arc::new(AtomicI64::new(first.parse()?));
            runtime.block_on(write_all(&store, &next))
        }
    }
}

pub(super) fn runtime() -> io::Result<runtime::Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

async fn write_all(store: &Opened, next: &Arc<AtomicI64>) -> Result<(), Source> {
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let next = Arc::clone(next);
        with_store!(store, store => {
            let store = store.clone();
            callers.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    match ledger::write(&store, number).await {
                        Ok(()) => tell("acknowledged", number),
                        // A rival writes: nothing was changed, the next write is another one.
                        Err(StoreError::Busy(_)) => tell("busy", number),
                        Err(error) => return error,
                    }
                }
            });
        });
    }
    match callers.join_next().await {
        Some(failed) => Err(failed?.into()),
        None => Ok(()),
    }
}

/// A line for the parent, by one call, so that a line that came is whole.
pub(super) fn tell(word: &str, what: impl std::fmt::Display) {
    let line = format!("\n{word} {what}\n");
    // A parent that is gone has killed this process, or will not read.
    let _: io::Result<()> = io::stdout().lock().write_all(line.as_bytes());
}

/// A child, which is killed when this is dropped.
pub(super) struct Writer {
    child: Child,
    output: BufReader<ChildStdout>,
    pub acknowledged: BTreeSet<i64>,
    /// Writes that another writer kept from happening.
    pub busy: u64,
}

impl Writer {
    pub fn start(role: Role, backend: Backend, place: &Place, first: i64) -> Result<Self, Source> {
        let (place, schema) = match place {
            Place::File(path) => (path.into(), OsString::new()),
            Place::Schema(url, schema) => (url.into(), schema.into()),
        };
        let role = Role::ALL.iter().find(|(one, _)| *one == role).map_or("", |(_, name)| name);
        let values =
            [role.into(), backend.to_string().into(), place, schema, first.to_string().into()];
        // What a file's size limit sends would end the child instead of failing its write; ignored
        // by the shell it is ignored by what the shell becomes.
        let mut child = Command::new("/bin/sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\""])
            .arg(env::current_exe()?)
            .envs(VARIABLES.into_iter().zip(values))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let output = BufReader::new(output);
        Ok(Self { child, output, acknowledged: BTreeSet::new(), busy: 0 })
    }

    /// Reads until it says this word, and what it says of it.
    pub fn until(&mut self, word: &str) -> Result<String, Source> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line)? == 0 {
                return Err(format!("a writer ended by itself: {}", self.child.wait()?).into());
            }
            if let Some((said, what)) = self.note(&line)
                && said == word
            {
                return Ok(what);
            }
        }
    }

    /// Reads until so many of its writes were acknowledged.
    pub fn until_acknowledged(&mut self, count: usize) -> Result<(), Source> {
        while self.acknowledged.len() < count {
            self.until("acknowledged")?;
        }
        Ok(())
    }

    /// Takes down a line, if it is whole.
    fn note(&mut self, line: &str) -> Option<(String, String)> {
        let (word, what) = line.strip_suffix('\n')?.split_once(' ')?;
        match word {
            "acknowledged" => self.acknowledged.extend(what.parse::<i64>()),
            "busy" => self.busy += 1,
            _ => {}
        }
        Some((word.to_owned(), what.to_owned()))
    }

    /// Lets it go on from where it waits for its standard input to end.
    pub fn release(&mut self) {
        drop(self.child.stdin.take());
    }

    /// SIGKILL, and what it still said before.
    pub fn kill(&mut self) -> Result<(), Source> {
        use std::os::unix::process::ExitStatusExt as _;
        self.child.kill()?;
        let status = self.child.wait()?;
        if status.signal() != Some(9) {
            return Err(format!("a writer was not killed: {status}").into());
        }
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest)?;
        for line in String::from_utf8_lossy(&rest).split_inclusive('\n') {
            self.note(line);
        }
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Both fail if it has ended, as it should have.
        let _: io::Result<()> = self.child.kill();
        let _: io::Result<_> = self.child.wait();
    }
}
