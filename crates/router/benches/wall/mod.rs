//! Drives a group of workloads by criterion.

use criterion::{Criterion, Throughput};
use router::workload;

/// Times every job of a group, after it gave the right answer.
pub fn group(criterion: &mut Criterion, name: &str) {
    let mut group = criterion.benchmark_group(name);
    for workload in workload::of_group(name) {
        let mut job = workload.start().unwrap();
        job.run().unwrap();
        workload.verify(job.answer()).unwrap();
        group.throughput(Throughput::Elements(workload.operations));
        group.bench_function(workload.name, |bencher| bencher.iter(|| job.run().unwrap()));
    }
}
