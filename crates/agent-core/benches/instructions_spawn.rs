//! Exact instruction and allocation counts of the group `spawn`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("spawn", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::tmaze("tmaze")]
#[bench::grid10("grid10")]
#[bench::cue_chaining("cue_chaining")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = spawn, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = spawn
);
