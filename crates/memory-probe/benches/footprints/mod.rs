//! The jobs of the report.

pub mod agents;
pub mod child;
pub mod formulas;
pub mod sharing;

use std::error::Error;

use agent_core::workload::{self, Workload};
use measure::{Figure, Kind, Record, Unit};

/// Agents of two fresh processes. Each takes a few hundred bytes, and a page is 4,096.
pub const MANY_AGENTS: [usize; 2] = [10_000, 110_000];

/// The job that has this kind's model: that of spawning, and for `stress_h3` that of stepping.
pub fn job(kind: &str) -> Result<&'static Workload, Box<dyn Error>> {
    let job = workload::find("spawn", kind).or_else(|| workload::find("step", kind));
    job.ok_or_else(|| format!("no model named {kind}").into())
}

pub fn bytes(value: f64) -> String {
    Figure { value, unit: Unit::Bytes }.to_string()
}

/// A record of a figure that is not exact: of the system's pages, or fitted.
pub fn derived(record: Record) -> Record {
    Record { kind: Kind::Ratio, ..record }
}
