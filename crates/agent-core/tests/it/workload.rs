//! Every measured job gives its answer, and gives it again.

use agent_core::workload::WORKLOADS;

#[test]
fn every_job_gives_its_answer_every_time() {
    for workload in &WORKLOADS {
        let mut job = workload.start().unwrap();
        for _ in 0..2 {
            job.run().unwrap();
            workload.verify(job.answer().unwrap()).unwrap();
            job.prepare();
        }
    }
}

#[test]
fn names_are_unique_within_a_group() {
    let mut names: Vec<_> = WORKLOADS.iter().map(|w| (w.group, w.name)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), WORKLOADS.len());
}
