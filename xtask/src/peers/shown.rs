//! What people see of a comparison: a table for the terminal, and one for a README.

use measure::{Figure, Run, Unit, table};

use super::Played;
use super::pairs::Ended;

/// Whether a bar was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    None,
    Met,
    Missed,
    NotMeasured,
}

impl Played {
    /// Judged by the median.
    pub fn bar(&self) -> Bar {
        match (self.this.bar, &self.ended) {
            (None, _) => Bar::None,
            (Some(bar), Ended::Measured(figures)) if figures.ratio.median >= bar => Bar::Met,
            (Some(_), Ended::Measured(_)) => Bar::Missed,
            (Some(_), _) => Bar::NotMeasured,
        }
    }

    fn row(&self) -> Vec<String> {
        let time = |value| Figure { value, unit: Unit::Nanoseconds }.to_string();
        let [ours, peer, ratio] = match &self.ended {
            Ended::Measured(figures) => [
                time(figures.ours.median),
                time(figures.peer.median),
                format!(
                    "{} [{}, {}]",
                    digits(figures.ratio.median),
                    digits(figures.ratio.median_interval[0]),
                    digits(figures.ratio.median_interval[1])
                ),
            ],
            _ => ["-", "-", "-"].map(str::to_owned),
        };
        let wanted = self.this.bar.map_or_else(String::new, |bar| bar.to_string());
        let bar = match self.bar() {
            Bar::None => "-".to_owned(),
            Bar::Met => format!("{wanted} met"),
            Bar::Missed => format!("{wanted} missed"),
            Bar::NotMeasured => format!("{wanted} not measured"),
        };
        vec![self.this.problem(), self.this.peer.name.clone(), ours, peer, ratio, bar]
    }

    /// What the table does not say, if anything.
    fn remark(&self) -> Option<String> {
        match &self.ended {
            Ended::Measured(_) => None,
            Ended::Skipped(why) => Some(format!("{}: not measured: {why}", self.this.name())),
            Ended::Failed(why) => Some(format!("{}: FAILED: {why}", self.this.name())),
        }
    }
}

const HEADER: [&str; 6] = ["benchmark", "peer", "ours", "peer's", "times faster", "bar"];

/// For the terminal, at most 100 columns wide. Behind each ratio stands its 95 % interval.
pub fn terminal(played: &[Played]) -> String {
    let rows: Vec<_> = played.iter().map(Played::row).collect();
    let mut text = table::render(&HEADER, &rows);
    for remark in played.iter().filter_map(Played::remark) {
        text.push_str(&format!("\n{remark}"));
    }
    text
}

/// For a README, with the day, the commit and the machine.
pub fn markdown(played: &[Played], run: &Run) -> String {
    let date = run.started.split('T').next().unwrap_or_default();
    let commit =
        run.source.commit.as_deref().map_or("no commit", |hash| hash.get(..8).unwrap_or(hash));
    let changed = if run.source.dirty { ", changed since" } else { "" };
    let mut text =
        format!("Measured {date} at {commit}{changed} on {}.\n\n", run.machine.describe());
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&line(&HEADER.map(str::to_owned)));
    text.push_str(&line(&["---", "---", "---:", "---:", "---:", "---"].map(str::to_owned)));
    for played in played {
        text.push_str(&line(&played.row()));
    }
    for remark in played.iter().filter_map(Played::remark) {
        text.push_str(&format!("\n{remark}\n"));
    }
    text
}

/// Three digits, as many as a ratio of times is good for.
fn digits(value: f64) -> String {
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}
