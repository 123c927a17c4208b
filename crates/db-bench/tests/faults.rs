//! Everything that can go wrong, to every store to which it can. Writers are this program, started
//! again, so it has no test harness.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::ExitCode;
use std::thread;

use db_bench::faults::{self, Aftermath, Backend, FAULTS, Fault, Site};
use db_bench::postgres::{Cluster, Installation, Settings};

/// Kills of a writer, and acknowledged writes that are looked for after them.
const KILLS: u32 = 50;
const CHECKED: u64 = 1_000;

fn main() -> ExitCode {
    if let Some(code) = faults::serve_if_asked() {
        return code;
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    let is_asked = |fault: &&Fault| named.is_empty() || named.iter().any(|one| one == fault.name);
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = match Installation::find() {
        Ok(installation) => Some(Cluster::start(installation, Settings::default()).unwrap()),
        Err(missing) => {
            println!("skipped what needs a server: {missing}");
            None
        }
    };
    let folder = folder.path();
    // Most of the time the disk is waited for, and in one process for a lock.
    thread::scope(|threads| {
        for backend in [Backend::SqliteThreads, Backend::SqlxSqlite, Backend::SqlxPostgres] {
            let cluster = cluster.take_if(|_| backend == Backend::SqlxPostgres);
            threads.spawn(move || strike_all(backend, folder, cluster, is_asked));
        }
    });
    ExitCode::SUCCESS
}

fn strike_all(
    backend: Backend,
    folder: &Path,
    mut cluster: Option<Cluster>,
    is_asked: impl Fn(&&Fault) -> bool,
) {
    for fault in FAULTS.iter().filter(|fault| fault.backends.contains(&backend)).filter(is_asked) {
        if backend == Backend::SqlxPostgres && cluster.is_none() {
            continue;
        }
        strike(fault, Site { backend, folder, cluster: cluster.as_mut() });
    }
}

fn strike(fault: &Fault, mut site: Site<'_>) {
    let times = match fault.name {
        "writer_killed" => KILLS,
        // As long as a writer may wait for another, or fills a file.
        "held_by_another" | "disk_full" => 1,
        _ => 3,
    };
    let name = format!("{} on {}", fault.name, site.backend);
    let found = fault.strike(&mut site, times).unwrap_or_else(|error| panic!("{name}: {error}"));
    let Aftermath { acknowledged, lost, halves, .. } = found;
    assert!(found.is_clean(), "{name}: {found:?}");
    if times == KILLS {
        assert!(acknowledged >= CHECKED, "{name}: only {acknowledged} writes were acknowledged");
    }
    println!(
        "ok: {name}, {} times: of {acknowledged} acknowledged writes {lost} are lost, {halves} \
         transactions are there by halves",
        found.times
    );
}
