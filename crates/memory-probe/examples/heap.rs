//! Runs one job under dhat; `cargo xtask heap memory-probe/GROUP/NAME` drives it and shows the
//! profile. The group `leaks` has the programs that leak: what they leave is there at the end.

#[expect(dead_code, reason = "verdicts are judged elsewhere")]
#[path = "../benches/leaking/mod.rs"]
mod leaking;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use leaking::{CASES, Version};
use measure::heap::{self, Recording};
use memory_probe::{Counting, workload};

#[global_allocator]
static ALLOCATOR: Counting<dhat::Alloc> = Counting::new(dhat::Alloc);

fn main() -> ExitCode {
    let jobs = workload::all().map(|workload| (workload.group, workload.name));
    let leaks = CASES.iter().map(|case| ("leaks", case.name));
    heap::main(jobs.chain(leaks), begin, run)
}

fn begin(file: &Path) -> dhat::Profiler {
    dhat::Profiler::builder().file_name(file).trim_backtraces(Some(usize::MAX)).build()
}

fn run(
    group: &str,
    name: &str,
    recording: Recording<dhat::Profiler>,
) -> Result<(), Box<dyn Error>> {
    if let Some(case) = CASES.iter().find(|case| group == "leaks" && case.name == name) {
        let series = recording.of(|| (case.run)(Version::Found, 1))?;
        println!("{}: {}", case.about, series.verdict());
        return Ok(());
    }
    let workload = workload::find(group, name).ok_or("the job is gone")?;
    let mut job = workload.start()?;
    job.prepare();
    recording.of(|| job.run())?;
    Ok(workload.verify(job.answer())?)
}
