//! Exact instruction and allocation counts of the group `serialization`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

// Under another name: the group below takes its own for a module.
#[path = "serialization/mod.rs"]
mod jobs;

use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};
use jobs::{Job, jobs};

fn start(name: &str) -> Job {
    jobs().find(|(job, _)| job == name).unwrap().1.start()
}

fn verify(job: Job) {
    job.verify();
}

#[library_benchmark(setup = start, teardown = verify)]
#[bench::json_encode("json_encode")]
#[bench::json_decode("json_decode")]
#[bench::messagepack_encode("messagepack_encode")]
#[bench::messagepack_decode("messagepack_decode")]
#[bench::postcard_encode("postcard_encode")]
#[bench::postcard_decode("postcard_decode")]
#[bench::bitcode_encode("bitcode_encode")]
#[bench::bitcode_decode("bitcode_decode")]
#[bench::rkyv_encode("rkyv_encode")]
#[bench::rkyv_decode("rkyv_decode")]
#[bench::rkyv_access("rkyv_access")]
#[bench::in_process("in_process")]
#[bench::clone("clone")]
fn run(mut job: Job) -> Job {
    job.run();
    job
}

library_benchmark_group!(name = serialization, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = serialization
);
