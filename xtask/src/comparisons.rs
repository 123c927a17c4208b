//! Comparisons as people and programs read them.

use measure::comparison::{Comparison, FunctionChange, Pair, Verdict};
use measure::{Figure, Kind, SeriesId};

use crate::page::{Form, Grid, Part, Section};

/// The rows that are shown of one verdict, and of series that only one run has.
const SHOWN: usize = 40;

/// What changed, the worst first, and how much did not.
pub fn sections(comparison: &Comparison) -> Vec<Section> {
    let mut sections = Vec::new();
    for (verdict, word) in [(Verdict::Worse, "Worse"), (Verdict::Better, "Better")] {
        let pairs = comparison.with(verdict);
        let rows = pairs.iter().map(|pair| row(pair)).collect();
        let header = ["series", "before", "after", "ratio", "interval", "limit", "verdict"];
        sections.extend(first(word, &header, rows));
        let rows: Vec<_> = pairs.iter().flat_map(|pair| where_changed(pair)).collect();
        let header = ["series", "function", "before", "after", "more"];
        sections.extend(first(&format!("{word}, by functions' own instructions"), &header, rows));
    }
    for (word, series) in [("Gone", &comparison.gone), ("New", &comparison.new)] {
        let rows = series.iter().map(|SeriesId(name)| vec![name.clone()]).collect();
        sections.extend(first(word, &["series"], rows));
    }
    let count = |verdict| comparison.with(verdict).len();
    let identical = comparison.pairs.iter().filter(|pair| pair.is_identical()).count();
    let mut parts = vec![Part::Text(format!(
        "{} series in both: {} worse, {} better, {} the same ({identical} identical), {} \
         inconclusive",
        comparison.pairs.len(),
        count(Verdict::Worse),
        count(Verdict::Better),
        count(Verdict::Same),
        count(Verdict::Inconclusive)
    ))];
    if let Some(floor) = comparison.floor {
        parts.push(Part::Text(format!(
            "times are called changed from {floor:.2} times on: so much may lie between any two runs"
        )));
    }
    sections.push(Section { title: "In all".to_owned(), parts });
    sections
}

/// The same, ready to print.
pub fn shown(comparison: &Comparison, form: Form) -> String {
    sections(comparison).iter().map(|section| section.shown(form)).collect()
}

/// The first rows under a title with their number; nothing if there are none.
fn first(word: &str, header: &[&str], mut rows: Vec<Vec<String>>) -> Option<Section> {
    let all = rows.len();
    rows.truncate(SHOWN);
    let mut parts = vec![Part::Table(Grid::new(header, rows))];
    if all > SHOWN {
        parts.push(Part::Text(format!("and {} more", all - SHOWN)));
    }
    (all > 0).then(|| Section { title: format!("{word}: {all}"), parts })
}

fn row(pair: &Pair) -> Vec<String> {
    let figure = |value: f64| match pair.kind.is_exact() {
        // A change of one is a change, and must be seen.
        true => value.to_string(),
        false => Figure { value, unit: pair.unit }.to_string(),
    };
    vec![
        pair.series.to_string(),
        figure(pair.before),
        figure(pair.after),
        pair.ratio.map_or_else(|| "from 0".to_owned(), |ratio| format!("{ratio:.4}")),
        pair.interval
            .map_or_else(|| "-".to_owned(), |[low, high]| format!("{low:.2} to {high:.2}")),
        format!("{} %", pair.limit * 100.0),
        word(pair).to_owned(),
    ]
}

/// The functions whose own instructions changed most.
fn where_changed(pair: &Pair) -> Vec<Vec<String>> {
    // It was not among those with the most.
    let count = |count: Option<u64>| count.map_or_else(|| "few".to_owned(), |n| n.to_string());
    let row = |change: &FunctionChange| {
        let (before, after) = (count(change.before), count(change.after));
        let more = format!("{:+}", change.more());
        vec![pair.series.to_string(), change.function.clone(), before, after, more]
    };
    pair.functions.iter().map(row).collect()
}

/// The word for what happened to a figure of this kind.
fn word(pair: &Pair) -> &'static str {
    match (pair.kind, pair.verdict) {
        (_, Verdict::Same) => "same",
        (_, Verdict::Inconclusive) => "inconclusive",
        (Kind::Memory, Verdict::Worse) => "larger",
        (Kind::Memory, Verdict::Better) => "smaller",
        (Kind::Ratio, Verdict::Worse) => "worse",
        (Kind::Ratio, Verdict::Better) => "better",
        (_, Verdict::Worse) => "slower",
        (_, Verdict::Better) => "faster",
    }
}
