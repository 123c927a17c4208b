//! The same processors for both sides of a comparison.

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors this process may use, the last first: the first ones serve more interrupts. None
/// where the system does not say.
#[cfg(target_os = "linux")]
pub fn allowed() -> Option<Vec<usize>> {
    let allowed = sched_getaffinity(None).ok()?;
    Some((0..CpuSet::MAX_CPU).rev().filter(|cpu| allowed.is_set(*cpu)).collect())
}

/// Runs `start` while this thread is tied to some processors, which what it starts inherits.
#[cfg(target_os = "linux")]
pub fn tied<T>(cpus: &[usize], start: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None);
    if !cpus.is_empty() {
        let mut few = CpuSet::new();
        cpus.iter().for_each(|cpu| few.set(*cpu));
        // What was allowed when it was chosen can only be refused if it has gone since.
        let _: rustix::io::Result<()> = sched_setaffinity(None, &few);
    }
    let started = start();
    if let Ok(before) = before {
        let _: rustix::io::Result<()> = sched_setaffinity(None, &before);
    }
    started
}

/// Elsewhere processes are not tied to processors.
#[cfg(not(target_os = "linux"))]
pub fn allowed() -> Option<Vec<usize>> {
    None
}

/// Runs `start` as it is.
#[cfg(not(target_os = "linux"))]
pub fn tied<T>(_cpus: &[usize], start: impl FnOnce() -> T) -> T {
    start()
}
