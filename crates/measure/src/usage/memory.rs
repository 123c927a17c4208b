//! Main memory and swap, from `/proc/meminfo` and `/proc/vmstat`.

use procfs_core::{FromBufRead as _, Meminfo, VmStat};
use serde::{Deserialize, Serialize};

use super::{ends, moved, percent, read};

/// The share of memory in use above which a run is close to swapping.
const NEARLY_FULL: f64 = 0.95;

/// Memory: utilisation by what is left, saturation by swapping, errors by kills.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryUse {
    /// All there is, in bytes.
    pub total_bytes: u64,
    /// The least that was available at any look, in bytes.
    pub available_min_bytes: u64,
    /// Pages swapped in.
    pub swapped_in_pages: u64,
    /// Pages swapped out.
    pub swapped_out_pages: u64,
    /// Page faults that had to wait for a disk.
    pub major_faults: u64,
    /// Processes killed for want of memory; none where the kernel does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oom_kills: Option<u64>,
}

/// Memory at this moment, and the counters since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    total: u64,
    available: u64,
    swapped_in: u64,
    swapped_out: u64,
    major_faults: u64,
    oom_kills: Option<u64>,
}

impl Counters {
    pub(super) fn read() -> Result<Self, String> {
        Self::parse(&read("/proc/meminfo")?, &read("/proc/vmstat")?)
    }

    /// Reads the texts of `/proc/meminfo` and `/proc/vmstat`.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn parse(meminfo: &str, vmstat: &str) -> Result<Self, String> {
        let memory = Meminfo::from_buf_read(meminfo.as_bytes())
            .map_err(|error| format!("/proc/meminfo: {error}"))?;
        let VmStat(counters) = VmStat::from_buf_read(vmstat.as_bytes())
            .map_err(|error| format!("/proc/vmstat: {error}"))?;
        let counter = |name: &str| counters.get(name).and_then(|&n| u64::try_from(n).ok());
        let needed = |name: &str| {
            counter(name).ok_or_else(|| format!("/proc/vmstat: it does not count {name}"))
        };
        Ok(Self {
            total: memory.mem_total,
            available: memory
                .mem_available
                .ok_or_else(|| "/proc/meminfo: no MemAvailable (Linux before 3.14)".to_owned())?,
            swapped_in: needed("pswpin")?,
            swapped_out: needed("pswpout")?,
            major_faults: needed("pgmajfault")?,
            oom_kills: counter("oom_kill"),
        })
    }
}

impl MemoryUse {
    /// Memory over a series of looks.
    ///
    /// # Errors
    /// Which counter made no sense.
    pub fn over(counters: &[Counters]) -> Result<Self, String> {
        let (first, last) = ends(counters)?;
        Ok(Self {
            total_bytes: last.total,
            available_min_bytes: counters.iter().map(|look| look.available).min().unwrap_or(0),
            swapped_in_pages: moved("swapping in", first.swapped_in, last.swapped_in)?,
            swapped_out_pages: moved("swapping out", first.swapped_out, last.swapped_out)?,
            major_faults: moved("major faults", first.major_faults, last.major_faults)?,
            oom_kills: match (first.oom_kills, last.oom_kills) {
                (Some(before), Some(after)) => Some(moved("OOM kills", before, after)?),
                _ => None,
            },
        })
    }

    pub(super) fn finding(&self) -> Option<String> {
        let used = 1.0 - self.available_min_bytes as f64 / self.total_bytes.max(1) as f64;
        if let Some(kills @ 1..) = self.oom_kills {
            return Some(format!("memory: {kills} processes were killed for want of memory"));
        }
        if self.swapped_out_pages > 0 {
            let pages = self.swapped_out_pages;
            return Some(format!(
                "memory: {pages} pages were swapped out; wall times are worthless"
            ));
        }
        (used > NEARLY_FULL).then(|| format!("memory: {} was in use at the worst", percent(used)))
    }
}
