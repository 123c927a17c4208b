//! Runs one measured job many times, for a profiler to look at.
//!
//! `cargo run --release -p agent-core --example workload -- step/grid10_h3 [--times 1000]`
//!
//! Prints the fastest and the median time of one operation: to see that what was profiled is what
//! was meant, not to be quoted.

use std::error::Error;
use std::time::Instant;

use agent_core::workload::{self, WORKLOADS};
use clap::Parser;

/// Run one measured job many times
#[derive(Parser)]
struct Arguments {
    /// The job, as GROUP/NAME
    job: String,
    /// How many times
    #[arg(long, default_value_t = 1000)]
    times: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let named = arguments.job.split_once('/').and_then(|(group, name)| workload::find(group, name));
    let Some(workload) = named else {
        let known: Vec<String> =
            WORKLOADS.iter().map(|w| format!("{}/{}", w.group, w.name)).collect();
        return Err(format!("no job '{}'; there are {}", arguments.job, known.join(", ")).into());
    };
    let mut job = workload.start()?;
    let mut nanoseconds = Vec::with_capacity(arguments.times);
    for _ in 0..arguments.times {
        job.prepare();
        let start = Instant::now();
        job.run()?;
        nanoseconds.push(start.elapsed().as_nanos() as f64 / workload.operations as f64);
    }
    workload.verify(job.answer()?)?;
    nanoseconds.sort_unstable_by(f64::total_cmp);
    if let (Some(fastest), Some(median)) =
        (nanoseconds.first(), nanoseconds.get(nanoseconds.len() / 2))
    {
        println!("{}: fastest {fastest:.1} ns, median {median:.1} ns", arguments.job);
    }
    Ok(())
}
