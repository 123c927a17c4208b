//! Block devices, from `/proc/diskstats`.

use std::fs;

use procfs_core::{DiskStats, FromBufRead as _};
use serde::{Deserialize, Serialize};

use super::{ends, moved, percent, read};

/// What the kernel calls a sector here, whatever the device.
const SECTOR_BYTES: u64 = 512;

/// The busy share above which a device limits what runs.
const BUSY: f64 = 0.8;

/// Block devices: utilisation by busy time, saturation by queue length.
///
/// Linux does not count their errors where an ordinary user could read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskUse {
    /// The device that was busiest.
    pub busiest: String,
    /// Share of the time it had something to do.
    pub busy: f64,
    /// Requests in flight or waiting at it, on average.
    pub queue: f64,
    /// Bytes read from all devices.
    pub read_bytes: u64,
    /// Bytes written to all devices.
    pub written_bytes: u64,
}

/// One device's counters since boot.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Device {
    name: String,
    sectors_read: u64,
    sectors_written: u64,
    busy_ms: u64,
    weighted_ms: u64,
}

/// Every whole device's counters since boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters(Vec<Device>);

impl Counters {
    pub(super) fn read() -> Result<Self, String> {
        // Partitions would be counted twice; only whole devices are listed here.
        let whole = fs::read_dir("/sys/block").map_err(|error| format!("/sys/block: {error}"))?;
        let whole: Vec<String> =
            whole.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        Self::parse(&read("/proc/diskstats")?, &whole)
    }

    /// Reads the text of `/proc/diskstats` for these whole devices.
    ///
    /// # Errors
    /// What is wrong with the text, or that no device is in it.
    pub fn parse(text: &str, whole_devices: &[String]) -> Result<Self, String> {
        let DiskStats(stats) = DiskStats::from_buf_read(text.as_bytes())
            .map_err(|error| format!("/proc/diskstats: {error}"))?;
        let devices: Vec<Device> = stats
            .into_iter()
            .filter(|stat| whole_devices.contains(&stat.name))
            .map(|stat| Device {
                name: stat.name,
                sectors_read: stat.sectors_read,
                sectors_written: stat.sectors_written,
                busy_ms: stat.time_in_progress,
                weighted_ms: stat.weighted_time_in_progress,
            })
            .collect();
        if devices.is_empty() {
            Err("/proc/diskstats: no block device".into())
        } else {
            Ok(Self(devices))
        }
    }
}

impl DiskUse {
    /// Block devices over a series of looks that took `seconds`.
    ///
    /// # Errors
    /// Which counter made no sense.
    pub fn over(counters: &[Counters], seconds: f64) -> Result<Self, String> {
        let (first, last) = ends(counters)?;
        if seconds <= 0.0 {
            return Err("no time passed".to_owned());
        }
        let mut usage = Self {
            busiest: String::new(),
            busy: -1.0,
            queue: 0.0,
            read_bytes: 0,
            written_bytes: 0,
        };
        for after in &last.0 {
            // A device that appeared meanwhile has no beginning to compare with.
            let Some(before) = first.0.iter().find(|device| device.name == after.name) else {
                continue;
            };
            let name = &after.name;
            let busy = moved(name, before.busy_ms, after.busy_ms)? as f64 / 1e3 / seconds;
            let read = moved(name, before.sectors_read, after.sectors_read)?;
            let written = moved(name, before.sectors_written, after.sectors_written)?;
            usage.read_bytes += read * SECTOR_BYTES;
            usage.written_bytes += written * SECTOR_BYTES;
            if busy > usage.busy {
                let weighted = moved(name, before.weighted_ms, after.weighted_ms)?;
                usage.busiest.clone_from(name);
                usage.busy = busy;
                usage.queue = weighted as f64 / 1e3 / seconds;
            }
        }
        if usage.busiest.is_empty() {
            return Err("no block device was there from the first look to the last".to_owned());
        }
        // The kernel counts whole milliseconds, which can add up to a little more than passed.
        usage.busy = usage.busy.min(1.0);
        Ok(usage)
    }

    pub(super) fn finding(&self) -> Option<String> {
        (self.busy > BUSY).then(|| {
            format!(
                "disk: {} was busy {} of the time with {:.1} requests on average; what writes \
                 waited for it",
                self.busiest,
                percent(self.busy),
                self.queue
            )
        })
    }
}
