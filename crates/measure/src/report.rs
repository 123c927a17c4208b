//! The `main` of a `report_*` bench target: named jobs that print a table and write records.
//!
//! The command line is criterion's, so that one `cargo bench -p CRATE` fits every target of a
//! crate. Records go, as JSON lines, to the file that the variable `MEASURE_RECORDS` names;
//! without it only the tables are printed.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::iter;
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
        let mut figures = iter::once(record.estimate).chain(record.interval.into_iter().flatten());
        if let Some(value) = figures.find(|figure| !figure.is_finite()) {
            return Err(ReportError::NotFinite { record: series, value });
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
        // `cargo bench` says `--bench` to every target, `cargo test` nothing: there a report shows
        // that it works, and no more.
        let (mut bench, mut quick) = (false, false);
        for argument in arguments {
            match argument.to_str() {
                Some("--bench") => bench = true,
                Some("--test" | "--quick") => quick = true,
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
        if quick || !bench {
            parsed.profile = Profile::Quick;
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::Unit;

    /// A sink that can be read while a job holds it.
    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    fn heap(report: &mut Report) -> Result<(), Box<dyn Error>> {
        let record = report.figure("live_bytes", Unit::Bytes, 96.0).parameter("agents", 10);
        report.record(&record)?;
        report.table("Bytes by agent", &["agents", "bytes"], &[vec!["10".into(), "96".into()]])?;
        Ok(())
    }

    fn broken(report: &mut Report) -> Result<(), Box<dyn Error>> {
        let infinite = report.figure("time", Unit::Nanoseconds, f64::INFINITY);
        Ok(report.record(&infinite)?)
    }

    const JOBS: [Benchmark; 3] = [
        Benchmark { group: "spawn", name: "broken", run: broken },
        Benchmark { group: "spawn", name: "heap", run: heap },
        Benchmark { group: "spawn", name: "heap_shared", run: heap },
    ];

    fn arguments(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    /// Whether a job failed; and what went to records, tables and progress.
    fn reported(line: &str) -> (bool, [String; 3]) {
        let (records, tables, mut progress) = (Shared::default(), Shared::default(), Vec::new());
        let failed = run("core", &JOBS, &arguments(line).unwrap(), &mut progress, || {
            Ok((Some(Box::new(records.clone())), Box::new(tables.clone())))
        });
        (failed, [records.text(), tables.text(), String::from_utf8(progress).unwrap()])
    }

    #[test]
    fn only_a_bench_that_is_not_quick_takes_its_time() {
        let profile = |line| arguments(line).unwrap().profile;
        assert_eq!(profile("--bench heap"), Profile::Full);
        assert_eq!(profile("--bench --quick"), Profile::Quick);
        assert_eq!(profile(""), Profile::Quick);
        assert_eq!(profile("--test"), Profile::Quick);
    }

    #[test]
    fn an_unknown_argument_is_refused_by_name() {
        for (line, named) in [("--benhc", "--benhc"), ("heap spawn", "spawn"), ("-q", "-q")] {
            let message = arguments(line).unwrap_err();
            assert!(message.starts_with(&format!("unknown argument {named};")), "{message}");
        }
    }

    #[test]
    fn a_list_names_what_would_run_and_runs_nothing() {
        let listed = |line| {
            let (failed, [records, tables, progress]) = reported(line);
            assert_eq!((failed, records.as_str(), progress.as_str()), (false, "", ""));
            tables
        };
        assert_eq!(
            listed("--bench --list"),
            "spawn/broken: benchmark\nspawn/heap: benchmark\nspawn/heap_shared: benchmark\n"
        );
        assert_eq!(
            listed("--list spawn/heap"),
            "spawn/heap: benchmark\nspawn/heap_shared: benchmark\n"
        );
        assert_eq!(listed("--list --exact spawn/heap"), "spawn/heap: benchmark\n");
        assert_eq!(listed("--list --exact heap"), "");
    }

    #[test]
    fn a_record_is_a_line_and_a_table_is_printed() {
        let (failed, [records, tables, _]) = reported("--exact spawn/heap");
        assert!(!failed);
        let record: Record = serde_json::from_str(records.strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(record.series().0, "core/spawn/heap{agents=10}:live_bytes");
        assert_eq!(record.estimate, 96.0);
        assert!(tables.starts_with("Bytes by agent\n"), "{tables}");
        assert!(tables.contains("agents") && tables.contains("96"), "{tables}");
    }

    #[test]
    fn a_job_that_fails_is_named_and_the_others_go_on() {
        let (failed, [records, _, progress]) = reported("--bench");
        assert!(failed);
        assert_eq!(records.lines().count(), 2);
        let message =
            "spawn/broken failed: core/spawn/broken:time is inf; a figure must be finite\n";
        assert!(progress.contains(message), "{progress}");
    }

    #[test]
    fn only_finite_records_of_the_job_itself_are_taken() {
        let records = Shared::default();
        let mut report = Report {
            suite: "core",
            benchmark: JOBS[1],
            profile: Profile::Quick,
            records: Some(Box::new(records.clone())),
            tables: Box::new(io::sink()),
        };
        let own = report.figure("time", Unit::Nanoseconds, 5.0);
        for foreign in [
            Record { suite: "cor".into(), ..own.clone() },
            Record { group: "step".into(), ..own.clone() },
            Record { benchmark: "heap_shared".into(), ..own.clone() },
        ] {
            let error = report.record(&foreign).unwrap_err();
            assert!(matches!(error, ReportError::Foreign { .. }), "{error}");
        }
        let unbounded = Record { interval: Some([0.0, f64::NAN]), ..own.clone() };
        let error = report.record(&unbounded).unwrap_err();
        assert!(matches!(error, ReportError::NotFinite { .. }), "{error}");
        assert_eq!(records.text(), "");
        report.record(&own).unwrap();
        assert_eq!(records.text().lines().count(), 1);
    }
}
