//! Time of a step: perceive, plan, act.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn step(criterion: &mut Criterion) {
    wall::group(criterion, "step");
}

criterion_group!(benches, step);
criterion_main!(benches);
