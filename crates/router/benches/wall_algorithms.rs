//! Time of ways to find a mailbox by id, and subscribers by topic.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod lookups;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use lookups::Job;

fn run(criterion: &mut Criterion) {
    for size in [100, 1_000, 10_000, 100_000] {
        time(criterion, size, lookups::agents(size));
    }
    for size in [20, 100, 1_000, 10_000] {
        time(criterion, size, lookups::topics(size));
    }
}

/// Times jobs of one size, after each gave the right answer.
fn time(criterion: &mut Criterion, size: usize, jobs: Vec<Job>) {
    let mut group = criterion.benchmark_group("algorithms");
    for mut job in jobs {
        let found = job.run();
        job.verify(found);
        group.throughput(Throughput::Elements(job.questions as u64));
        let id = BenchmarkId::new(job.name, size);
        group.bench_function(id, |bencher| bencher.iter(|| job.run()));
    }
}

/// There are many: each gets less time than criterion gives by itself.
fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = run }
criterion_main!(benches);
