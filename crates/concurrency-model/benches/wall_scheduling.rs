//! Time of a society that is run inline.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

use concurrency_model::workload::WORKLOADS;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn scheduling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scheduling");
    for workload in &WORKLOADS {
        group.throughput(Throughput::Elements(workload.plan.agent_steps()));
        group.bench_function(workload.name, |bencher| bencher.iter(|| workload.run().unwrap()));
    }
}

criterion_group!(benches, scheduling);
criterion_main!(benches);
