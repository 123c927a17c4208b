//! Why nothing can be said of what a program holds.

/// Why the probe has no figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The program's global allocator does not count.
    #[error(
        "memory_probe::Counting is not this program's global allocator, so nothing is counted; add\n    \
         #[global_allocator]\n    \
         static ALLOCATOR: memory_probe::Counting<std::alloc::System> =\n        \
         memory_probe::Counting::new(std::alloc::System);"
    )]
    NotCounting,
}
