//! Exact instruction and allocation counts of the group `queries`, on SQLite in memory.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

use db_bench::Request;
use db_bench::request::Digest;
use db_bench::workload::{self, Workload};
use gungraun::{Dhat, LibraryBenchmarkConfig};
use gungraun::{library_benchmark, library_benchmark_group, main};
use rusqlite::Connection;

/// A query, a store, what is asked on the count, and what was answered. The first request also
/// prepares the statement.
type Asked = (&'static Workload, Connection, Vec<Request>, Vec<Digest>);

fn start(name: &str) -> Asked {
    let workload = workload::find(name).unwrap();
    let connection = workload::tiny_in_memory().unwrap();
    (workload, connection, workload.trial(), Vec::with_capacity(workload::TRIAL))
}

fn verify((workload, _, _, answers): Asked) {
    workload.verify(&answers).unwrap();
}

#[library_benchmark(setup = start, teardown = verify)]
#[bench::point_read("point_read")]
#[bench::range_read("range_read")]
#[bench::join_aggregate("join_aggregate")]
#[bench::top_n("top_n")]
#[bench::search_indexed("search_indexed")]
#[bench::search_unindexed("search_unindexed")]
#[bench::load_belief("load_belief")]
#[bench::save_belief("save_belief")]
#[bench::insert("insert")]
#[bench::bulk_insert("bulk_insert")]
#[bench::update("update")]
#[bench::transfer("transfer")]
fn run((workload, mut connection, requests, mut answers): Asked) -> Asked {
    for request in requests {
        answers.push(request.ask_sqlite(&mut connection).unwrap());
    }
    (workload, connection, Vec::new(), answers)
}

library_benchmark_group!(name = queries, benchmarks = run);
main!(
    config = LibraryBenchmarkConfig::default().tool(Dhat::default()),
    library_benchmark_groups = queries
);
