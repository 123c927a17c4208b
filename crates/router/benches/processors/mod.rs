//! Which processors there are, and a thread tied to one.

use std::io;

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors this thread may use, the last first: the first ones serve more interrupts.
/// Empty where the system does not say.
#[cfg(target_os = "linux")]
pub fn allowed() -> Vec<usize> {
    let allowed = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).rev().filter(|cpu| allowed.is_set(*cpu)).collect()
}

/// Ties this thread, and those that it starts from now on, to one processor.
#[cfg(target_os = "linux")]
pub fn tie(processor: usize) -> io::Result<()> {
    let mut one = CpuSet::new();
    one.set(processor);
    Ok(sched_setaffinity(None, &one)?)
}

/// Elsewhere threads are not tied.
#[cfg(not(target_os = "linux"))]
pub fn allowed() -> Vec<usize> {
    Vec::new()
}

/// Refuses.
#[cfg(not(target_os = "linux"))]
pub fn tie(_processor: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
