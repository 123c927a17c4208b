//! A number with its unit, as people read and write it.

use std::fmt;
use std::str::FromStr;

use crate::Unit;

/// A value in the base unit of its [`Unit`].
///
/// ```
/// use measure::{Figure, Unit};
///
/// let figure: Figure = "50 ms".parse()?;
/// assert_eq!(figure, Figure { value: 50e6, unit: Unit::Nanoseconds });
/// assert_eq!(figure.to_string(), "50 ms");
/// # Ok::<(), measure::figure::FigureError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The number, unscaled: nanoseconds, bytes, operations per second.
    pub value: f64,
    /// What it counts.
    pub unit: Unit,
}

/// Why a text is not a figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FigureError {
    /// The text does not begin with a number.
    #[error("'{0}' does not begin with a finite number; write one as in '50 ms'")]
    NoNumber(String),
    /// The word behind the number is no unit.
    #[error(
        "'{0}' is no unit; there is ns, us, ms, s, bytes, KB, MB, GB, KiB, MiB, GiB, /s, k/s, M/s, \
         G/s, msg/s, instructions, blocks, x, or nothing for a plain count"
    )]
    UnknownUnit(String),
}

/// The units people write and how many base units each is.
const WRITTEN: [(&str, Unit, f64); 24] = [
    ("ns", Unit::Nanoseconds, 1.0),
    ("us", Unit::Nanoseconds, 1e3),
    ("ms", Unit::Nanoseconds, 1e6),
    ("s", Unit::Nanoseconds, 1e9),
    ("bytes", Unit::Bytes, 1.0),
    ("B", Unit::Bytes, 1.0),
    ("KB", Unit::Bytes, 1e3),
    ("MB", Unit::Bytes, 1e6),
    ("GB", Unit::Bytes, 1e9),
    ("KiB", Unit::Bytes, 1024.0),
    ("MiB", Unit::Bytes, 1_048_576.0),
    ("GiB", Unit::Bytes, 1_073_741_824.0),
    ("/s", Unit::PerSecond, 1.0),
    ("k/s", Unit::PerSecond, 1e3),
    ("M/s", Unit::PerSecond, 1e6),
    ("G/s", Unit::PerSecond, 1e9),
    ("instructions", Unit::Instructions, 1.0),
    ("instr", Unit::Instructions, 1.0),
    ("k instr", Unit::Instructions, 1e3),
    ("M instr", Unit::Instructions, 1e6),
    ("G instr", Unit::Instructions, 1e9),
    ("blocks", Unit::Blocks, 1.0),
    ("x", Unit::Ratio, 1.0),
    ("", Unit::Count, 1.0),
];

impl FromStr for Figure {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, FigureError> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | 'e')))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number = number.replace(',', "").parse::<f64>().ok();
        let number = number.ok_or_else(|| FigureError::NoNumber(text.to_owned()))?;
        let unit = unit.trim();
        let (_, unit, scale) = WRITTEN
            .into_iter()
            .find(|(written, ..)| *written == without_thing(unit))
            .ok_or_else(|| FigureError::UnknownUnit(unit.to_owned()))?;
        let value = number * scale;
        if !value.is_finite() {
            return Err(FigureError::NoNumber(text.to_owned()));
        }
        Ok(Self { value, unit })
    }
}

/// What is counted may be named, as in `msg/s`: only the rate matters. A capital or a single
/// letter could be meant as a multiple, which must not be lost.
fn without_thing(unit: &str) -> &str {
    match unit.strip_suffix("/s") {
        Some(thing) if thing.len() > 1 && thing.bytes().all(|b| b.is_ascii_lowercase()) => "/s",
        _ => unit,
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scaled = |steps: &[(f64, &str)]| {
            let size = self.value.abs();
            let (scale, name) = steps.iter().find(|(scale, _)| size >= *scale).unwrap_or({
                // Below the smallest step there is only the smallest step.
                steps.last().unwrap_or(&(1.0, ""))
            });
            format!("{}{name}", significant(self.value / scale))
        };
        f.write_str(&match self.unit {
            Unit::Nanoseconds => scaled(&[(1e9, " s"), (1e6, " ms"), (1e3, " us"), (1.0, " ns")]),
            Unit::Bytes => scaled(&[(1e9, " GB"), (1e6, " MB"), (1e3, " KB"), (1.0, " B")]),
            Unit::PerSecond => scaled(&[(1e9, " G/s"), (1e6, " M/s"), (1e3, " k/s"), (1.0, " /s")]),
            Unit::Instructions => {
                scaled(&[(1e9, " G instr"), (1e6, " M instr"), (1e3, " k instr"), (1.0, " instr")])
            }
            Unit::Blocks => format!("{} blocks", significant(self.value)),
            Unit::Ratio => format!("{}x", significant(self.value)),
            Unit::Count => significant(self.value),
        })
    }
}

/// Three significant digits, more only where they stand before the point, and no trailing zeros.
fn significant(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 {
        return format!("{value:.2e}");
    }
    let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    let text = format!("{value:.*}", usize::try_from(2 - magnitude).unwrap_or(0));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
