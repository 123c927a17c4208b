//! One side of `cargo xtask peers`: a process that reads a request a line and answers each with a
//! line of JSON. benches/peers/README.md says which requests there are.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::LatencyRecorder;

/// Why a request was refused; its message is the answer then.
pub type Refused = Box<dyn Error>;

/// What one side found: a list for each of several lives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What must be equal on both sides.
    #[serde(default)]
    pub choices: Vec<Vec<i64>>,
    /// How clear each choice was; only our side says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub margins: Vec<Vec<f64>>,
    /// What must be equal to within a tolerance, by name.
    #[serde(default)]
    pub numbers: BTreeMap<String, Vec<Vec<f64>>>,
}

impl Answer {
    /// A checksum for an answer.
    #[must_use]
    pub fn checksum(sum: u64) -> Self {
        Self { choices: vec![vec![sum.cast_signed()]], ..Self::default() }
    }
}

/// A time, and what it is the time of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Nanoseconds for all operations together.
    pub ns: f64,
    /// How many they were.
    pub operations: u64,
    /// How many nanoseconds it took where `ns` is something else: a percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_ns: Option<f64>,
}

impl Measured {
    /// Operations that took this long together.
    #[must_use]
    pub fn time(time: Duration, operations: u64) -> Self {
        Self { ns: time.as_nanos() as f64, operations, elapsed_ns: None }
    }

    /// How many nanoseconds it took to measure.
    #[must_use]
    pub fn elapsed_ns(&self) -> f64 {
        self.elapsed_ns.unwrap_or(self.ns)
    }
}

/// What `load` is answered with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    /// How this side set itself up.
    pub ready: String,
}

/// What any request is answered with that cannot be done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub error: String,
}

/// A problem that was loaded: all that comes before the clock is done.
pub trait Session {
    /// Solves it once.
    ///
    /// # Errors
    /// Whatever keeps it from being solved.
    fn answer(&mut self) -> Result<Answer, Refused>;

    /// Solves it this often.
    ///
    /// # Errors
    /// As [`answer`](Self::answer), or because the answer is not the same each time.
    fn measure(&mut self, repeats: u32) -> Result<Measured, Refused>;
}

/// How this side set itself up, and the problem.
pub type Loaded = (String, Box<dyn Session>);

/// Answers the requests on standard input until it ends.
///
/// `export` makes a problem of a workload, both as JSON; `load` prepares a problem that is given as
/// JSON.
///
/// # Errors
/// Those of the two streams. What the closures refuse is an answer.
pub fn serve(
    export: impl Fn(&str) -> Result<Value, Refused>,
    load: impl Fn(&str) -> Result<Loaded, Refused>,
) -> io::Result<()> {
    serve_lines(io::stdin().lock(), io::stdout().lock(), export, load)
}

const NOTHING: &str = "nothing was loaded";

/// As [`serve`], from and to any streams.
///
/// # Errors
/// Those of the two streams.
pub fn serve_lines(
    requests: impl BufRead,
    mut answers: impl Write,
    export: impl Fn(&str) -> Result<Value, Refused>,
    load: impl Fn(&str) -> Result<Loaded, Refused>,
) -> io::Result<()> {
    let mut session: Option<Box<dyn Session>> = None;
    let mut answer = |line: &str| -> Result<Value, Refused> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match verb {
            "export" => export(rest)?,
            "load" => {
                let (ready, loaded) = load(&fs::read_to_string(rest)?)?;
                session = Some(loaded);
                serde_json::to_value(Ready { ready })?
            }
            "answer" => serde_json::to_value(session.as_mut().ok_or(NOTHING)?.answer()?)?,
            "measure" => {
                let measured = session.as_mut().ok_or(NOTHING)?.measure(rest.parse()?)?;
                serde_json::to_value(measured)?
            }
            _ => return Err(format!("'{verb}' is no request").into()),
        })
    };
    for line in requests.lines() {
        let answered = answer(&line?)
            .or_else(|refused| serde_json::to_value(Refusal { error: refused.to_string() }));
        writeln!(answers, "{}", answered?)?;
        answers.flush()?;
    }
    Ok(())
}

/// Does a job once and answers its checksum.
pub type Run = Box<dyn FnMut() -> Result<u64, Refused>>;

/// The fastest of several ways to do the same, by its name: the one with the shortest of three
/// times.
///
/// # Errors
/// That of a way that cannot; or because there is none.
pub fn fastest<'a>(
    ways: impl IntoIterator<Item = (&'a str, Run)>,
) -> Result<(&'a str, Run), Refused> {
    let mut best: Option<(Duration, &str, Run)> = None;
    for (name, mut run) in ways {
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            run()?;
            shortest = shortest.min(began.elapsed());
        }
        if best.as_ref().is_none_or(|(time, ..)| shortest < *time) {
            best = Some((shortest, name, run));
        }
    }
    let (_, name, run) = best.ok_or("there is no way to choose")?;
    Ok((name, run))
}

/// A job that is timed as a whole and answers a checksum, always the same.
pub struct CheckedJob {
    run: Run,
    operations: u64,
    checksum: u64,
}

impl CheckedJob {
    /// `run` does so many operations and answers this checksum if it does them right.
    #[must_use]
    pub fn new(operations: u64, checksum: u64, run: Run) -> Self {
        Self { run, operations, checksum }
    }
}

impl Session for CheckedJob {
    fn answer(&mut self) -> Result<Answer, Refused> {
        (self.run)().map(Answer::checksum)
    }

    fn measure(&mut self, repeats: u32) -> Result<Measured, Refused> {
        let mut time = Duration::ZERO;
        for _ in 0..repeats {
            let began = Instant::now();
            let found = (self.run)()?;
            time += began.elapsed();
            if found != self.checksum {
                return Err(format!("answered {found:#x} instead of {:#x}", self.checksum).into());
            }
        }
        Ok(Measured::time(time, self.operations * u64::from(repeats)))
    }
}

/// Load at a fixed rate, of which the 99th percentile of the service times is asked. Its answer is
/// how many operations there were.
#[derive(Debug)]
pub struct PacedJob<F> {
    run: F,
}

impl<F: FnMut() -> Result<LatencyRecorder, Refused>> PacedJob<F> {
    /// `run` runs the load once.
    pub fn new(run: F) -> Self {
        Self { run }
    }
}

impl<F: FnMut() -> Result<LatencyRecorder, Refused>> Session for PacedJob<F> {
    fn answer(&mut self) -> Result<Answer, Refused> {
        (self.run)().map(|latency| Answer::checksum(latency.count()))
    }

    fn measure(&mut self, repeats: u32) -> Result<Measured, Refused> {
        let began = Instant::now();
        let mut latency = LatencyRecorder::new();
        for _ in 0..repeats {
            latency.merge(&(self.run)()?);
        }
        Ok(Measured {
            ns: latency.service().p99,
            operations: 1,
            elapsed_ns: Some(began.elapsed().as_nanos() as f64),
        })
    }
}
