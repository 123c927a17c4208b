//! What needs no allocator of its own, by behaviour.

mod it {
    mod footprint;
    mod formula;
    mod history;
    mod leaks;
    mod process;
    mod workload;
}
