//! Comparisons as people and programs read them.

use std::fmt::Write as _;

use measure::comparison::{Comparison, Pair, Verdict};
use measure::{Figure, Kind, SeriesId, table};

/// The rows that are shown of one verdict, and of series that only one run has.
const SHOWN: usize = 40;

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
}

/// What changed, the worst first, and how much did not.
pub fn shown(comparison: &Comparison, form: Form) -> String {
    let mut text = String::new();
    for verdict in [Verdict::Worse, Verdict::Better] {
        let pairs = comparison.with(verdict);
        if !pairs.is_empty() {
            let title = format!(
                "{}: {}",
                if verdict == Verdict::Worse { "Worse" } else { "Better" },
                pairs.len()
            );
            let rows: Vec<_> = pairs.iter().take(SHOWN).map(|pair| row(pair)).collect();
            let header = ["series", "before", "after", "ratio", "interval", "limit", "verdict"];
            rest(&mut text, &titled(&title, &header, &rows, form), pairs.len());
        }
    }
    for (title, series) in [("Gone", &comparison.gone), ("New", &comparison.new)] {
        if !series.is_empty() {
            let rows: Vec<_> =
                series.iter().take(SHOWN).map(|SeriesId(name)| vec![name.clone()]).collect();
            let title = format!("{title}: {}", series.len());
            rest(&mut text, &titled(&title, &["series"], &rows, form), series.len());
        }
    }
    let count = |verdict| comparison.with(verdict).len();
    let identical = comparison.pairs.iter().filter(|pair| pair.is_identical()).count();
    let _ = writeln!(
        text,
        "{} series in both: {} worse, {} better, {} the same ({identical} identical), {} \
         inconclusive",
        comparison.pairs.len(),
        count(Verdict::Worse),
        count(Verdict::Better),
        count(Verdict::Same),
        count(Verdict::Inconclusive)
    );
    if let Some(floor) = comparison.floor {
        let _ = writeln!(
            text,
            "times are called changed from {floor:.2} times on: so much may lie between any two runs"
        );
    }
    text
}

fn rest(text: &mut String, table: &str, all: usize) {
    text.push_str(table);
    if all > SHOWN {
        let _ = writeln!(text, "and {} more", all - SHOWN);
    }
    text.push('\n');
}

fn titled(title: &str, header: &[&str], rows: &[Vec<String>], form: Form) -> String {
    match form {
        Form::Text => format!("{title}\n{}\n", table::render(header, rows)),
        Form::Markdown => {
            let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
            let cells: Vec<String> = header.iter().map(ToString::to_string).collect();
            let rule: Vec<String> = header.iter().map(|_| "---".to_owned()).collect();
            let rows: String = rows.iter().map(|row| line(row)).collect();
            format!("**{title}**\n\n{}{}{rows}\n", line(&cells), line(&rule))
        }
    }
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
