//! Runs one job under dhat; `cargo xtask heap router/GROUP/NAME` drives it and shows the profile.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use measure::heap::{self, Recording};
use router::workload::{self, WORKLOADS};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn main() -> ExitCode {
    let jobs = WORKLOADS.iter().map(|workload| (workload.group, workload.name));
    heap::main(jobs, begin, run)
}

fn begin(file: &Path) -> dhat::Profiler {
    dhat::Profiler::builder().file_name(file).trim_backtraces(Some(usize::MAX)).build()
}

fn run(
    group: &str,
    name: &str,
    recording: Recording<dhat::Profiler>,
) -> Result<(), Box<dyn Error>> {
    let workload = workload::find(group, name).ok_or("the job is gone")?;
    let mut job = workload.start()?;
    recording.of(|| job.run())?;
    Ok(workload.verify(job.answer())?)
}
