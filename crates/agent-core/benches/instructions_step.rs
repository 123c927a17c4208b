//! Exact instruction and allocation counts of the group `step`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("step", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::tmaze_h2("tmaze_h2")]
#[bench::tmaze_h2_legacy("tmaze_h2_legacy")]
#[bench::grid10_h1("grid10_h1")]
#[bench::grid10_h3("grid10_h3")]
#[bench::grid10_h3_legacy("grid10_h3_legacy")]
#[bench::cue_chaining_h3("cue_chaining_h3")]
#[bench::stress_h3("stress_h3")]
#[bench::grid10_h3_f32("grid10_h3_f32")]
#[bench::cue_chaining_h3_f32("cue_chaining_h3_f32")]
#[bench::stress_h3_f32("stress_h3_f32")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = step, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = step
);
