//! Every measured job gives its answer, run after run.

use std::collections::BTreeSet;

use memory_probe::workload;

#[test]
fn every_job_gives_its_answer_twice() {
    for workload in workload::all() {
        let mut job = workload.start().unwrap();
        for _ in 0..2 {
            job.prepare();
            job.run().unwrap();
            workload.verify(job.answer()).unwrap();
        }
    }
}

#[test]
fn names_are_those_by_which_jobs_are_found() {
    let names: BTreeSet<_> = workload::all().map(|job| (job.group, job.name)).collect();
    assert_eq!(names.len(), workload::all().count());
    assert!(names.iter().all(|(group, name)| workload::find(group, name).is_some()));
    assert!(workload::find("history", "append").is_none());
}
