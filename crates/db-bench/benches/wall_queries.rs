//! Time of a query, by each way to a store.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod backends;

use std::time::Duration;

use backends::{Backend, Site};
use criterion::{BatchSize, Bencher, BenchmarkId, Criterion, criterion_group, criterion_main};
use db_bench::Durability;
use db_bench::data::SMALL;
use db_bench::workload::{WORKLOADS, Workload};

fn queries(criterion: &mut Criterion) {
    let (site, backends) = (Site::new().unwrap(), Backend::available());
    let mut group = criterion.benchmark_group("queries");
    for workload in &WORKLOADS {
        for &backend in &backends {
            let id = BenchmarkId::new(workload.name, format_args!("backend={backend}"));
            // Inside, so that a list of the benchmarks opens nothing.
            group.bench_function(id, |bencher| time(bencher, &site, workload, backend));
        }
    }
}

/// Times a query among [`SMALL`], after the same backend answered it as expected among few.
fn time(bencher: &mut Bencher<'_>, site: &Site, workload: &Workload, backend: Backend) {
    site.try_out(backend, workload).unwrap();
    let mut store = site.open(backend, &SMALL, Durability::Relaxed).unwrap();
    let mut requests = workload.requests(&SMALL, 1);
    bencher.iter_batched(
        || requests.next().unwrap(),
        |request| store.ask(request).unwrap(),
        BatchSize::SmallInput,
    );
    store.close();
}

/// There are many: each gets less time than criterion gives by itself.
fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = queries }
criterion_main!(benches);
