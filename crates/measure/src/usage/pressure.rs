//! Pressure stall information: the share of time in which work waited for a resource.
//!
//! From `/proc/pressure`, which needs Linux 4.20 (*Documentation/accounting/psi.rst*).

use procfs_core::parse_pressure_record;
use serde::{Deserialize, Serialize};

use super::{Source, ends, moved, percent, read};

/// A share of stalled time above which it is worth a word.
const NOTABLE: f64 = 0.1;

/// Stalls by resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PressureUse {
    /// Waiting for a processor.
    pub cpu: Source<Stalls>,
    /// Waiting for memory.
    pub memory: Source<Stalls>,
    /// Waiting for input or output.
    pub io: Source<Stalls>,
}

/// Shares of time, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stalls {
    /// At least one task waited.
    pub some: f64,
    /// All tasks that could have worked waited; none where the kernel does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<f64>,
}

/// Microseconds stalled since boot, of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stalled {
    some: u64,
    full: Option<u64>,
}

/// Microseconds stalled since boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    cpu: Result<Stalled, String>,
    memory: Result<Stalled, String>,
    io: Result<Stalled, String>,
}

impl Counters {
    pub(super) fn read() -> Result<Self, String> {
        // Where the kernel lacks it, one reason is clearer than the same three times.
        let cpu = read("/proc/pressure/cpu")?;
        Ok(Self::parse(Ok(cpu), read("/proc/pressure/memory"), read("/proc/pressure/io")))
    }

    /// Reads the texts of the three files.
    #[must_use]
    pub fn parse(
        cpu: Result<String, String>,
        memory: Result<String, String>,
        io: Result<String, String>,
    ) -> Self {
        Self {
            cpu: cpu.and_then(|text| Stalled::parse(&text)),
            memory: memory.and_then(|text| Stalled::parse(&text)),
            io: io.and_then(|text| Stalled::parse(&text)),
        }
    }
}

impl Stalled {
    fn parse(text: &str) -> Result<Self, String> {
        let total = |kind: &str| -> Option<Result<u64, String>> {
            let line = text.lines().find(|line| line.starts_with(kind))?;
            Some(
                parse_pressure_record(line)
                    .map(|record| record.total)
                    .map_err(|error| format!("/proc/pressure: '{line}': {error}")),
            )
        };
        Ok(Self {
            some: total("some").unwrap_or_else(|| Err("/proc/pressure: no line 'some'".into()))?,
            full: total("full").transpose()?,
        })
    }

    fn until(&self, later: &Self, seconds: f64) -> Result<Stalls, String> {
        let share = |before, after| -> Result<f64, String> {
            // The kernel's clock and ours may differ by a little.
            Ok((moved("stalls", before, after)? as f64 / 1e6 / seconds).min(1.0))
        };
        let full = match (self.full, later.full) {
            (Some(before), Some(after)) => Some(share(before, after)?),
            _ => None,
        };
        Ok(Stalls { some: share(self.some, later.some)?, full })
    }
}

impl PressureUse {
    /// Stalls over a series of looks that took `seconds`.
    ///
    /// # Errors
    /// Never for a series of at least two looks over some time.
    pub fn over(counters: &[Counters], seconds: f64) -> Result<Self, String> {
        let (first, last) = ends(counters)?;
        if seconds <= 0.0 {
            return Err("no time passed".to_owned());
        }
        let stalls = |of: fn(&Counters) -> &Result<Stalled, String>| -> Source<Stalls> {
            let between = || of(first).clone()?.until(&of(last).clone()?, seconds);
            between().into()
        };
        Ok(Self {
            cpu: stalls(|counters| &counters.cpu),
            memory: stalls(|counters| &counters.memory),
            io: stalls(|counters| &counters.io),
        })
    }

    pub(super) fn finding(&self) -> Option<String> {
        let stalls = [("a processor", &self.cpu), ("memory", &self.memory), ("a disk", &self.io)];
        let (resource, worst) = stalls
            .into_iter()
            .filter_map(|(resource, stalls)| Some((resource, stalls.measured()?.some)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        (worst > NOTABLE).then(|| {
            format!("pressure: for {} of the time some task waited for {resource}", percent(worst))
        })
    }
}
