//! One measured figure, and the name of the series it belongs to.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Percentiles, Summary};

/// One figure of one benchmark, as a bench target writes it and a run file keeps it.
///
/// ```
/// use measure::{Kind, Record, Unit};
///
/// let record = Record::new("agent-core", "step", "tmaze", "time", Unit::Nanoseconds, 412.0)
///     .parameter("agents", 10);
/// assert_eq!(record.series().to_string(), "agent-core/step/tmaze{agents=10}:time");
/// assert_eq!(record.kind, Kind::Wall);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The suite: the name of the crate that was measured.
    pub suite: String,
    /// What kind of work within the suite, such as `step` or `spawn`.
    pub group: String,
    /// The workload's name. Once recorded it is never renamed.
    pub benchmark: String,
    /// What was varied, such as the number of agents.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What was measured, such as `time` or `live_bytes`.
    pub metric: String,
    /// The unit of `estimate`, `interval`, `summary` and `percentiles`.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// How the figure was taken, which decides how two of them are compared.
    pub kind: Kind,
    /// The figure itself.
    pub estimate: f64,
    /// A 95 % interval of the estimate, low then high; none for exact figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How many observations the estimate rests on.
    pub count: u64,
    /// The distribution of the observations, where there is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Percentiles of the observations, where single operations were timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<Percentiles>,
    /// Instructions that functions executed themselves, without those they called: of a count of
    /// instructions, the functions with the most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub functions: BTreeMap<String, u64>,
}

impl Record {
    /// A record of one observation, without parameters or interval.
    ///
    /// `kind` and `direction` follow from the unit; set the fields where that guess is wrong.
    #[must_use]
    pub fn new(
        suite: &str,
        group: &str,
        benchmark: &str,
        metric: &str,
        unit: Unit,
        estimate: f64,
    ) -> Self {
        Self {
            suite: suite.to_owned(),
            group: group.to_owned(),
            benchmark: benchmark.to_owned(),
            parameters: BTreeMap::new(),
            metric: metric.to_owned(),
            unit,
            direction: unit.usual_direction(),
            kind: unit.usual_kind(),
            estimate,
            interval: None,
            count: 1,
            summary: None,
            percentiles: None,
            functions: BTreeMap::new(),
        }
    }

    /// The same record with one more parameter.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.parameters.insert(name.to_owned(), value.to_string());
        self
    }

    /// The same record with the distribution it came from: the estimate becomes the median.
    #[must_use]
    pub fn distribution(mut self, summary: Summary) -> Self {
        self.estimate = summary.median;
        self.interval = Some(summary.median_interval);
        self.count = summary.count;
        self.summary = Some(summary);
        self
    }

    /// The name under which this figure is followed over time.
    #[must_use]
    pub fn series(&self) -> SeriesId {
        let mut name = format!("{}/{}/{}", self.suite, self.group, self.benchmark);
        if !self.parameters.is_empty() {
            let pairs: Vec<String> =
                self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            name.push_str(&format!("{{{}}}", pairs.join(",")));
        }
        name.push(':');
        name.push_str(&self.metric);
        SeriesId(name)
    }
}

/// Identity of a series: `suite/group/benchmark{parameters}:metric`, parameters sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesId(pub String);

impl fmt::Display for SeriesId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The unit of a figure. Times are kept in nanoseconds and sizes in bytes, unscaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// Instructions retired, as callgrind counts them.
    Instructions,
    /// Heap blocks.
    Blocks,
    /// Operations per second.
    PerSecond,
    /// A dimensionless ratio; 1 is parity.
    Ratio,
    /// A plain count of things.
    Count,
}

impl Unit {
    /// The direction a figure of this unit usually has.
    #[must_use]
    pub fn usual_direction(self) -> Direction {
        match self {
            Self::PerSecond | Self::Ratio => Direction::HigherIsBetter,
            _ => Direction::LowerIsBetter,
        }
    }

    /// The kind a figure of this unit usually has.
    #[must_use]
    pub fn usual_kind(self) -> Kind {
        match self {
            Self::Nanoseconds => Kind::Wall,
            Self::Bytes | Self::Blocks => Kind::Memory,
            Self::Instructions => Kind::Instructions,
            Self::PerSecond => Kind::Rate,
            Self::Ratio | Self::Count => Kind::Ratio,
        }
    }
}

/// Which way a figure gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Less is better: time, bytes, instructions.
    LowerIsBetter,
    /// More is better: rates, efficiencies.
    HigherIsBetter,
}

/// How a figure was taken. Exact kinds can be gated on one run, the others only in pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Time by the clock, averaged over iterations.
    Wall,
    /// Exact counts under valgrind.
    Instructions,
    /// Bytes or blocks, exact from an allocator.
    Memory,
    /// The time of single operations, with percentiles.
    Latency,
    /// Operations in a window of time.
    Rate,
    /// Derived from other figures.
    Ratio,
}

impl Kind {
    /// Whether two runs of one binary give the same figure.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Instructions | Self::Memory)
    }
}
