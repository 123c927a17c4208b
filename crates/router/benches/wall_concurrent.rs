//! Time of a message between threads.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn concurrent(criterion: &mut Criterion) {
    wall::group(criterion, "concurrent");
}

criterion_group!(benches, concurrent);
criterion_main!(benches);
