//! Which pool to use for what, and what memory is worth after long use, under mimalloc.

mod pooling;

use std::process::ExitCode;

use measure::report::Benchmark;
use memory_probe::Counting;
use mimalloc::MiMalloc;
use pooling::allocator::{self, Allocator};

#[global_allocator]
static ALLOCATOR: Counting<MiMalloc> = Counting::new(MiMalloc);

const ALLOCATORS: [Allocator; 1] = [Allocator::Mimalloc];

fn main() -> ExitCode {
    if let Some(what) = allocator::asked() {
        return pooling::main(&what);
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark {
                group: "pools_mimalloc",
                name: "recommendation",
                run: |report| pooling::recommendation(report, &ALLOCATORS),
            },
            Benchmark {
                group: "pools_mimalloc",
                name: "fragmentation",
                run: |report| pooling::fragmentation(report, &ALLOCATORS),
            },
        ],
    )
}
