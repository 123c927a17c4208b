//! Fresh processes under an allocator, which say what they saw.
//!
//! A binary starts itself again with the variable `MEMORY_PROBE_POOLS`, which says what to do, and,
//! for jemalloc, with the system's library of it in front of the C library's allocator.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const VARIABLE: &str = "MEMORY_PROBE_POOLS";

/// Under which the objects are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "each of the two binaries has another one built in")]
pub enum Allocator {
    /// That of the C library.
    System,
    /// The program's own, compiled in.
    Mimalloc,
    /// That of the system's library of it, loaded first.
    Jemalloc,
}

/// Where distributions put it.
const JEMALLOC: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
    "/usr/lib/aarch64-linux-gnu/libjemalloc.so.2",
    "/usr/lib64/libjemalloc.so.2",
    "/usr/lib/libjemalloc.so.2",
    "/usr/local/lib/libjemalloc.so.2",
];

impl Allocator {
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Mimalloc => "mimalloc",
            Self::Jemalloc => "jemalloc",
        }
    }

    /// What is missing, and how to get it.
    pub fn obstacle(self) -> Option<&'static str> {
        let is_missing = self == Self::Jemalloc && jemalloc().is_none();
        is_missing
            .then_some("no pools under jemalloc: not installed (apt-get install libjemalloc2)")
    }

    /// What a fresh process said that was told to do this.
    pub fn ask(self, what: &str) -> Result<String, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        command.env(VARIABLE, what).stdin(Stdio::null()).stderr(Stdio::inherit());
        if self == Self::Jemalloc {
            command.env("LD_PRELOAD", jemalloc().ok_or("jemalloc is gone")?);
        }
        let output = command.output()?;
        if !output.status.success() {
            let name = self.name();
            return Err(
                format!("a process under {name} that does {what}: {}", output.status).into()
            );
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn jemalloc() -> Option<&'static str> {
    JEMALLOC.into_iter().find(|path| Path::new(path).exists())
}

/// What this process is to do, if it is such a child.
pub fn asked() -> Option<String> {
    env::var(VARIABLE).ok()
}

/// That a process which should run under the library that was loaded first does so.
pub fn ensure_in_front() -> Result<(), Box<dyn Error>> {
    let Ok(library) = env::var("LD_PRELOAD") else { return Ok(()) };
    if fs::read_to_string("/proc/self/maps")?.contains(&library) {
        return Ok(());
    }
    Err(format!("{library} was not loaded").into())
}
