//! Exact instruction and allocation counts of the group `history`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("history", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::append_unbounded("append_unbounded")]
#[bench::read_unbounded("read_unbounded")]
#[bench::append_bounded_count("append_bounded_count")]
#[bench::read_bounded_count("read_bounded_count")]
#[bench::append_bounded_bytes("append_bounded_bytes")]
#[bench::read_bounded_bytes("read_bounded_bytes")]
#[bench::append_ring("append_ring")]
#[bench::read_ring("read_ring")]
#[bench::append_columns("append_columns")]
#[bench::read_columns("read_columns")]
#[bench::append_sealed("append_sealed")]
#[bench::read_sealed("read_sealed")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = history, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = history
);
