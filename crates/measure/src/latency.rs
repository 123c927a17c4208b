//! The time of single operations, without coordinated omission.
//!
//! Service time is how long an operation took once it began. Response time is how long whoever
//! wanted it had to wait: from the moment it *should* have begun. A load generator that waits
//! for a stalled system measures only the first, and hides the stall (Gil Tene, *How NOT to
//! Measure Latency*, 2013). Both are kept, apart.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::{Kind, Record, Unit};

/// Longer operations are recorded as this long, and counted in [`LatencyRecorder::saturated`].
pub const LONGEST: Duration = Duration::from_secs(3600);

/// Fewest observations of which a p99.9 is worth stating: ten lie beyond it.
pub const OBSERVATIONS_FOR_P999: u64 = 10_000;

/// Significant decimal digits that the histograms keep.
const DIGITS: u8 = 3;

/// Response and service times of operations, in two HdrHistograms of nanoseconds.
///
/// ```
/// use std::time::Duration;
/// use measure::LatencyRecorder;
///
/// let mut latency = LatencyRecorder::new();
/// let ms = Duration::from_millis;
/// // Should have begun at 0, began at 4, was done at 5.
/// latency.record(ms(0), ms(4), ms(5));
/// assert!((latency.response().p50 / 5e6 - 1.0).abs() < 1e-3);
/// assert!((latency.service().p50 / 1e6 - 1.0).abs() < 1e-3);
/// ```
#[derive(Clone, Debug)]
pub struct LatencyRecorder {
    response: Histogram<u64>,
    service: Histogram<u64>,
    saturated: u64,
}

/// Percentiles in nanoseconds, to three significant digits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentiles {
    /// Half were at most this long.
    pub p50: f64,
    /// 19 of 20 were at most this long.
    pub p95: f64,
    /// 99 of 100 were at most this long.
    pub p99: f64,
    /// 999 of 1000; only with [`OBSERVATIONS_FOR_P999`] or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<f64>,
}

impl Default for LatencyRecorder {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyRecorder {
    /// An empty recorder; it allocates about half a megabyte, and nothing later.
    #[must_use]
    pub fn new() -> Self {
        Self { response: histogram(), service: histogram(), saturated: 0 }
    }

    /// Records one operation by three moments on one clock.
    ///
    /// `intended` is when it should have begun, `started` when it did, `ended` when it was done.
    /// In a closed loop the first two are the same.
    pub fn record(&mut self, intended: Duration, started: Duration, ended: Duration) {
        let response = ended.saturating_sub(intended);
        let service = ended.saturating_sub(started);
        if response > LONGEST {
            self.saturated += 1;
        }
        self.response.saturating_record(nanoseconds(response));
        self.service.saturating_record(nanoseconds(service));
    }

    /// Adds all that another recorder holds.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so nothing can fall outside.
        let added = self.response.add(&other.response).and(self.service.add(&other.service));
        debug_assert!(added.is_ok());
        self.saturated += other.saturated;
    }

    /// How many operations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.response.len()
    }

    /// How many took longer than [`LONGEST`].
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// From the intended start to the end; zeros if nothing was recorded.
    #[must_use]
    pub fn response(&self) -> Percentiles {
        percentiles(&self.response)
    }

    /// From the actual start to the end; zeros if nothing was recorded.
    #[must_use]
    pub fn service(&self) -> Percentiles {
        percentiles(&self.service)
    }

    /// The longest response in nanoseconds.
    #[must_use]
    pub fn longest_response(&self) -> f64 {
        self.response.max() as f64
    }

    /// Two records named after `template`: its metric becomes `response_time` and
    /// `service_time`, the estimate their median.
    #[must_use]
    pub fn records(&self, template: &Record) -> [Record; 2] {
        [("response_time", &self.response), ("service_time", &self.service)]
            .map(|(metric, histogram)| latency_record(template, metric, histogram))
    }

    /// The service times alone, for closed loops, where response time means nothing.
    #[must_use]
    pub fn service_record(&self, template: &Record) -> Record {
        latency_record(template, "service_time", &self.service)
    }
}

fn latency_record(template: &Record, metric: &str, histogram: &Histogram<u64>) -> Record {
    let percentiles = percentiles(histogram);
    Record {
        metric: metric.to_owned(),
        unit: Unit::Nanoseconds,
        kind: Kind::Latency,
        direction: Unit::Nanoseconds.usual_direction(),
        estimate: percentiles.p50,
        count: histogram.len(),
        percentiles: Some(percentiles),
        ..template.clone()
    }
}

fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, nanoseconds(LONGEST), DIGITS)
        .unwrap_or_else(|_| unreachable!("constant bounds are valid"));
    histogram.auto(false);
    histogram
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64;
    let enough = histogram.len() >= OBSERVATIONS_FOR_P999;
    Percentiles { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: enough.then(|| at(0.999)) }
}
