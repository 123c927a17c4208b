//! Time of a thousand agents' steps on one thread.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn population(criterion: &mut Criterion) {
    wall::group(criterion, "population");
}

criterion_group!(benches, population);
criterion_main!(benches);
