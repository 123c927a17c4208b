//! Exact instruction and allocation counts of the group `scheduling`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

use concurrency_model::workload;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

/// Once before, so that the allocator has its memory and only a warm run counts.
fn warm(name: &str) -> &'static workload::Workload {
    let workload = workload::find(name).unwrap();
    workload.run().unwrap();
    workload
}

#[library_benchmark(setup = warm)]
#[bench::exploration_16("exploration_16")]
#[bench::coordination_16("coordination_16")]
#[bench::learning_16("learning_16")]
fn run(workload: &'static workload::Workload) {
    workload.run().unwrap();
}

library_benchmark_group!(name = scheduling, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = scheduling
);
