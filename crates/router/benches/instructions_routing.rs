//! Exact instruction and allocation counts of the group `routing`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("routing", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::simple("simple")]
#[bench::one_by_one("one_by_one")]
#[bench::simple_100000("simple_100000")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = routing, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = routing
);
