//! The measured jobs.

use router::workload::WORKLOADS;

#[test]
fn every_job_gives_its_answer_again_and_again() {
    for workload in &WORKLOADS {
        let mut job = workload.start().unwrap();
        for _ in 0..2 {
            job.run().unwrap();
            workload.verify(job.answer()).unwrap();
        }
    }
}
