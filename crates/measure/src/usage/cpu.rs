//! Processors, from `/proc/stat`.

use procfs_core::{CpuTime, ExplicitSystemInfo, FromBufReadSI as _, KernelStats};
use serde::{Deserialize, Serialize};

use super::{ends, moved, percent, read};

/// Stolen time above which wall figures are doubtful.
const NOTABLE_STEAL: f64 = 0.01;

/// Shares of all processors' time, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuUse {
    /// Running anything.
    pub busy: f64,
    /// The busiest stretch between two looks.
    pub busy_max: f64,
    /// Running programs.
    pub user: f64,
    /// Running the kernel, interrupts included.
    pub system: f64,
    /// Idle while something waited for a disk.
    pub iowait: f64,
    /// Taken by the hypervisor for other guests.
    pub steal: f64,
}

/// Clock ticks since boot, all processors together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    user: u64,
    system: u64,
    iowait: u64,
    steal: u64,
    idle: u64,
}

/// Reads `/proc/stat`; what the ticks are worth cancels out of every share.
pub(super) fn kernel_stats(text: &str) -> Result<KernelStats, String> {
    let system = ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 100,
        page_size: 4096,
        is_little_endian: cfg!(target_endian = "little"),
    };
    KernelStats::from_buf_read(text.as_bytes(), &system)
        .map_err(|error| format!("/proc/stat: {error}"))
}

impl Counters {
    pub(crate) fn read() -> Result<Self, String> {
        Self::parse(&read("/proc/stat")?)
    }

    /// Reads the text of `/proc/stat`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let CpuTime { user, nice, system, idle, iowait, irq, softirq, steal, .. } =
            kernel_stats(text)?.total;
        Ok(Self {
            user: user + nice,
            system: system + irq.unwrap_or(0) + softirq.unwrap_or(0),
            iowait: iowait.unwrap_or(0),
            steal: steal.unwrap_or(0),
            idle,
        })
    }

    /// Shares of the time from here to `later`.
    fn until(&self, later: &Self) -> Result<CpuUse, String> {
        let user = moved("user time", self.user, later.user)?;
        let system = moved("system time", self.system, later.system)?;
        let steal = moved("stolen time", self.steal, later.steal)?;
        let idle = moved("idle time", self.idle, later.idle)?;
        // The kernel documents that this one may go backwards.
        let iowait = later.iowait.saturating_sub(self.iowait);
        let total = user + system + steal + idle + iowait;
        if total == 0 {
            return Err("no clock tick passed".to_owned());
        }
        let share = |ticks: u64| ticks as f64 / total as f64;
        Ok(CpuUse {
            busy: share(user + system),
            busy_max: share(user + system),
            user: share(user),
            system: share(system),
            iowait: share(iowait),
            steal: share(steal),
        })
    }
}

impl CpuUse {
    /// Shares over a series of looks.
    ///
    /// # Errors
    /// Which counter made no sense.
    pub fn over(counters: &[Counters]) -> Result<Self, String> {
        let (first, last) = ends(counters)?;
        let whole = first.until(last)?;
        // Two looks within one tick tell nothing about the stretch between them.
        let stretches = counters.windows(2).filter_map(|pair| pair[0].until(&pair[1]).ok());
        let busy_max = stretches.map(|stretch| stretch.busy).fold(whole.busy, f64::max);
        Ok(Self { busy_max, ..whole })
    }

    pub(super) fn finding(&self) -> Option<String> {
        (self.steal > NOTABLE_STEAL).then(|| {
            format!(
                "cpu: the hypervisor took {} of the time for others; wall times are too long by \
                 about that much",
                percent(self.steal)
            )
        })
    }
}
