//! What a run's own figures say, and what the Python original said.

use std::error::Error;

use concurrency_model::Way;
use measure::report::Report;
use measure::{Percentiles, Summary};

/// One way of running a task.
pub struct Row {
    pub way: Way,
    /// Agent steps a second, by round: rounds are shared by all ways.
    pub rates: Vec<f64>,
    pub rate: Summary,
    pub start_up: f64,
    pub steps: Percentiles,
    /// Nanoseconds that messages add to a step, taking in what they say included.
    pub channel: Option<f64>,
}

/// How far a way must be ahead of another to be worth its trouble.
const WORTH: f64 = 1.05;

/// Use this for that because of so much, or nothing, where the run does not tell.
pub fn advice(agents: u32, rows: &[Row]) -> Vec<String> {
    let (inline, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.way == Way::Inline);
    let best = others.iter().max_by(|a, b| a.rate.median.total_cmp(&b.rate.median));
    let said = match (inline.first(), best) {
        (Some(inline), Some(best)) => {
            let (ratio, [low, high]) = ratio(best, inline);
            let ratio = format!("{ratio:.2} [{low:.2}, {high:.2}]");
            if low > WORTH {
                format!("{}: {ratio} times inline's steps", best.way)
            } else if high < WORTH {
                format!(
                    "inline: the best of the others, {}, does {ratio} times its steps",
                    best.way
                )
            } else {
                format!("undecided: {} does {ratio} times inline's steps", best.way)
            }
        }
        _ => "nothing to compare".to_owned(),
    };
    vec![agents.to_string(), said]
}

/// The median ratio of two ways' rates, round by round, and its 95 % interval.
fn ratio(one: &Row, other: &Row) -> (f64, [f64; 2]) {
    let ratios: Vec<f64> = one.rates.iter().zip(&other.rates).map(|(a, b)| a / b).collect();
    Summary::of(&ratios)
        .map_or((f64::NAN, [f64::NAN; 2]), |summary| (summary.median, summary.median_interval))
}

/// What the Python original published, of 20 processors: operations a second, of threads and of
/// processes. Its agents did not infer, and its processes were started on the clock.
const ORIGINAL: [(u32, f64, f64); 3] = [(1, 680.5, 13.8), (5, 190.1, 47.5), (10, 197.3, 63.8)];

/// The original's table, for whoever knows it.
pub fn original(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let row = |&(agents, threads, processes): &(u32, f64, f64)| {
        vec![agents.to_string(), threads.to_string(), processes.to_string()]
    };
    report.table(
        "What the Python original published (20 processors, operations a second). Its agents did not \
         infer and its processes were started on the clock: no figure of ours is comparable, and the \
         tables above do the same work in every cell",
        &["agents", "threads", "processes"],
        &ORIGINAL.iter().map(row).collect::<Vec<_>>(),
    )?;
    Ok(())
}
