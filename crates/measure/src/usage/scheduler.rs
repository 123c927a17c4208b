//! Who waits for a processor, from `/proc/stat` and `/proc/schedstat`.

use serde::{Deserialize, Serialize};

use super::{Source, cpu, ends, moved, percent, read};

/// The scheduler's work: utilisation by switches, saturation by waiting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerUse {
    /// Context switches per second, all processors together.
    pub switches_per_second: f64,
    /// Processes and threads created.
    pub forks: u64,
    /// Most tasks seen runnable at once, the one that looked left out.
    pub runnable_max: u64,
    /// Share of looks at which more tasks were runnable than there are processors.
    pub oversubscribed: f64,
    /// Seconds that runnable tasks waited for a processor, per second.
    pub waiting: Source<f64>,
}

/// The counters since boot, and the run queue at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    switches: u64,
    forks: u64,
    runnable: u64,
    processors: u64,
    /// Nanoseconds waited.
    waited: Result<u64, String>,
}

impl Counters {
    pub(super) fn read() -> Result<Self, String> {
        Self::parse(&read("/proc/stat")?, read("/proc/schedstat"))
    }

    /// Reads the texts of `/proc/stat` and `/proc/schedstat`; a kernel may lack the second.
    ///
    /// # Errors
    /// What is wrong with the first.
    pub fn parse(stat: &str, schedstat: Result<String, String>) -> Result<Self, String> {
        let stats = cpu::kernel_stats(stat)?;
        let runnable = stats.procs_running.ok_or("/proc/stat: no procs_running")?;
        Ok(Self {
            switches: stats.ctxt,
            forks: stats.processes,
            // The one that reads this is running, and is not part of what is looked at.
            runnable: runnable.saturating_sub(1).into(),
            processors: stats.cpu_time.len() as u64,
            waited: schedstat.and_then(|text| waited(&text)),
        })
    }
}

/// Nanoseconds that tasks waited, all processors together: the eighth figure of each `cpu` line
/// (Linux, *Documentation/scheduler/sched-stats.rst*).
fn waited(schedstat: &str) -> Result<u64, String> {
    let mut total = 0;
    let mut processors = 0;
    for line in schedstat.lines().filter(|line| line.starts_with("cpu")) {
        let figure = line.split_whitespace().nth(8).and_then(|word| word.parse::<u64>().ok());
        total += figure.ok_or_else(|| format!("/proc/schedstat: no eighth figure in '{line}'"))?;
        processors += 1;
    }
    if processors == 0 { Err("/proc/schedstat: no line of a cpu".into()) } else { Ok(total) }
}

impl SchedulerUse {
    /// The scheduler's work over a series of looks that took `seconds`.
    ///
    /// # Errors
    /// Which counter made no sense.
    pub fn over(counters: &[Counters], seconds: f64) -> Result<Self, String> {
        let (first, last) = ends(counters)?;
        if seconds <= 0.0 {
            return Err("no time passed".to_owned());
        }
        let waiting = || -> Result<f64, String> {
            let (before, after) = (first.waited.clone()?, last.waited.clone()?);
            Ok(moved("run-queue waiting", before, after)? as f64 / 1e9 / seconds)
        };
        let crowded = counters.iter().filter(|look| look.runnable > look.processors).count();
        Ok(Self {
            switches_per_second: moved("context switches", first.switches, last.switches)? as f64
                / seconds,
            forks: moved("forks", first.forks, last.forks)?,
            runnable_max: counters.iter().map(|look| look.runnable).max().unwrap_or(0),
            oversubscribed: crowded as f64 / counters.len() as f64,
            waiting: waiting().into(),
        })
    }

    pub(super) fn finding(&self) -> Option<String> {
        (self.oversubscribed > 0.1).then(|| {
            format!(
                "scheduler: more tasks than processors were runnable at {} of the looks (up to \
                 {}); latencies include waiting for a processor",
                percent(self.oversubscribed),
                self.runnable_max
            )
        })
    }
}
