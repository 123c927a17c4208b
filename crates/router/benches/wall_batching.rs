//! Time of a message that is handed over alone, or with others.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod batching;

use std::time::Duration;

use batching::{JOBS, MESSAGES, SIZES};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn batching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batching");
    group.throughput(Throughput::Elements(MESSAGES));
    for (name, way) in JOBS {
        for size in SIZES {
            let mut job = batching::Job::new(size);
            let found = way(&mut job);
            job.verify(found);
            let id = BenchmarkId::new(name, size);
            group.bench_function(id, |bencher| bencher.iter(|| way(&mut job)));
        }
    }
}

/// There are many: each gets less time than criterion gives by itself.
fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = batching }
criterion_main!(benches);
