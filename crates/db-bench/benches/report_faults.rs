//! What was lost after faults, and how long until the store was of use again.

use std::error::Error;
use std::process::ExitCode;

use db_bench::faults::{self, Aftermath, Backend, FAULTS, Fault, Site};
use db_bench::postgres::{Cluster, Installation, Settings};
use measure::report::{Benchmark, Report};
use measure::{Figure, Profile, Summary, Unit};

fn main() -> ExitCode {
    if let Some(code) = faults::serve_if_asked() {
        return code;
    }
    let aftermath = Benchmark { group: "faults", name: "aftermath", run: aftermath };
    measure::report::main(env!("CARGO_PKG_NAME"), &[aftermath])
}

/// How often a fault happens.
fn times(fault: &Fault, profile: Profile) -> u32 {
    match (fault.name, profile) {
        ("writer_killed", Profile::Quick) => 3,
        (_, Profile::Quick) => 1,
        ("writer_killed" | "server_killed" | "connection_dropped", Profile::Full) => 50,
        // Each is as long as a writer may wait for another, or fills a disk.
        ("held_by_another" | "disk_full", Profile::Full) => 3,
        (_, Profile::Full) => 10,
    }
}

fn aftermath(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    // A server of somebody's, which `DATABASE_URL` names, is not ours to kill.
    let mut cluster = match Installation::find() {
        Ok(installation) => Some(Cluster::start(installation, Settings::default())?),
        Err(missing) => {
            eprintln!("{missing}; faults happen to SQLite alone");
            None
        }
    };
    let (mut lost, mut checked, mut rows) = (0, 0, Vec::new());
    for fault in &FAULTS {
        for &backend in fault.backends {
            let is_server = backend == Backend::SqlxPostgres;
            if is_server && cluster.is_none() {
                continue;
            }
            let cluster = cluster.as_mut().filter(|_| is_server);
            let mut site = Site { backend, folder: folder.path(), cluster };
            let found = fault.strike(&mut site, times(fault, report.profile()));
            let found = found.map_err(|error| format!("{} on {backend}: {error}", fault.name))?;
            record(report, fault, backend, &found)?;
            lost += found.lost + found.halves;
            checked += found.acknowledged;
            rows.push(row(fault, backend, &found)?);
        }
    }
    report.record(&report.figure("lost", Unit::Count, lost as f64))?;
    report.record(&report.figure("checked", Unit::Count, checked as f64))?;
    let header =
        ["what happened", "to", "times", "checked", "lost", "halves", "recovered in", "slowest"];
    report.table("Acknowledged writes after faults", &header, &rows)?;
    Ok(())
}

fn record(
    report: &mut Report,
    fault: &Fault,
    backend: Backend,
    found: &Aftermath,
) -> Result<(), Box<dyn Error>> {
    let mut records = vec![
        report.figure("lost", Unit::Count, (found.lost + found.halves) as f64),
        report.figure("checked", Unit::Count, found.acknowledged as f64),
    ];
    if let Some(recoveries) = recoveries(found)? {
        let recovery = report.figure("recovery_time", Unit::Nanoseconds, 0.0);
        records.push(recovery.distribution(recoveries));
    }
    for record in records {
        report.record(&record.parameter("fault", fault.name).parameter("backend", backend))?;
    }
    Ok(())
}

/// Nanoseconds; none where nothing has to recover.
fn recoveries(found: &Aftermath) -> Result<Option<Summary>, Box<dyn Error>> {
    let ns: Vec<f64> = found.recoveries.iter().map(|time| time.as_nanos() as f64).collect();
    Ok(if ns.is_empty() { None } else { Some(Summary::of(&ns)?) })
}

fn row(fault: &Fault, backend: Backend, found: &Aftermath) -> Result<Vec<String>, Box<dyn Error>> {
    let ns = |value| Figure { value, unit: Unit::Nanoseconds }.to_string();
    let [median, slowest] = recoveries(found)?.map_or_else(
        || ["-".to_owned(), "-".to_owned()],
        |recoveries| [ns(recoveries.median), ns(recoveries.max)],
    );
    let counts = [found.times.into(), found.acknowledged, found.lost, found.halves];
    let [times, checked, lost, halves] = counts.map(|count| count.to_string());
    let [what, to] = [fault.name.to_owned(), backend.to_string()];
    Ok(vec![what, to, times, checked, lost, halves, median, slowest])
}
