//! Drives a group of workloads by criterion.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use memory_probe::workload::{self, Job, Workload};

/// Times every job of a group under a name of its own, after it gave the right answer. What a job
/// prepares is off the clock.
pub fn group(criterion: &mut Criterion, name: &str, reported: &str) {
    let mut group = criterion.benchmark_group(reported);
    for workload in workload::of_group(name) {
        group.throughput(Throughput::Elements(workload.operations));
        // Made when it is first run: a list of the benchmarks makes nothing.
        let mut started = None;
        group.bench_function(workload.name, |bencher| {
            let job = started.get_or_insert_with(|| started_job(workload));
            bencher.iter_custom(|iterations| {
                let mut elapsed = Duration::ZERO;
                for _ in 0..iterations {
                    job.prepare();
                    let start = Instant::now();
                    job.run().unwrap();
                    elapsed += start.elapsed();
                }
                elapsed
            });
        });
    }
}

/// A job that gave the right answer.
fn started_job(workload: &Workload) -> Box<dyn Job> {
    let mut job = workload.start().unwrap();
    job.prepare();
    job.run().unwrap();
    workload.verify(job.answer()).unwrap();
    job
}

/// There are many: each gets less time than criterion gives by itself.
pub fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}
