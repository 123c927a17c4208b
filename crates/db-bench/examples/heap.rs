//! Asks twenty times one query under dhat, of SQLite in memory; `cargo xtask heap
//! db-bench/queries/NAME` drives it and shows the profile. What SQLite allocates for itself it does
//! not see.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use db_bench::workload::{self, WORKLOADS};
use measure::heap::{self, Recording};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn main() -> ExitCode {
    let jobs = WORKLOADS.iter().map(|workload| ("queries", workload.name));
    heap::main(jobs, begin, run)
}

fn begin(file: &Path) -> dhat::Profiler {
    dhat::Profiler::builder().file_name(file).trim_backtraces(Some(usize::MAX)).build()
}

fn run(_: &str, name: &str, recording: Recording<dhat::Profiler>) -> Result<(), Box<dyn Error>> {
    let workload = workload::find(name).ok_or("the query is gone")?;
    let mut connection = workload::tiny_in_memory()?;
    let requests = workload.trial();
    let answers = recording.of(|| workload::ask_all_sqlite(requests, &mut connection))?;
    Ok(workload.verify(&answers)?)
}
