//! Every measured job gives its answer, and gives it again.

use agent_core::workload::{self, EPISODE_SEED, WORKLOADS};

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

#[test]
fn a_longer_episode_begins_with_a_shorter_one_and_another_seed_is_another_world() {
    let workload = workload::find("step", "grid10_h1").unwrap();
    let model = workload.model().unwrap();
    let episode = |seed, steps| workload.episode(&model, seed, steps).unwrap();
    let long = episode(EPISODE_SEED, 24);
    assert_eq!(long.len(), 24);
    assert_eq!(long[..8], episode(EPISODE_SEED, 8));
    assert_ne!(long, episode(EPISODE_SEED + 1, 24));
}
