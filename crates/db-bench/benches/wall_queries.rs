//! Time of a query, by each way to a store.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod backends;

use std::time::Duration;

use backends::{Backend, Opened, Templates};
use criterion::{BatchSize, Bencher, BenchmarkId, Criterion, criterion_group, criterion_main};
use db_bench::Durability;
use db_bench::data::SMALL;
use db_bench::workload::{WORKLOADS, Workload};
use tokio::runtime::Runtime;

fn queries(criterion: &mut Criterion) {
    let (templates, runtime) = (Templates::new().unwrap(), Runtime::new().unwrap());
    let mut group = criterion.benchmark_group("queries");
    for workload in &WORKLOADS {
        for backend in Backend::EMBEDDED {
            let id = BenchmarkId::new(workload.name, format_args!("backend={backend}"));
            // Inside, so that a list of the benchmarks opens nothing.
            group.bench_function(id, |bencher| {
                time(bencher, &templates, &runtime, workload, backend);
            });
        }
    }
}

/// Times a query among [`SMALL`], after the same backend answered it as expected among few.
fn time(
    bencher: &mut Bencher<'_>,
    templates: &Templates,
    runtime: &Runtime,
    workload: &Workload,
    backend: Backend,
) {
    templates.try_out(backend, workload, runtime).unwrap();
    let path = templates.copy(&SMALL, "timed").unwrap();
    let mut store = Opened::new(backend, runtime, &path, Durability::Relaxed).unwrap();
    let mut requests = workload.requests(&SMALL, 1);
    bencher.iter_batched(
        || requests.next().unwrap(),
        |request| store.ask(runtime, request).unwrap(),
        BatchSize::SmallInput,
    );
    store.close(runtime);
}

/// There are many: each gets less time than criterion gives by itself.
fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = queries }
criterion_main!(benches);
