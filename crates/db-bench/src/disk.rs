//! How long the disk takes to make bytes durable, to stand beside every durable figure.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fmt, process};

/// Bytes that are appended before each sync: a page, as a small commit appends to a log.
const APPENDED: [u8; 4096] = [0x5a; 4096];

/// Times of one append with its sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncTimes {
    /// Half of them took no longer.
    pub median: Duration,
    /// 99 % took no longer; of fewer than 1,000 it is hardly more than the longest.
    pub p99: Duration,
    /// How many there were.
    pub count: usize,
}

/// Appends 4 KiB to a new file of this folder and waits until they are durable (`fdatasync`), so
/// many times, at least once. The file is removed.
///
/// # Errors
/// What the file system says.
pub fn sync_times(folder: &Path, count: usize) -> io::Result<SyncTimes> {
    let mut scratch = Scratch::new(folder)?;
    let mut times = Vec::with_capacity(count.max(1));
    for _ in 0..count.max(1) {
        let began = Instant::now();
        scratch.file.write_all(&APPENDED)?;
        scratch.file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    // The least time that so many percent do not exceed.
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    Ok(SyncTimes { median: percentile(50), p99: percentile(99), count: times.len() })
}

impl fmt::Display for SyncTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, p99, count } = self;
        let ms = |time: &Duration| 1e3 * time.as_secs_f64();
        write!(f, "fdatasync {:.2} ms, p99 {:.2} ms, of {count}", ms(median), ms(p99))
    }
}

/// A file that goes when it is dropped.
struct Scratch {
    file: File,
    path: PathBuf,
}

impl Scratch {
    fn new(folder: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".sync-time-{}-{number}", process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Self { file, path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to tell if this fails, and the figures stand.
        let _: io::Result<()> = fs::remove_file(&self.path);
    }
}
