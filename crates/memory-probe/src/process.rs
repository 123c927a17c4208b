//! The outside view: what the operating system counts for a whole process.

use std::io;
use std::str::FromStr;

use procfs_core::FromBufRead;
use procfs_core::process::SmapsRollup;

/// The memory of a process, as the system sees it: whole pages, with code, stacks, and what the
/// allocator keeps for later. Two sizes of the same thing are needed to say what one costs.
///
/// Read from `/proc/PID/smaps_rollup`, which is Linux since 4.14: see
/// [proc_pid_smaps(5)](https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html).
///
/// ```no_run
/// let memory = memory_probe::ProcessMemory::own()?;
/// assert!(memory.uss_bytes <= memory.pss_bytes && memory.pss_bytes <= memory.rss_bytes);
/// # Ok::<(), memory_probe::ProcessError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessMemory {
    /// Resident bytes.
    pub rss_bytes: u64,
    /// Resident bytes, each page divided by the processes that map it: these can be added up.
    pub pss_bytes: u64,
    /// Resident bytes in pages that no other process maps: what its end would free.
    pub uss_bytes: u64,
    /// Bytes that were swapped out.
    pub swap_bytes: u64,
}

/// Why a process has no outside view.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The system has no such file.
    #[error(
        "PSS and USS need Linux's /proc/PID/smaps_rollup, which {system} does not have; what the \
         allocator counts works there all the same"
    )]
    Unsupported {
        /// The system's name.
        system: &'static str,
    },
    /// The file could not be read.
    #[error(
        "{path} cannot be read: {source}; the process must be alive, of the same user, and the \
         kernel at least Linux 4.14"
    )]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The text is no rollup.
    #[error("smaps_rollup is not as proc_pid_smaps(5) says: {0}")]
    Malformed(String),
    /// A line is not there.
    #[error("smaps_rollup has no line '{0}:'; the kernel must be at least Linux 4.14")]
    Missing(&'static str),
}

impl ProcessMemory {
    /// Of this process.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn own() -> Result<Self, ProcessError> {
        Self::of(std::process::id())
    }

    /// Of a process of the same user, by its number.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn of(process: u32) -> Result<Self, ProcessError> {
        if !cfg!(target_os = "linux") {
            return Err(ProcessError::Unsupported { system: std::env::consts::OS });
        }
        let path = format!("/proc/{process}/smaps_rollup");
        let text = std::fs::read_to_string(&path);
        text.map_err(|source| ProcessError::Read { path, source })?.parse()
    }
}

/// Parses the text of a `smaps_rollup`.
impl FromStr for ProcessMemory {
    type Err = ProcessError;

    fn from_str(text: &str) -> Result<Self, ProcessError> {
        if !text.ends_with('\n') {
            let message = "its last line does not end, so it was cut off";
            return Err(ProcessError::Malformed(message.to_owned()));
        }
        let rollup = SmapsRollup::from_buf_read(text.as_bytes());
        let rollup = rollup.map_err(|error| ProcessError::Malformed(error.to_string()))?;
        let [all] = &rollup.memory_map_rollup.0[..] else {
            let found = rollup.memory_map_rollup.len();
            return Err(ProcessError::Malformed(format!("{found} maps instead of one")));
        };
        let bytes = |name| all.extension.map.get(name).copied().ok_or(ProcessError::Missing(name));
        Ok(Self {
            rss_bytes: bytes("Rss")?,
            pss_bytes: bytes("Pss")?,
            uss_bytes: bytes("Private_Clean")? + bytes("Private_Dirty")?,
            swap_bytes: bytes("Swap")?,
        })
    }
}
