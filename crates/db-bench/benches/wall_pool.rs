//! What one caller alone pays for a connection of a pool.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

#[expect(dead_code, reason = "each bench asks in ways of its own")]
mod pools;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pools::Site;

/// Connections of each pool, all but one of which are idle.
const CONNECTIONS: u32 = 10;

fn lease(criterion: &mut Criterion) {
    let site = Site::new().unwrap();
    let mut group = criterion.benchmark_group("pool");
    for kind in site.kinds() {
        let pool = site.pool(kind, CONNECTIONS).unwrap();
        let id = BenchmarkId::new("lease", format_args!("pool={kind}"));
        group.bench_function(id, |bencher| {
            bencher.iter(|| site.runtime.block_on(pool.lease(async {})).unwrap());
        });
    }
}

criterion_group!(benches, lease);
criterion_main!(benches);
