//! Drives one workload for the instruction count, set-up and verification off the count.

use agent_core::workload::{self, Job, Workload};

/// A job that ran once already, so that the allocator has its memory and only a warm run counts.
pub fn start(group: &str, name: &str) -> Box<(&'static Workload, Job)> {
    let workload = workload::find(group, name).unwrap();
    let mut job = workload.start().unwrap();
    job.run().unwrap();
    job.prepare();
    Box::new((workload, job))
}

/// A wrong answer ends the bench with an error.
pub fn verify(mut counted: Box<(&'static Workload, Job)>) {
    let answer = counted.1.answer().unwrap();
    counted.0.verify(answer).unwrap();
}
