//! Time to start something that does nothing, and to wait for its end.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

use std::env;
use std::process::Command;
use std::thread;

use criterion::{Criterion, criterion_group};
use tokio::runtime::Builder;

/// Says that this process is to do nothing.
const VARIABLE: &str = "CONCURRENCY_MODEL_NOTHING";

fn spawn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("spawn");
    group.bench_function("thread", |bencher| {
        bencher.iter(|| thread::spawn(|| ()).join().unwrap());
    });
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    group.bench_function("pool_job", |bencher| bencher.iter(|| pool.install(|| ())));
    let alone = Builder::new_current_thread().build().unwrap();
    group.bench_function("task", |bencher| {
        bencher.iter(|| alone.block_on(async { tokio::spawn(async {}).await }).unwrap());
    });
    let many = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    group.bench_function("task_elsewhere", |bencher| {
        bencher.iter(|| many.block_on(async { tokio::spawn(async {}).await }).unwrap());
    });
    let program = env::current_exe().unwrap();
    group.bench_function("process", |bencher| {
        bencher.iter(|| {
            let status = Command::new(&program).env(VARIABLE, "").status().unwrap();
            assert!(status.success(), "{status}");
        });
    });
}

criterion_group!(benches, spawn);

fn main() {
    if env::var_os(VARIABLE).is_some() {
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
