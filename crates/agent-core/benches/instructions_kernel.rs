//! Exact instruction and allocation counts of the group `kernel`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("kernel", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::ln("ln")]
#[bench::softmax_100("softmax_100")]
#[bench::entropy_100("entropy_100")]
#[bench::multiply_dense_100("multiply_dense_100")]
#[bench::multiply_diagonals_100("multiply_diagonals_100")]
#[bench::multiply_sparse_100("multiply_sparse_100")]
#[bench::contract_480x100("contract_480x100")]
#[bench::expectations_3_factors("expectations_3_factors")]
#[bench::infer_fixed_point("infer_fixed_point")]
#[bench::plan_grid_h3("plan_grid_h3")]
#[bench::select_action("select_action")]
#[bench::compile_grid_h3("compile_grid_h3")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = kernel, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = kernel
);
