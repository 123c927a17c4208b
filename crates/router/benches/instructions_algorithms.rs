//! Exact instruction and allocation counts of the group `algorithms`, among a thousand.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod lookups;

use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};
use lookups::Job;

const SIZE: usize = 1_000;

/// A job that ran once already, so that only a warm run counts.
fn start(name: &str) -> Job {
    let of_group = if name.starts_with("agents") { lookups::agents } else { lookups::topics };
    let mut job = of_group(SIZE).into_iter().find(|job| job.name == name).unwrap();
    job.run();
    job
}

fn verify((job, found): (Job, u64)) {
    job.verify(found);
}

#[library_benchmark(setup = start, teardown = verify)]
#[bench::agents_linear("agents_linear")]
#[bench::agents_hash("agents_hash")]
#[bench::agents_btree("agents_btree")]
#[bench::agents_router("agents_router")]
#[bench::topics_linear("topics_linear")]
#[bench::topics_hash("topics_hash")]
#[bench::topics_trie("topics_trie")]
#[bench::topics_table("topics_table")]
fn run(mut job: Job) -> (Job, u64) {
    let found = job.run();
    (job, found)
}

library_benchmark_group!(name = algorithms, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = algorithms
);
