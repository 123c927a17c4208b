//! Drives one workload for the instruction count, set-up and verification off the count.

use memory_probe::workload::{self, Job, Workload};

/// A workload and the job made of it.
pub type Counted = (&'static Workload, Box<dyn Job>);

/// A job that ran once already, so that the allocator has its memory and only a warm run counts.
pub fn start(group: &str, name: &str) -> Counted {
    let workload = workload::find(group, name).unwrap();
    let mut job = workload.start().unwrap();
    job.prepare();
    job.run().unwrap();
    job.prepare();
    (workload, job)
}

/// A wrong answer ends the bench with an error.
pub fn verify((workload, job): Counted) {
    workload.verify(job.answer()).unwrap();
}
