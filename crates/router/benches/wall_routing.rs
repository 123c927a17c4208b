//! Time of a message that one thread sends and receives.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn routing(criterion: &mut Criterion) {
    wall::group(criterion, "routing");
}

criterion_group!(benches, routing);
criterion_main!(benches);
