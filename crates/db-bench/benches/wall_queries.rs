//! Time of a query, by each way to a store.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

#[expect(dead_code, reason = "each bench asks in ways of its own")]
mod backends;

use std::time::Duration;

use backends::{Backend, Opened, Site};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use db_bench::data::SMALL;
use db_bench::workload::{WORKLOADS, Workload};
use db_bench::{Durability, Request};

fn queries(criterion: &mut Criterion) {
    let (site, backends) = (Site::new().unwrap(), Backend::available());
    let mut group = criterion.benchmark_group("queries");
    for workload in &WORKLOADS {
        for &backend in &backends {
            let id = BenchmarkId::new(workload.name, format_args!("backend={backend}"));
            // Opened when it is first run: a list of the benchmarks opens nothing.
            let mut asked = None;
            group.bench_function(id, |bencher| {
                let (store, requests) =
                    asked.get_or_insert_with(|| opened(&site, workload, backend));
                bencher.iter_batched(
                    || requests.next().unwrap(),
                    |request| store.ask(request).unwrap(),
                    BatchSize::SmallInput,
                );
            });
            if let Some((store, _)) = asked {
                store.close();
            }
        }
    }
}

/// A store of [`SMALL`] by a backend that answered the query as expected among few, and what it is to
/// be asked.
fn opened<'a>(
    site: &'a Site,
    workload: &Workload,
    backend: Backend,
) -> (Opened<'a>, impl Iterator<Item = Request> + use<>) {
    site.try_out(backend, workload).unwrap();
    let store = site.open(backend, &SMALL, Durability::Relaxed, 1).unwrap();
    (store, workload.requests(&SMALL, 1))
}

/// There are many: each gets less time than criterion gives by itself.
fn brief() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! { name = benches; config = brief(); targets = queries }
criterion_main!(benches);
