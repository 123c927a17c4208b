//! How quiet a machine is: the same small work over and over, and how its time varies.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use procfs_core::process::Status;
use procfs_core::{FromBufRead as _, FromRead as _, LoadAverage};
use serde::{Deserialize, Serialize};

use crate::summary::quantile;
use crate::usage::cpu;

/// Steps of one spin: a dependent chain, so that no processor can hurry it.
const STEPS: u64 = 50_000;

/// The 95th percentile of the spins over their median above which a machine counts as noisy.
const NOISY_SPREAD: f64 = 1.05;

/// And above which it counts as very noisy.
const VERY_NOISY_SPREAD: f64 = 1.25;

/// What the noise probe saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseProbe {
    /// How many spins were timed.
    pub spins: u64,
    /// Nanoseconds of the median spin: 50,000 dependent multiplications.
    pub median_ns: f64,
    /// The 95th percentile over the median; 1 is perfect.
    pub spread: f64,
    /// The longest over the median.
    pub worst: f64,
    /// Share of processor time stolen by the hypervisor meanwhile.
    pub steal: Option<f64>,
    /// How often this thread lost its processor to another.
    pub preemptions: Option<u64>,
    /// Average number of runnable tasks in the last minute.
    pub load: Option<f64>,
}

/// What a noise probe amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quietness {
    /// 19 of 20 spins within 5 % of the median.
    Quiet,
    /// Within 25 %: wall times only in pairs.
    Noisy,
    /// Worse: wall times mean little, counts still hold.
    VeryNoisy,
}

impl NoiseProbe {
    /// Spins on this thread for about `length`, but at least ten times.
    #[must_use]
    pub fn take(length: Duration) -> Self {
        let before = (cpu::Counters::read(), preemptions());
        let began = Instant::now();
        let mut spins = Vec::new();
        while spins.len() < 10 || began.elapsed() < length {
            let start = Instant::now();
            black_box(spin(black_box(STEPS)));
            spins.push(start.elapsed().as_nanos() as f64);
        }
        spins.sort_by(f64::total_cmp);
        let steal = before.0.and_then(|first| {
            cpu::CpuUse::over(&[first, cpu::Counters::read()?]).map(|usage| usage.steal)
        });
        let median = quantile(&spins, 0.5);
        Self {
            spins: spins.len() as u64,
            median_ns: median,
            spread: quantile(&spins, 0.95) / median,
            worst: quantile(&spins, 1.0) / median,
            steal: steal.ok(),
            preemptions: preemptions().zip(before.1).map(|(now, then)| now.saturating_sub(then)),
            load: load(),
        }
    }

    /// What it amounts to.
    #[must_use]
    pub fn verdict(&self) -> Quietness {
        if self.spread > VERY_NOISY_SPREAD {
            Quietness::VeryNoisy
        } else if self.spread > NOISY_SPREAD {
            Quietness::Noisy
        } else {
            Quietness::Quiet
        }
    }

    /// One line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let verdict = match self.verdict() {
            Quietness::Quiet => "quiet",
            Quietness::Noisy => "noisy",
            Quietness::VeryNoisy => "very noisy",
        };
        let steal = match self.steal {
            Some(share) => format!("{:.1} % stolen", share * 100.0),
            None => "stolen time unknown".to_owned(),
        };
        format!(
            "{verdict}: one spin in 20 took {:.1} % longer than the median, the worst {:.0} %, \
             {steal}",
            (self.spread - 1.0) * 100.0,
            (self.worst - 1.0) * 100.0
        )
    }
}

/// A linear congruential chain: every step needs the one before.
fn spin(steps: u64) -> u64 {
    (0..steps).fold(1, |x: u64, step| {
        x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(black_box(step))
    })
}

fn preemptions() -> Option<u64> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    Status::from_buf_read(status.as_bytes()).ok()?.nonvoluntary_ctxt_switches
}

fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    LoadAverage::from_read(text.as_bytes()).ok().map(|load| f64::from(load.one))
}
