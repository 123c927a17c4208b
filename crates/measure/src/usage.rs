//! The machine by the USE method while something runs: for every resource its utilisation,
//! saturation and errors (Brendan Gregg, *Thinking Methodically about Performance*, 2013).
//!
//! The sources are Linux's `/proc` files. One that is missing is named as missing, with the
//! reason, and never read as zero.

pub mod cpu;
pub mod disk;
pub mod memory;
pub mod network;
pub mod pressure;
pub mod scheduler;

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A figure, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source<T> {
    /// What was seen.
    Measured(T),
    /// Which source is missing, and why.
    Missing(String),
}

impl<T> Source<T> {
    /// What was seen, if it was.
    pub fn measured(&self) -> Option<&T> {
        match self {
            Self::Measured(figure) => Some(figure),
            Self::Missing(_) => None,
        }
    }
}

impl<T> From<Result<T, String>> for Source<T> {
    fn from(result: Result<T, String>) -> Self {
        result.map_or_else(Self::Missing, Self::Measured)
    }
}

/// What the machine did over a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// From the first look to the last, in seconds.
    pub seconds: f64,
    /// How often it was looked at.
    pub looks: u64,
    /// Processors.
    pub cpu: Source<cpu::CpuUse>,
    /// Who waits for a processor.
    pub scheduler: Source<scheduler::SchedulerUse>,
    /// Main memory and swap.
    pub memory: Source<memory::MemoryUse>,
    /// Block devices.
    pub disk: Source<disk::DiskUse>,
    /// Network interfaces.
    pub network: Source<network::NetworkUse>,
    /// Linux's pressure stall information.
    pub pressure: Source<pressure::PressureUse>,
}

/// Every counter at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Since the sampler began.
    pub at: Duration,
    cpu: Result<cpu::Counters, String>,
    scheduler: Result<scheduler::Counters, String>,
    memory: Result<memory::Counters, String>,
    disk: Result<disk::Counters, String>,
    network: Result<network::Counters, String>,
    pressure: Result<pressure::Counters, String>,
}

impl Snapshot {
    /// Reads every source now; `at` is the time since the first snapshot.
    #[must_use]
    pub fn take(at: Duration) -> Self {
        Self {
            at,
            cpu: cpu::Counters::read(),
            scheduler: scheduler::Counters::read(),
            memory: memory::Counters::read(),
            disk: disk::Counters::read(),
            network: network::Counters::read(),
            pressure: pressure::Counters::read(),
        }
    }
}

impl Usage {
    /// What happened from the first of these snapshots to the last.
    #[must_use]
    pub fn between(snapshots: &[Snapshot]) -> Self {
        let seconds = match snapshots {
            [first, .., last] => last.at.saturating_sub(first.at).as_secs_f64(),
            _ => 0.0,
        };
        Self {
            seconds,
            looks: snapshots.len() as u64,
            cpu: over(snapshots, |s| &s.cpu, cpu::CpuUse::over),
            scheduler: over(
                snapshots,
                |s| &s.scheduler,
                |c| scheduler::SchedulerUse::over(c, seconds),
            ),
            memory: over(snapshots, |s| &s.memory, memory::MemoryUse::over),
            disk: over(snapshots, |s| &s.disk, |c| disk::DiskUse::over(c, seconds)),
            network: over(snapshots, |s| &s.network, network::NetworkUse::over),
            pressure: over(snapshots, |s| &s.pressure, |c| pressure::PressureUse::over(c, seconds)),
        }
    }

    /// What should be known before a figure taken meanwhile is believed, a sentence each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let mut findings = Vec::new();
        findings.extend(self.cpu.measured().and_then(cpu::CpuUse::finding));
        findings.extend(self.scheduler.measured().and_then(scheduler::SchedulerUse::finding));
        findings.extend(self.memory.measured().and_then(memory::MemoryUse::finding));
        findings.extend(self.disk.measured().and_then(disk::DiskUse::finding));
        findings.extend(self.network.measured().and_then(network::NetworkUse::finding));
        findings.extend(self.pressure.measured().and_then(pressure::PressureUse::finding));
        findings
    }
}

/// Applies `figure` to the counters of every snapshot, or says why it cannot.
fn over<C: Clone, T>(
    snapshots: &[Snapshot],
    counters: impl Fn(&Snapshot) -> &Result<C, String>,
    figure: impl Fn(&[C]) -> Result<T, String>,
) -> Source<T> {
    let readable: Result<Vec<C>, String> = snapshots.iter().map(|s| counters(s).clone()).collect();
    readable
        .and_then(|readable| {
            if readable.len() < 2 {
                Err("looked at less than twice".into())
            } else {
                figure(&readable)
            }
        })
        .into()
}

/// Looks at the machine from a thread of its own until it is stopped.
#[derive(Debug)]
pub struct Sampler {
    stop: mpsc::Sender<()>,
    thread: thread::JoinHandle<Vec<Snapshot>>,
}

impl Sampler {
    /// Begins to look every `interval`.
    #[must_use]
    pub fn start(interval: Duration) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut snapshots = vec![Snapshot::take(Duration::ZERO)];
            while stopped.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
                snapshots.push(Snapshot::take(began.elapsed()));
            }
            snapshots.push(Snapshot::take(began.elapsed()));
            snapshots
        });
        Self { stop, thread }
    }

    /// Ends at once, with a last look.
    #[must_use]
    pub fn stop(self) -> Usage {
        // The thread may be gone already only by a panic, of which no snapshots remain.
        let _: Result<(), _> = self.stop.send(());
        Usage::between(&self.thread.join().unwrap_or_default())
    }
}

/// Reads a file of `/proc` or `/sys`.
fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| {
        let hint = if cfg!(target_os = "linux") { "" } else { " (it needs Linux)" };
        format!("{path}: {error}{hint}")
    })
}

/// How far a counter moved; one that went backwards was reset, and says nothing.
fn moved(name: &str, before: u64, after: u64) -> Result<u64, String> {
    after.checked_sub(before).ok_or_else(|| format!("the counter of {name} went backwards"))
}

/// The first and the last of at least two.
fn ends<C>(counters: &[C]) -> Result<(&C, &C), String> {
    match counters {
        [first, .., last] => Ok((first, last)),
        _ => Err("looked at less than twice".to_owned()),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_named() {
        let source = Source::from(read("/proc/no-such-file"));
        let Source::Missing(reason) = source else { panic!("{source:?}") };
        assert!(reason.starts_with("/proc/no-such-file: "), "{reason}");
    }

    #[test]
    fn one_source_that_is_missing_at_one_look_leaves_the_others() {
        let snapshots = [0, 1, 2].map(|second| Snapshot {
            at: Duration::from_secs(second),
            cpu: cpu::Counters::parse(&format!(
                "cpu 1{second} 0 0 5 0 0 0 0 0 0\nctxt 1\nbtime 1\nprocesses 1\n"
            )),
            scheduler: Err("/proc/stat: gone".to_owned()),
            memory: memory::Counters::parse("", ""),
            disk: Err("/proc/diskstats: gone".to_owned()),
            network: Err("/proc/net/dev: gone".to_owned()),
            pressure: Err("/proc/pressure/cpu: gone".to_owned()),
        });
        let usage = Usage::between(&snapshots);
        assert_eq!((usage.seconds, usage.looks), (2.0, 3));
        assert_eq!(usage.cpu.measured().map(|cpu| cpu.user), Some(1.0));
        assert_eq!(usage.disk, Source::Missing("/proc/diskstats: gone".to_owned()));
        let once = Usage::between(&snapshots[..1]);
        assert_eq!(once.cpu, Source::Missing("looked at less than twice".to_owned()));
    }
}
