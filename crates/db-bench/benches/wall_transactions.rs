//! Time of a hundred messages: in as many transactions, and in one.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod callers;

use std::time::Duration;

use callers::Backend;
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group,
    criterion_main,
};
use db_bench::data::SMALL;
use db_bench::sqlite::{self, Place};
use db_bench::{Durability, Operation, Request, Requests};
use tokio::runtime::Runtime;

/// Messages in one run.
const MESSAGES: u32 = 100;

/// Who asks: a backend, and how many callers it has.
const ASKED: [(Backend, u32); 4] =
    [(Backend::Direct, 1), (Backend::Threads, 1), (Backend::Threads, 20), (Backend::Sqlx, 20)];

fn transactions(criterion: &mut Criterion) {
    let runtime = callers::runtime().unwrap();
    let mut group = criterion.benchmark_group("transactions");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(MESSAGES.into()));
    for durability in [Durability::Durable, Durability::Relaxed] {
        for (backend, callers) in ASKED {
            let (each, together) =
                (Operation::Singly(MESSAGES / callers), Operation::Bulk(MESSAGES / callers));
            for (way, operation) in [("each", each), ("together", together)] {
                let id = BenchmarkId::new(
                    format!("{durability}_{way}"),
                    format!("{}_{callers}", backend.name()),
                );
                timed(&mut group, id, (backend, durability), (callers, operation), &runtime);
            }
        }
    }
}

/// Times one way into a store of its own, and counts what is there afterwards.
fn timed(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    (backend, durability): (Backend, Durability),
    (callers, operation): (u32, Operation),
    runtime: &Runtime,
) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agents.db");
    callers::fill(&SMALL, &path).unwrap();
    let mut store = backend.open(&path, durability, runtime).unwrap();
    let mut streams: Vec<_> =
        (0..callers).map(|caller| Requests::new(&SMALL, caller.into())).collect();
    let mut runs = 0;
    let mut draw = || -> Vec<Vec<Request>> {
        runs += 1;
        streams.iter_mut().map(|stream| vec![stream.next(operation)]).collect()
    };
    group.bench_function(id, |bencher| {
        let ask = |lists| store.ask(lists, runtime).unwrap();
        bencher.iter_batched(&mut draw, ask, BatchSize::PerIteration);
    });
    let connection = sqlite::open(Place::File(&path), durability).unwrap();
    let added = sqlite::count_messages(&connection).unwrap() - SMALL.messages as i64;
    assert_eq!(added, runs * i64::from(MESSAGES), "messages are missing: the figures are void");
}

/// A run takes up to half a second, where the disk is slow.
fn brief() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! { name = benches; config = brief(); targets = transactions }
criterion_main!(benches);
