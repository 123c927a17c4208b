//! Time to make an object and free it, from pools and from none, under mimalloc.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn pools(criterion: &mut Criterion) {
    wall::group(criterion, "pools", "pools_mimalloc");
}

criterion_group! { name = benches; config = wall::brief(); targets = pools }
criterion_main!(benches);
