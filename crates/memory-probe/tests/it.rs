//! What needs no allocator of its own, by behaviour.

mod it {
    mod footprint;
    mod formula;
    mod process;
}
