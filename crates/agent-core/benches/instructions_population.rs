//! Exact instruction and allocation counts of the group `population`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("population", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::tmaze_h2("tmaze_h2")]
#[bench::grid10_h3("grid10_h3")]
#[bench::tmaze_h2_f32("tmaze_h2_f32")]
#[bench::grid10_h3_f32("grid10_h3_f32")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = population, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = population
);
