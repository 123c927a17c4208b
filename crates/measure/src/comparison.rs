//! Two runs side by side, series by series, and what may be said of each.
//!
//! Exact figures of two runs are compared as they are. Times are not: one binary, run twice in two
//! blocks, differed here by up to 24 %. So a time is called slower or faster only beyond what
//! separates the two runs anyway; what lies below that is for pairs of interleaved runs to say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::summary::quantile;
use crate::{Direction, Kind, Profile, Record, Run, SeriesId, Unit};

/// The least that two blocks of runs of one binary must be thought to differ by.
const LEAST_FLOOR: f64 = 1.25;

/// How many robust standard deviations of all ratios one of hundreds must be away.
const DEVIATIONS: f64 = 5.0;

/// Turns a median absolute deviation into a normal's standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// What two runs have in common, and what only one of them has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Series that both have, in the order of the second run.
    pub pairs: Vec<Pair>,
    /// Series of the first run that the second lacks.
    pub gone: Vec<SeriesId>,
    /// Series that only the second run has.
    pub new: Vec<SeriesId>,
    /// How many times the two runs' times must differ for one of them to be called changed; none
    /// where times are not judged.
    pub floor: Option<f64>,
}

/// One series in two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The series.
    pub series: SeriesId,
    /// How both were taken.
    pub kind: Kind,
    /// The unit of both.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The first run's figure.
    pub before: f64,
    /// The second run's.
    pub after: f64,
    /// After by before; none where before is 0 and after is not.
    pub ratio: Option<f64>,
    /// Where the ratio lies if each figure lies anywhere in its own 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// By what part it may get worse.
    pub limit: f64,
    /// What may be said.
    pub verdict: Verdict,
    /// Where a count of instructions changed beyond its limit: the functions whose own changed most,
    /// the most first. None where one of the runs does not say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionChange>,
}

/// Instructions that a function executed itself, in two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionChange {
    /// Its name, as valgrind has it.
    pub function: String,
    /// In the first run; none if it was not among those with the most.
    pub before: Option<u64>,
    /// In the second run, likewise.
    pub after: Option<u64>,
}

impl FunctionChange {
    /// How many more they are.
    #[must_use]
    pub fn more(&self) -> i64 {
        let [before, after] = [self.before, self.after].map(|count| count.unwrap_or(0));
        after.cast_signed() - before.cast_signed()
    }
}

/// What may be said of a series in two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Worse by more than its limit.
    Worse,
    /// Better by more than its limit.
    Better,
    /// Neither, within its limit.
    Same,
    /// Not to be said of these runs.
    Inconclusive,
}

/// Whether times say anything: those of other machines do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// They are judged.
    Judged,
    /// They are listed.
    Listed,
}

impl Comparison {
    /// Compares two runs; `limit` is by what part a figure may get worse. O(n log n).
    #[must_use]
    pub fn of(before: &Run, after: &Run, limit: impl Fn(&Record) -> f64, times: Times) -> Self {
        let earlier: BTreeMap<SeriesId, &Record> =
            before.records.iter().map(|record| (record.series(), record)).collect();
        let mut found = BTreeSet::new();
        let (mut pairs, mut new) = (Vec::new(), Vec::new());
        for record in &after.records {
            let series = record.series();
            match earlier.get(&series) {
                Some(&old) if old.unit == record.unit && old.kind == record.kind => {
                    found.insert(series.clone());
                    pairs.push(Pair::of(series, old, record, limit(record)));
                }
                _ => new.push(series),
            }
        }
        let gone = earlier.into_keys().filter(|series| !found.contains(series)).collect();
        let floor = (times == Times::Judged).then(|| floor(&pairs));
        for pair in &mut pairs {
            pair.verdict = pair.judged(floor);
            if !matches!(pair.verdict, Verdict::Worse | Verdict::Better) {
                pair.functions.clear();
            }
        }
        Self { pairs, gone, new, floor }
    }

    /// Those with this verdict, the largest change first.
    #[must_use]
    pub fn with(&self, verdict: Verdict) -> Vec<&Pair> {
        let mut pairs: Vec<&Pair> =
            self.pairs.iter().filter(|pair| pair.verdict == verdict).collect();
        pairs.sort_by(|a, b| b.size().total_cmp(&a.size()));
        pairs
    }
}

/// Functions that are named of each series.
const NAMED: usize = 5;

/// Those whose own instructions changed most.
fn functions(before: &Record, after: &Record) -> Vec<FunctionChange> {
    let differ = before.estimate != after.estimate;
    if !differ || before.functions.is_empty() || after.functions.is_empty() {
        return Vec::new();
    }
    let names: BTreeSet<&String> = before.functions.keys().chain(after.functions.keys()).collect();
    let change = |name: &String| FunctionChange {
        function: name.clone(),
        before: before.functions.get(name).copied(),
        after: after.functions.get(name).copied(),
    };
    let changes = names.into_iter().map(change);
    let mut changed: Vec<_> = changes.filter(|change| change.more() != 0).collect();
    changed.sort_by_key(|change| Reverse(change.more().unsigned_abs()));
    changed.truncate(NAMED);
    changed
}

/// Fewer ratios do not say what is usual among them.
const ENOUGH: usize = 8;

/// Beyond what both runs' times differ anyway: all of them together, and each from the others.
fn floor(pairs: &[Pair]) -> f64 {
    let mut logs: Vec<f64> = pairs
        .iter()
        .filter(|pair| !pair.kind.is_exact() && pair.interval.is_some())
        .filter_map(|pair| pair.ratio)
        .filter(|ratio| *ratio > 0.0)
        .map(f64::ln)
        .collect();
    if logs.len() < ENOUGH {
        return LEAST_FLOOR;
    }
    let middle = median(&mut logs);
    let mut deviations: Vec<f64> = logs.iter().map(|log| (log - middle).abs()).collect();
    let sigma = MAD_TO_SIGMA * median(&mut deviations);
    (middle.abs() + DEVIATIONS * sigma).exp().max(LEAST_FLOOR)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(values, 0.5)
}

impl Pair {
    fn of(series: SeriesId, before: &Record, after: &Record, limit: f64) -> Self {
        let (old, new) = (before.estimate, after.estimate);
        let ratio = match (old == 0.0, new == 0.0) {
            (true, true) => Some(1.0),
            (true, false) => None,
            _ => Some(new / old),
        };
        let interval = before.interval.zip(after.interval);
        let interval = interval.filter(|([low, _], _)| *low > 0.0);
        Self {
            series,
            kind: after.kind,
            unit: after.unit,
            direction: after.direction,
            before: old,
            after: new,
            ratio,
            interval: interval
                .map(|([low, high], [new_low, new_high])| [new_low / high, new_high / low]),
            limit,
            verdict: Verdict::Inconclusive,
            functions: functions(before, after),
        }
    }

    /// Whether nothing at all differs.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.before == self.after
    }

    /// How many times it changed, either way; 1 for not at all.
    fn size(&self) -> f64 {
        self.ratio.map_or(f64::INFINITY, |ratio| ratio.max(1.0 / ratio))
    }

    fn judged(&self, floor: Option<f64>) -> Verdict {
        if self.is_identical() {
            return Verdict::Same;
        }
        if self.kind.is_exact() {
            let rose = self.after > self.before;
            return match self.beyond(self.ratio.map(|ratio| [ratio, ratio])) {
                true => self.verdict_of(rose),
                false => Verdict::Same,
            };
        }
        let (Some(floor), Some(interval), Some(ratio)) = (floor, self.interval, self.ratio) else {
            return Verdict::Inconclusive;
        };
        if self.beyond(Some(interval)) && ratio.max(1.0 / ratio) > floor {
            return self.verdict_of(ratio > 1.0);
        }
        let [low, high] = interval;
        match low > 1.0 / (1.0 + self.limit) && high < 1.0 + self.limit {
            true => Verdict::Same,
            false => Verdict::Inconclusive,
        }
    }

    /// Whether all of this lies beyond the limit, on one side of it. From nothing to something is
    /// beyond every limit.
    fn beyond(&self, ratio: Option<[f64; 2]>) -> bool {
        let Some([low, high]) = ratio else { return true };
        low > 1.0 + self.limit || high < 1.0 / (1.0 + self.limit)
    }

    fn verdict_of(&self, rose: bool) -> Verdict {
        match rose == (self.direction == Direction::LowerIsBetter) {
            true => Verdict::Worse,
            false => Verdict::Better,
        }
    }
}

/// What makes exact figures of two runs different things: a line each, none if nothing does.
#[must_use]
pub fn obstacles_to_counts(before: &Run, after: &Run) -> Vec<String> {
    let (old, new) = (&before.toolchain, &after.toolchain);
    let some = |text: &str| Some(text.to_owned());
    let parts = [
        ("system", some(&before.machine.os), some(&after.machine.os)),
        ("architecture", some(&before.machine.arch), some(&after.machine.arch)),
        ("rustc", old.rustc.clone(), new.rustc.clone()),
        ("C library", old.libc.clone(), new.libc.clone()),
        ("valgrind", old.valgrind.clone(), new.valgrind.clone()),
        ("target processor", some(&old.target_cpu), some(&new.target_cpu)),
    ];
    let unknown = || "unknown".to_owned();
    let differ = parts.into_iter().filter(|(_, old, new)| old != new);
    differ
        .map(|(what, old, new)| {
            format!("{what}: {}, then {}", old.unwrap_or_else(unknown), new.unwrap_or_else(unknown))
        })
        .collect()
}

/// What makes times of two runs different things: a line each, none if nothing does.
#[must_use]
pub fn obstacles_to_times(before: &Run, after: &Run) -> Vec<String> {
    let mut found = Vec::new();
    if before.machine.hash != after.machine.hash {
        let [old, new] = [before, after].map(|run| run.machine.describe());
        found.push(format!("machine: {old}, then {new}"));
    }
    if [before, after].iter().any(|run| run.profile == Profile::Quick) {
        found.push("a quick run is too short for its times to be compared".to_owned());
    }
    found
}
