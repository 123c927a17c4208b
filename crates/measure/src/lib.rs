//! What every suite of this workspace shares: how a figure is taken, named and kept.
//!
//! A bench target measures with the tools of this crate and writes [`Record`]s; `cargo xtask
//! bench` gathers them into a [`Run`] file together with the [`machine`] it ran on, how quiet that
//! machine was ([`noise`]) and how busy it got ([`usage`]). Everything that judges figures reads
//! run files only.
//!
//! - [`Record`], [`Run`]: one figure; one run of the suites.
//! - [`Summary`]: a sample's distribution, with outliers and a bootstrap interval.
//! - [`LatencyRecorder`], [`pacing`]: single operations under open-loop load, response time and
//!   service time apart.
//! - [`report`]: the `main` of a `report_*` bench target.
//! - [`peer`]: the `main` of one side of a comparison with other software.
//! - [`Comparison`]: two runs, series by series; [`change_points`]: one series over many runs.
//! - [`heap`], [`HeapProfile`]: the `main` of an example that runs a job under a heap profiler, and
//!   what such a profile says.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod change_points;
pub mod comparison;
pub mod figure;
pub mod heap;
pub mod heap_profile;
pub mod latency;
pub mod machine;
pub mod noise;
pub mod pacing;
pub mod peer;
pub mod record;
pub mod report;
pub mod run_file;
pub mod summary;
pub mod table;
pub mod usage;

pub use comparison::Comparison;
pub use figure::Figure;
pub use heap_profile::HeapProfile;
pub use latency::{LatencyRecorder, Percentiles};
pub use record::{Direction, Kind, Record, SeriesId, Unit};
pub use run_file::{Outcome, Profile, Run, RunFileError};
pub use summary::Summary;
