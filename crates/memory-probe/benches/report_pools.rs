//! Which pool to use for what, and what memory is worth after long use, under the system's allocator
//! and under jemalloc.

mod overhead;
mod pooling;

use std::alloc::System;
use std::process::ExitCode;

use measure::report::Benchmark;
use memory_probe::Counting;
use pooling::allocator::{self, Allocator};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

const ALLOCATORS: [Allocator; 2] = [Allocator::System, Allocator::Jemalloc];

fn main() -> ExitCode {
    if let Some(what) = allocator::asked() {
        return pooling::main(&what);
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark {
                group: "pools",
                name: "recommendation",
                run: |report| pooling::recommendation(report, &ALLOCATORS),
            },
            Benchmark {
                group: "pools",
                name: "fragmentation",
                run: |report| pooling::fragmentation(report, &ALLOCATORS),
            },
            Benchmark { group: "pools", name: "overhead", run: overhead::run },
        ],
    )
}
