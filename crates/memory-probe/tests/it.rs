//! What needs no allocator of its own, by behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod it {
    mod footprint;
    mod formula;
    mod history;
    mod leaks;
    mod process;
    mod workload;
}
