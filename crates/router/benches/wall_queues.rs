//! Time of a message from thread to thread, or task to task, by several queues.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

#[path = "../examples/peer/batches.rs"]
mod batches;
mod queues;

use std::time::Duration;

use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use queues::{JOBS, MESSAGES};

/// Every run keeps its own time, so that starting threads is not in it, and is checked.
fn queues(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queues");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(MESSAGES));
    for job in &JOBS {
        let expected = job.expected();
        group.bench_function(BenchmarkId::new(job.load, job.queue), |bencher| {
            bencher.iter_custom(|runs| (0..runs).map(|_| job.run(expected)).sum());
        });
    }
}

/// There are many, of which each run takes milliseconds.
fn brief() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = queues }
criterion_main!(benches);
