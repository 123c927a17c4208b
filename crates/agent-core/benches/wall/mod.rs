//! Drives a group of workloads by criterion.

use std::time::{Duration, Instant};

use agent_core::workload;
use criterion::{Criterion, Throughput};

/// Times every job of a group, after it gave the right answer. Undoing a run is off the clock;
/// reading the clock is on it, once per job, which is long enough not to notice.
pub fn group(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group(name);
    for workload in workload::of_group(name) {
        let mut job = workload.start().unwrap();
        job.run().unwrap();
        workload.verify(job.answer().unwrap()).unwrap();
        group.throughput(Throughput::Elements(workload.operations));
        group.bench_function(workload.name, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut total = Duration::ZERO;
                for _ in 0..iterations {
                    job.prepare();
                    let start = Instant::now();
                    job.run().unwrap();
                    total += start.elapsed();
                }
                total
            });
        });
    }
}
