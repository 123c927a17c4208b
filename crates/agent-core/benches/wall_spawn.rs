//! Time of a spawn over a shared model.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn spawn(criterion: &mut Criterion) {
    wall::group(criterion, "spawn");
}

criterion_group!(benches, spawn);
criterion_main!(benches);
