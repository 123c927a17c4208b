//! `benches/targets.toml`: what the figures should be, and whether they are.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use measure::{Figure, Record, Run};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::toml_file;

/// The target table as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetTable {
    #[serde(rename = "target")]
    targets: Vec<Target>,
}

/// One row: a series and the bound its figure should keep.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    component: String,
    metric: String,
    /// Identity of the series that answers it: `suite/group/benchmark{parameters}:metric`.
    series: String,
    #[serde(default)]
    statistic: Statistic,
    /// What the mission asks.
    target: Bound,
    /// What we ask of ourselves.
    stretch: Bound,
}

/// Which number of a record is judged.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Statistic {
    #[default]
    Estimate,
    Max,
    P95,
    P99,
}

/// A bound such as `< 50 ms`, `> 1000 msg/s`, `= 0 bytes` or `10 to 50`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
enum Bound {
    Below(Figure),
    Above(Figure),
    Exactly(Figure),
    Between(Figure, Figure),
}

/// Whether a bound is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Met,
    Missed,
    NotMeasured,
}

/// One row of the table, judged by a run.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    pub component: String,
    pub metric: String,
    pub series: String,
    pub target: String,
    pub current: Option<f64>,
    /// The current figure as people read it; `-` if there is none.
    pub shown: String,
    /// Why it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub status: Status,
    pub stretch: String,
    pub stretch_status: Status,
}

impl TargetTable {
    /// Reads the table; a broken one is refused with its line.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        toml_file::read(path)
    }

    /// Reads the table if the workspace has one.
    pub fn read_if_there(path: &Path) -> Result<Option<Self>, Failure> {
        if path.exists() { Self::read(path).map(Some) } else { Ok(None) }
    }

    /// Judges every row by the figures of a run.
    pub fn judge(&self, run: &Run) -> Vec<Judged> {
        self.targets.iter().map(|target| target.judge(run)).collect()
    }
}

impl Target {
    fn judge(&self, run: &Run) -> Judged {
        let record = run.records.iter().find(|record| record.series().0 == self.series);
        let current = record.and_then(|record| self.statistic.of(record));
        let status = |bound: Bound| match current {
            Some(figure) if bound.unit() != figure.unit => Status::NotMeasured,
            Some(figure) if bound.holds(figure.value) => Status::Met,
            Some(_) => Status::Missed,
            None => Status::NotMeasured,
        };
        let suite = self.series.split('/').next().unwrap_or_default();
        let reason = match (current, record) {
            (Some(figure), _) if figure.unit == self.target.unit() => None,
            (Some(figure), _) => Some(format!("{} is {figure}, another unit", self.series)),
            (None, Some(_)) => Some(format!("{} has no {}", self.series, self.statistic)),
            (None, None) if run.suites.iter().all(|ran| ran.suite != suite) => {
                Some(format!("no suite {suite} in this run"))
            }
            (None, None) => Some(format!("no {} in this run", self.series)),
        };
        Judged {
            component: self.component.clone(),
            metric: self.metric.clone(),
            series: self.series.clone(),
            target: self.target.to_string(),
            current: current.map(|figure| figure.value),
            shown: current.map_or_else(|| "-".to_owned(), |figure| figure.to_string()),
            reason,
            status: status(self.target),
            stretch: self.stretch.to_string(),
            stretch_status: status(self.stretch),
        }
    }
}

impl Statistic {
    fn of(self, record: &Record) -> Option<Figure> {
        let value = match self {
            Self::Estimate => Some(record.estimate),
            Self::Max => record.summary.as_ref().map(|summary| summary.max),
            Self::P95 => record.percentiles.as_ref().map(|percentiles| percentiles.p95),
            Self::P99 => record.percentiles.as_ref().map(|percentiles| percentiles.p99),
        };
        value.map(|value| Figure { value, unit: record.unit })
    }
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Below(bound) => value < bound.value,
            Self::Above(bound) => value > bound.value,
            Self::Exactly(bound) => value == bound.value,
            Self::Between(low, high) => (low.value..=high.value).contains(&value),
        }
    }

    fn unit(self) -> measure::Unit {
        match self {
            Self::Below(bound) | Self::Above(bound) | Self::Exactly(bound) => bound.unit,
            Self::Between(low, _) => low.unit,
        }
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let figure = |text: &str| {
            text.trim().parse::<Figure>().map_err(|error| format!("'{text}': {error}"))
        };
        if let Some(rest) = text.strip_prefix('<') {
            figure(rest).map(Self::Below)
        } else if let Some(rest) = text.strip_prefix('>') {
            figure(rest).map(Self::Above)
        } else if let Some(rest) = text.strip_prefix('=') {
            figure(rest).map(Self::Exactly)
        } else if let Some((low, high)) = text.split_once(" to ") {
            let (low, high) = (figure(low)?, figure(high)?);
            if low.unit != high.unit || low.value > high.value {
                return Err(format!("'{text}': the ends must have one unit, the lower first"));
            }
            Ok(Self::Between(low, high))
        } else {
            Err(format!(
                "'{text}' is no bound; write '< 50 ms', '> 1000 msg/s', '= 0 bytes' or '10 to 50'"
            ))
        }
    }
}

impl TryFrom<String> for Bound {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(bound) => write!(f, "< {bound}"),
            Self::Above(bound) => write!(f, "> {bound}"),
            Self::Exactly(bound) => write!(f, "= {bound}"),
            Self::Between(low, high) => write!(f, "{low} to {high}"),
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Estimate => "estimate",
            Self::Max => "max",
            Self::P95 => "p95",
            Self::P99 => "p99",
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        })
    }
}
