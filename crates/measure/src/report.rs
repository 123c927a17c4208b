//! The `main` of a `report_*` bench target: named jobs that print a table and write records.
//!
//! The command line is criterion's, so that one `cargo bench -p CRATE` fits every target of a
//! crate. Records go, as JSON lines, to the file that the variable `MEASURE_RECORDS` names;
//! without it only the tables are printed.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::process::ExitCode;

use crate::{Profile, Record, table};

/// The variable that names the file records are appended to.
pub const RECORDS_VARIABLE: &str = "MEASURE_RECORDS";

/// One job of a report.
#[derive(Clone, Copy, Debug)]
pub struct Benchmark {
    /// The group its records belong to.
    pub group: &'static str,
    /// Its name within the group.
    pub name: &'static str,
    /// Measures, verifies, records, and prints tables.
    pub run: fn(&mut Report) -> Result<(), Box<dyn Error>>,
}

/// What a job reports to.
pub struct Report {
    suite: &'static str,
    benchmark: Benchmark,
    profile: Profile,
    records: Option<Box<dyn Write>>,
    tables: Box<dyn Write>,
}

/// Why a report could not take a record or print a table.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The record's name is not of the job that gave it.
    #[error(
        "the job {suite}/{group}/{name} gave a record named {record}; a job records itself only"
    )]
    Foreign {
        /// The job's suite.
        suite: &'static str,
        /// The job's group.
        group: &'static str,
        /// The job's name.
        name: &'static str,
        /// The series the record names.
        record: String,
    },
    /// The figure is infinite or not a number, which no file can hold.
    #[error("{record} is {value}; a figure must be finite")]
    NotFinite {
        /// The series.
        record: String,
        /// The figure.
        value: f64,
    },
    /// Output could not be written.
    #[error("the report could not be written: {0}")]
    Write(#[from] io::Error),
}

impl Report {
    /// How long each measurement is given.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// A record of one figure under the running job's own name.
    #[must_use]
    pub fn figure(&self, metric: &str, unit: crate::Unit, value: f64) -> Record {
        Record::new(self.suite, self.benchmark.group, self.benchmark.name, metric, unit, value)
    }

    /// Writes a record.
    ///
    /// # Errors
    /// [`ReportError`] if the record is not this job's, is not finite, or cannot be written.
    pub fn record(&mut self, record: &Record) -> Result<(), ReportError> {
        let Benchmark { group, name, .. } = self.benchmark;
        let series = record.series().0;
        if (record.suite.as_str(), record.group.as_str(), record.benchmark.as_str())
            != (self.suite, group, name)
        {
            return Err(ReportError::Foreign { suite: self.suite, group, name, record: series });
        }
        if !record.estimate.is_finite() {
            return Err(ReportError::NotFinite { record: series, value: record.estimate });
        }
        if let Some(sink) = &mut self.records {
            let mut line = serde_json::to_string(record).map_err(io::Error::from)?;
            line.push('\n');
            // One write a line: a process killed in between leaves whole lines only.
            sink.write_all(line.as_bytes())?;
            sink.flush()?;
        }
        Ok(())
    }

    /// Prints a table under a title.
    ///
    /// # Errors
    /// [`ReportError::Write`].
    pub fn table(
        &mut self,
        title: &str,
        header: &[&str],
        rows: &[Vec<String>],
    ) -> Result<(), ReportError> {
        writeln!(self.tables, "{title}\n{}\n", table::render(header, rows))?;
        Ok(())
    }
}

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arguments {
    list: bool,
    exact: bool,
    filter: Option<String>,
    profile: Profile,
}

impl Arguments {
    fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut parsed = Self::default();
        for argument in arguments {
            match argument.to_str() {
                // Said by cargo bench to every target.
                Some("--bench") => {}
                // Said by cargo test to every target: shows that it works, nothing more.
                Some("--test" | "--quick") => parsed.profile = Profile::Quick,
                Some("--list") => parsed.list = true,
                Some("--exact") => parsed.exact = true,
                Some(filter) if !filter.starts_with('-') && parsed.filter.is_none() => {
                    parsed.filter = Some(filter.to_owned());
                }
                _ => {
                    return Err(format!(
                        "unknown argument {}; a report takes [--quick] [--list] [--exact] [FILTER]",
                        argument.to_string_lossy()
                    ));
                }
            }
        }
        Ok(parsed)
    }

    fn chooses(&self, benchmark: &Benchmark) -> bool {
        let name = format!("{}/{}", benchmark.group, benchmark.name);
        self.filter
            .as_ref()
            .is_none_or(|filter| if self.exact { name == *filter } else { name.contains(filter) })
    }
}

/// Runs a report target by its command line; call it from `main`.
///
/// `suite` is the crate's name. Exit code 1 if a job failed (the others still run), 2 for a
/// command line it does not know, 3 if the records file cannot be opened.
#[must_use]
pub fn main(suite: &'static str, benchmarks: &[Benchmark]) -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let records = match open_records() {
        Ok(records) => records,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(3);
        }
    };
    let mut progress = io::stderr();
    let failed = run(suite, benchmarks, &arguments, &mut progress, || {
        let file: Option<Box<dyn Write>> = match &records {
            Some(file) => Some(Box::new(file.try_clone()?)),
            None => None,
        };
        Ok((file, Box::new(io::stdout())))
    });
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn open_records() -> Result<Option<File>, String> {
    let Some(path) = std::env::var_os(RECORDS_VARIABLE) else { return Ok(None) };
    OpenOptions::new().create(true).append(true).open(&path).map(Some).map_err(|error| {
        format!("{RECORDS_VARIABLE}={}: cannot be opened: {error}", path.to_string_lossy())
    })
}

/// Where one job's records and tables go.
type Sinks = (Option<Box<dyn Write>>, Box<dyn Write>);

/// Lists or runs what was chosen; whether anything failed.
fn run(
    suite: &'static str,
    benchmarks: &[Benchmark],
    arguments: &Arguments,
    progress: &mut dyn Write,
    sinks: impl Fn() -> io::Result<Sinks>,
) -> bool {
    let chosen: Vec<_> = benchmarks.iter().filter(|b| arguments.chooses(b)).collect();
    let mut failed = false;
    for benchmark in chosen {
        let Benchmark { group, name, run } = *benchmark;
        let outcome = sinks().map_err(Box::<dyn Error>::from).and_then(|(records, mut tables)| {
            if arguments.list {
                return Ok(writeln!(tables, "{group}/{name}: benchmark")?);
            }
            writeln!(progress, "Benchmarking {group}/{name}")?;
            let profile = arguments.profile;
            run(&mut Report { suite, benchmark: *benchmark, profile, records, tables })
        });
        if let Err(error) = outcome {
            failed = true;
            let _: io::Result<()> = writeln!(progress, "{group}/{name} failed: {error}");
        }
    }
    failed
}
