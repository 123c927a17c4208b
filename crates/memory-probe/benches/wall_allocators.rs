//! Time to allocate and free a block, by allocator and size, on one thread and on two: what counting
//! costs is the difference between an allocator and itself within `Counting`.

#![expect(unsafe_code, reason = "allocators are called directly, to be compared in one process")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot run has nobody to tell but the user")]

#[expect(dead_code, reason = "of what it has only the configuration is needed here")]
mod wall;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::ptr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use memory_probe::Counting;
use mimalloc::MiMalloc;

/// Blocks that a thread holds at a time.
const HELD: usize = 64;

fn allocators(criterion: &mut Criterion) {
    allocator(criterion, "system", &System);
    allocator(criterion, "system_counted", &Counting::new(System));
    allocator(criterion, "mimalloc", &MiMalloc);
    allocator(criterion, "mimalloc_counted", &Counting::new(MiMalloc));
}

fn allocator(criterion: &mut Criterion, name: &str, allocator: &(impl GlobalAlloc + Sync)) {
    let mut group = criterion.benchmark_group("allocators");
    group.throughput(Throughput::Elements(HELD as u64));
    for threads in [1, 2] {
        for bytes in [16, 64, 256, 1_024, 16_384] {
            let layout = Layout::from_size_align(bytes, 8).unwrap();
            let id = BenchmarkId::new(name, format_args!("bytes={bytes},threads={threads}"));
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|times| fillings(allocator, layout, threads, times));
            });
        }
    }
}

/// So many times [`HELD`] blocks are allocated and freed by each thread: the time of the slowest.
fn fillings(
    allocator: &(impl GlobalAlloc + Sync),
    layout: Layout,
    threads: usize,
    times: u64,
) -> Duration {
    let barrier = Barrier::new(threads);
    let work = || {
        let mut held = [ptr::null_mut(); HELD];
        barrier.wait();
        let start = Instant::now();
        for _ in 0..times {
            for block in &mut held {
                // SAFETY: the layout has at least one byte.
                *block = black_box(unsafe { allocator.alloc(layout) });
            }
            for block in held {
                assert!(!block.is_null(), "the allocator has no memory");
                // SAFETY: this allocator gave it for this layout, and it is freed once: the next
                // filling replaces all of them.
                unsafe { allocator.dealloc(block, layout) };
            }
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).max().unwrap()
    })
}

criterion_group! { name = benches; config = wall::brief(); targets = allocators }
criterion_main!(benches);
