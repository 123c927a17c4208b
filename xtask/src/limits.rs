//! `benches/limits.toml`: by how much a figure may get worse.

use std::path::Path;

use measure::{Kind, Record};
use serde::Deserialize;

use crate::failure::Failure;
use crate::toml_file;

/// The limits as they are written, in percent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    default: Default,
    #[serde(rename = "limit", default)]
    own: Vec<Limit>,
}

/// Every kind has one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Default {
    instructions: Percent,
    memory: Percent,
    wall: Percent,
    latency: Percent,
    rate: Percent,
}

/// Those of a suite, or of one of its groups.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    suite: String,
    group: Option<String>,
    instructions: Option<Percent>,
    memory: Option<Percent>,
    wall: Option<Percent>,
    latency: Option<Percent>,
    rate: Option<Percent>,
}

/// 0 or more, finite.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Percent(f64);

impl TryFrom<f64> for Percent {
    type Error = String;

    fn try_from(percent: f64) -> Result<Self, String> {
        if percent.is_finite() && percent >= 0.0 {
            return Ok(Self(percent));
        }
        Err(format!("{percent} is no limit; write percent, 0 or more"))
    }
}

impl Limits {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        toml_file::read(path)
    }

    /// By what part a figure like this may get worse. What is derived from others has no limit of its
    /// own.
    pub fn of(&self, record: &Record) -> f64 {
        let Default { instructions, memory, wall, latency, rate } = &self.default;
        let default = match record.kind {
            Kind::Instructions => *instructions,
            Kind::Memory => *memory,
            Kind::Wall => *wall,
            Kind::Latency => *latency,
            Kind::Rate => *rate,
            Kind::Ratio => return 0.0,
        };
        let own = self.own.iter().filter(|limit| limit.fits(record));
        own.filter_map(|limit| limit.percent(record.kind)).next_back().unwrap_or(default).0 / 100.0
    }
}

impl Limit {
    fn fits(&self, record: &Record) -> bool {
        self.suite == record.suite && self.group.as_ref().is_none_or(|group| *group == record.group)
    }

    fn percent(&self, kind: Kind) -> Option<Percent> {
        match kind {
            Kind::Instructions => self.instructions,
            Kind::Memory => self.memory,
            Kind::Wall => self.wall,
            Kind::Latency => self.latency,
            Kind::Rate => self.rate,
            Kind::Ratio => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use measure::Unit;

    use super::*;

    #[test]
    fn the_last_limit_that_fits_holds_kind_by_kind() {
        let limits: Limits = toml::from_str(
            "default = { instructions = 1, memory = 2, wall = 10, latency = 11, rate = 12 }\n\
             [[limit]]\nsuite = \"a\"\nwall = 20\nmemory = 5\n\
             [[limit]]\nsuite = \"a\"\ngroup = \"g\"\nwall = 0\n",
        )
        .unwrap();
        let of = |suite: &str, group: &str, unit| {
            limits.of(&Record::new(suite, group, "b", "m", unit, 1.0))
        };
        assert_eq!(of("other", "g", Unit::Nanoseconds), 0.1);
        assert_eq!(of("a", "other", Unit::Nanoseconds), 0.2);
        assert_eq!(of("a", "g", Unit::Nanoseconds), 0.0);
        assert_eq!(of("a", "g", Unit::Bytes), 0.05);
        assert_eq!(of("a", "g", Unit::Instructions), 0.01);
        assert_eq!(of("a", "g", Unit::PerSecond), 0.12);
    }

    #[test]
    fn a_limit_is_a_part_that_can_be_kept() {
        for wrong in ["-1", "nan", "inf"] {
            let text = format!(
                "default = {{ instructions = {wrong}, memory = 2, wall = 10, latency = 11, rate = 1 }}"
            );
            assert!(toml::from_str::<Limits>(&text).is_err(), "{wrong}");
        }
        let unknown = "default = { instructions = 1, memory = 2, wall = 1, latency = 1, rate = 1 }\n\
                       [[limit]]\nsuit = \"a\"\n";
        assert!(toml::from_str::<Limits>(unknown).is_err());
    }
}
