//! Time of a message between async tasks.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

#[path = "../examples/peer/tasks.rs"]
mod tasks;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tasks::TASKS_1000;

/// Wrong answers are no figures: every run is checked.
fn async_tasks(criterion: &mut Criterion) {
    let runtime = tasks::runtime(TASKS_1000.senders).unwrap();
    let expected = TASKS_1000.checksum();
    let mut group = criterion.benchmark_group("async");
    group.sample_size(20).throughput(Throughput::Elements(TASKS_1000.messages));
    group.bench_function("tasks_1000", |bencher| {
        bencher.iter(|| assert_eq!(tasks::run(&runtime, TASKS_1000).unwrap(), expected));
    });
}

criterion_group!(benches, async_tasks);
criterion_main!(benches);
