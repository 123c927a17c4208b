//! Time of the kernels that steps are made of.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn kernel(criterion: &mut Criterion) {
    wall::group(criterion, "kernel");
}

criterion_group!(benches, kernel);
criterion_main!(benches);
