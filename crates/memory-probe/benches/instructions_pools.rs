//! Exact instruction and allocation counts of the group `pools`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

mod counted;

use counted::Counted;
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn start(name: &str) -> Counted {
    counted::start("pools", name)
}

#[library_benchmark(setup = start, teardown = counted::verify)]
#[bench::burst_message_none("burst_message_none")]
#[bench::burst_message_bumpalo("burst_message_bumpalo")]
#[bench::burst_message_slab("burst_message_slab")]
#[bench::burst_message_typed_arena("burst_message_typed_arena")]
#[bench::burst_message_free_list("burst_message_free_list")]
#[bench::burst_agent_none("burst_agent_none")]
#[bench::burst_agent_bumpalo("burst_agent_bumpalo")]
#[bench::burst_agent_slab("burst_agent_slab")]
#[bench::burst_agent_typed_arena("burst_agent_typed_arena")]
#[bench::burst_agent_free_list("burst_agent_free_list")]
#[bench::churn_message_none("churn_message_none")]
#[bench::churn_message_slab("churn_message_slab")]
#[bench::churn_message_free_list("churn_message_free_list")]
#[bench::churn_agent_none("churn_agent_none")]
#[bench::churn_agent_slab("churn_agent_slab")]
#[bench::churn_agent_free_list("churn_agent_free_list")]
#[bench::queue_message_none("queue_message_none")]
#[bench::queue_message_slab("queue_message_slab")]
#[bench::queue_message_free_list("queue_message_free_list")]
#[bench::queue_agent_none("queue_agent_none")]
#[bench::queue_agent_slab("queue_agent_slab")]
#[bench::queue_agent_free_list("queue_agent_free_list")]
fn run(mut counted: Counted) -> Counted {
    counted.1.run().unwrap();
    counted
}

library_benchmark_group!(name = pools, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = pools
);
