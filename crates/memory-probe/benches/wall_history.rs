//! Time to keep a message and to read one, by layout.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod wall;

use criterion::{Criterion, criterion_group, criterion_main};

fn history(criterion: &mut Criterion) {
    wall::group(criterion, "history", "history");
}

criterion_group! { name = benches; config = wall::brief(); targets = history }
criterion_main!(benches);
