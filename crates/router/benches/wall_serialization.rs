//! Time of a message that becomes bytes, or a message again.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod serialization;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serialization::{MESSAGES, jobs};

fn serialization(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("serialization");
    group.throughput(Throughput::Elements(MESSAGES as u64));
    for (name, act) in jobs() {
        let mut job = act.start();
        group.bench_function(name, |bencher| bencher.iter(|| job.run()));
        job.verify();
    }
}

criterion_group!(benches, serialization);
criterion_main!(benches);
