//! Time of forty messages: in as many transactions, and in one.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

#[expect(dead_code, reason = "each bench asks in ways of its own")]
mod backends;

use std::time::Duration;

use backends::{Backend, Opened, Site};
use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use db_bench::data::SMALL;
use db_bench::{Durability, Operation, Request, Requests};

/// Messages in one run.
const MESSAGES: u32 = 40;

/// Who asks: a backend, and how many callers it has.
const ASKED: [(Backend, u32); 4] = [
    (Backend::Rusqlite, 1),
    (Backend::SqliteThreads, 1),
    (Backend::SqliteThreads, 20),
    (Backend::SqlxSqlite, 20),
];

fn transactions(criterion: &mut Criterion) {
    let site = Site::new().unwrap();
    let mut group = criterion.benchmark_group("transactions");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(MESSAGES.into()));
    for durability in [Durability::Durable, Durability::Relaxed] {
        for (backend, callers) in ASKED {
            let share = MESSAGES / callers;
            for (way, operation) in
                [("each", Operation::Singly(share)), ("together", Operation::Bulk(share))]
            {
                let name = format!("{durability}_{way}");
                let asked = format_args!("backend={backend},callers={callers},messages={MESSAGES}");
                let id = BenchmarkId::new(name, asked);
                let mut asked = None;
                group.bench_function(id, |bencher| {
                    let asked = asked
                        .get_or_insert_with(|| Asked::new(&site, backend, durability, callers));
                    bencher.iter_batched(
                        || asked.streams.iter_mut().map(|s| vec![s.next(operation)]).collect(),
                        |lists: Vec<Vec<Request>>| {
                            asked.runs += 1;
                            asked.store.ask_lists(lists).unwrap();
                        },
                        BatchSize::PerIteration,
                    );
                });
                if let Some(asked) = asked {
                    asked.verify();
                }
            }
        }
    }
}

/// A store of its own, and who asks it.
struct Asked<'a> {
    store: Opened<'a>,
    streams: Vec<Requests>,
    runs: i64,
}

impl<'a> Asked<'a> {
    fn new(site: &'a Site, backend: Backend, durability: Durability, callers: u32) -> Self {
        let store = site.open(backend, &SMALL, durability, callers).unwrap();
        let streams = (0..callers).map(|caller| Requests::new(&SMALL, caller.into())).collect();
        Self { store, streams, runs: 0 }
    }

    /// Counts what is there afterwards.
    fn verify(self) {
        let added = self.store.count_messages().unwrap() - SMALL.messages as i64;
        let expected = self.runs * i64::from(MESSAGES);
        assert_eq!(added, expected, "messages are missing: the figures are void");
        self.store.close();
    }
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
