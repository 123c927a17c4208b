//! One processor for both sides of a comparison.

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The last processor this process may use: the first ones serve more interrupts.
#[cfg(target_os = "linux")]
pub fn chosen() -> Option<usize> {
    let allowed = sched_getaffinity(None).ok()?;
    (0..CpuSet::MAX_CPU).rev().find(|cpu| allowed.is_set(*cpu))
}

/// Runs `start` while this thread is tied to a processor, which what it starts inherits.
#[cfg(target_os = "linux")]
pub fn tied<T>(cpu: Option<usize>, start: impl FnOnce() -> T) -> T {
    let before = sched_getaffinity(None);
    if let Some(cpu) = cpu {
        let mut one = CpuSet::new();
        one.set(cpu);
        // What was allowed when it was chosen can only be refused if it has gone since.
        let _: rustix::io::Result<()> = sched_setaffinity(None, &one);
    }
    let started = start();
    if let Ok(before) = before {
        let _: rustix::io::Result<()> = sched_setaffinity(None, &before);
    }
    started
}

/// Elsewhere processes are not tied to processors.
#[cfg(not(target_os = "linux"))]
pub fn chosen() -> Option<usize> {
    None
}

/// Runs `start` as it is.
#[cfg(not(target_os = "linux"))]
pub fn tied<T>(_cpu: Option<usize>, start: impl FnOnce() -> T) -> T {
    start()
}
