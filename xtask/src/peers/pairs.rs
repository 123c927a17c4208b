//! A problem solved by two processes in turn, and the ratio of their times.

use std::path::Path;
use std::time::Duration;

use measure::peer::{Answer, Measured, Ready};
use measure::{Record, Summary, Unit};

use super::declaration::Match;
use super::verification::disagreement;
use super::worker::{Trouble, Worker};
use crate::bench::Interrupt;

/// The group of every record here.
pub const GROUP: &str = "peers";

/// Fewer pairs than this have no interval worth the name.
const LEAST_PAIRS: u32 = 3;

/// How long a peer may prepare itself: compilers of arrays take their time.
const PREPARATION: Duration = Duration::from_secs(300);

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub pairs: u32,
    /// How long one measurement of either side should take, or longer if it must.
    pub measurement: Duration,
    /// How long the pairs of one match may take.
    pub budget: Duration,
}

/// What came of a match.
#[derive(Debug)]
pub enum Ended {
    Measured(Box<Figures>),
    /// It would take too long; says how long.
    Skipped(String),
    /// No figure, for a reason that is a fault.
    Failed(String),
}

/// Times per operation, and their ratio: how many times faster we are.
#[derive(Debug)]
pub struct Figures {
    pub ours: Summary,
    pub peer: Summary,
    pub ratio: Summary,
    /// How the peer set itself up.
    pub note: String,
}

/// Our process and a peer's, on the same processors.
pub struct Pair {
    pub ours: Worker,
    pub peer: Worker,
}

impl Pair {
    /// Gives the problem of a file to both, compares their answers, then times them in pairs.
    pub fn play(
        &mut self,
        this: &Match,
        problem: &Path,
        effort: Effort,
        interrupt: &Interrupt,
    ) -> Result<Ended, Trouble> {
        match self.try_play(this, problem, effort, interrupt) {
            Err(late @ Trouble::Late { .. }) => Ok(Ended::Skipped(late.to_string())),
            Err(Trouble::Interrupted) => Err(Trouble::Interrupted),
            Err(trouble) => Ok(Ended::Failed(trouble.to_string())),
            Ok(ended) => Ok(ended),
        }
    }

    fn try_play(
        &mut self,
        this: &Match,
        problem: &Path,
        effort: Effort,
        interrupt: &Interrupt,
    ) -> Result<Ended, Trouble> {
        let load = format!("load {}", problem.display());
        let _: Ready = self.ours.ask(&load, PREPARATION, interrupt)?;
        let Ready { ready: note } = self.peer.ask(&load, PREPARATION, interrupt)?;

        let ours: Answer = self.ours.ask("answer", effort.budget, interrupt)?;
        let peer: Answer = self.peer.ask("answer", effort.budget, interrupt)?;
        if let Some(how) = disagreement(&ours, &peer, this.peer.tolerance) {
            return Ok(Ended::Failed(format!("the answers differ: {how}")));
        }

        // Once before it counts: caches warm up, and it shows how long one takes.
        let once: [Measured; 2] = [
            self.ours.ask("measure 1", effort.budget, interrupt)?,
            self.peer.ask("measure 1", effort.budget, interrupt)?,
        ];
        let elapsed = once.map(|one| one.elapsed_ns());
        let repeats = elapsed.map(|ns| repeats(ns, effort.measurement));
        let seconds: f64 = elapsed.iter().zip(repeats).map(|(ns, n)| ns * f64::from(n) / 1e9).sum();
        let affordable = (effort.budget.as_secs_f64() / seconds) as u32;
        let pairs = effort.pairs.min(affordable);
        if pairs < effort.pairs.min(LEAST_PAIRS) {
            return Ok(Ended::Skipped(format!(
                "a pair takes {seconds:.0} s, and there are {} s for all of them",
                effort.budget.as_secs()
            )));
        }
        let times = self.times(pairs, repeats, effort.budget, interrupt)?;
        Ok(figures(&times, note))
    }

    /// Nanoseconds per operation, ours and the peer's, of each pair. Who begins alternates, so
    /// that a machine that gets slower favours neither.
    fn times(
        &mut self,
        pairs: u32,
        [our_repeats, peer_repeats]: [u32; 2],
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<Vec<[f64; 2]>, Trouble> {
        let requests = [our_repeats, peer_repeats].map(|repeats| format!("measure {repeats}"));
        let sides = [&mut self.ours, &mut self.peer];
        let mut times = Vec::new();
        for pair in 0..pairs {
            let mut time = [0.0; 2];
            for side in if pair % 2 == 0 { [0, 1] } else { [1, 0] } {
                let measured: Measured = sides[side].ask(&requests[side], patience, interrupt)?;
                time[side] = measured.ns / measured.operations as f64;
            }
            times.push(time);
        }
        Ok(times)
    }
}

/// How often a job of this length has to be repeated to take as long as it should.
fn repeats(ns: f64, measurement: Duration) -> u32 {
    (measurement.as_nanos() as f64 / ns).ceil().clamp(1.0, 1e6) as u32
}

fn figures(times: &[[f64; 2]], note: String) -> Ended {
    let of =
        |value: fn(&[f64; 2]) -> f64| Summary::of(&times.iter().map(value).collect::<Vec<_>>());
    match (of(|t| t[0]), of(|t| t[1]), of(|t| t[1] / t[0])) {
        (Ok(ours), Ok(peer), Ok(ratio)) => {
            Ended::Measured(Box::new(Figures { ours, peer, ratio, note }))
        }
        (ours, peer, ratio) => {
            let reason = [ours.err(), peer.err(), ratio.err()].into_iter().flatten().next();
            let reason = reason.map_or_else(String::new, |error| error.to_string());
            Ended::Failed(format!("times that are none: {reason}"))
        }
    }
}

impl Figures {
    /// The three records of a match, by the names it has in its suite.
    pub fn records(&self, suite: &str, this: &Match) -> Vec<Record> {
        let record = |metric: &str, unit, summary: &Summary| {
            let mut record = Record::new(suite, GROUP, &this.benchmark, metric, unit, 0.0)
                .distribution(summary.clone())
                .parameter("peer", &this.peer.name);
            record.parameters.extend(this.parameters.clone());
            record
        };
        vec![
            record("our_time", Unit::Nanoseconds, &self.ours),
            record("peer_time", Unit::Nanoseconds, &self.peer),
            record("ratio", Unit::Ratio, &self.ratio),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_pairs_own_ratios() {
        // The machine got ten times slower in the middle of the third pair's life.
        let times = [[1.0, 20.0], [2.0, 42.0], [10.0, 220.0]];
        let Ended::Measured(figures) = figures(&times, String::new()) else { panic!() };
        assert_eq!(figures.ratio.median, 21.0);
        assert_eq!((figures.ours.median, figures.peer.median), (2.0, 42.0));
        let [low, high] = figures.ratio.median_interval;
        assert!(20.0 <= low && high <= 22.0);
    }

    #[test]
    fn no_time_at_all_is_a_fault() {
        assert!(matches!(figures(&[[0.0, 1.0]], String::new()), Ended::Failed(_)));
        assert!(matches!(figures(&[], String::new()), Ended::Failed(_)));
    }

    #[test]
    fn short_jobs_are_repeated_and_long_ones_are_not() {
        let measurement = Duration::from_millis(100);
        assert_eq!(repeats(1e6, measurement), 100);
        assert_eq!(repeats(3e9, measurement), 1);
        assert_eq!(repeats(0.0, measurement), 1_000_000);
    }
}
