//! Drives one workload for the instruction count, set-up and verification off the count.

use router::RouterOptions;
use router::workload::{self, Job, Workload};

/// A workload and the job made of it.
pub type Counted = (&'static Workload, Job);

/// A job that ran once already, so that the allocator has its memory and only a warm run counts.
pub fn start(group: &str, name: &str) -> Counted {
    let workload = workload::find(group, name).unwrap();
    // What is timed takes instructions by the time that it took.
    let untimed = RouterOptions { timed: None, ..RouterOptions::default() };
    let mut job = workload.start_in(untimed).unwrap();
    job.run().unwrap();
    (workload, job)
}

/// A wrong answer ends the bench with an error.
pub fn verify((workload, job): Counted) {
    workload.verify(job.answer()).unwrap();
}
