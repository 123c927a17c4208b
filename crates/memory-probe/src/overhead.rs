//! What counting costs, measured where it is used.

use std::alloc::{GlobalAlloc, Layout, LayoutError};
use std::hint::black_box;
use std::ptr;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Counting, Scope};

/// Blocks that a thread holds at a time.
const HELD: usize = 64;

/// Times that a thread gets and frees them in a round.
const FILLINGS: usize = 1_000;

/// What is allocated here is told apart from what the program does.
static SCOPE: Scope = Scope::new("overhead of counting");

/// Times of an allocation and its freeing, by the allocator alone and with counting.
///
/// ```
/// let overhead = memory_probe::Overhead::measure(std::alloc::System, 2, 64, 3)?;
/// assert_eq!(overhead.ratios().len(), 3);
/// # Ok::<(), std::alloc::LayoutError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Overhead {
    /// Threads that allocated at the same time.
    pub threads: usize,
    /// Bytes of a block.
    pub block_bytes: usize,
    /// Nanoseconds of an allocation and its freeing by the allocator alone, by round.
    pub bare_ns: Vec<f64>,
    /// The same with counting, in the same rounds.
    pub counted_ns: Vec<f64>,
}

impl Overhead {
    /// Measures an allocator alone and within [`Counting`], in turns, for so many rounds of about
    /// five milliseconds.
    ///
    /// # Errors
    /// If no block can have so many bytes.
    pub fn measure<A: GlobalAlloc + Copy + Sync>(
        allocator: A,
        threads: usize,
        block_bytes: usize,
        rounds: usize,
    ) -> Result<Self, LayoutError> {
        let layout = Layout::from_size_align(block_bytes.max(1), align_of::<usize>())?;
        let counting = Counting::new(allocator);
        let (mut bare_ns, mut counted_ns) = (Vec::new(), Vec::new());
        let mut bare = || bare_ns.push(round_ns(&allocator, threads, layout));
        let mut counted = || counted_ns.push(round_ns(&counting, threads, layout));
        for round in 0..rounds {
            // Who goes first finds the machine as the other left it.
            if round % 2 == 0 {
                bare();
                counted();
            } else {
                counted();
                bare();
            }
        }
        Ok(Self { threads, block_bytes, bare_ns, counted_ns })
    }

    /// Counted time by bare time, round by round: 1 if counting costs nothing.
    #[must_use]
    pub fn ratios(&self) -> Vec<f64> {
        self.counted_ns.iter().zip(&self.bare_ns).map(|(counted, bare)| counted / bare).collect()
    }
}

/// Nanoseconds of an allocation and its freeing, by the slowest of so many threads.
fn round_ns(allocator: &(impl GlobalAlloc + Sync), threads: usize, layout: Layout) -> f64 {
    let barrier = Barrier::new(threads);
    let slowest = thread::scope(|scope| {
        let work = || {
            barrier.wait();
            SCOPE.within(|| fillings(allocator, layout))
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).max().unwrap_or_default()
    });
    slowest.as_nanos() as f64 / (HELD * FILLINGS) as f64
}

#[expect(unsafe_code, reason = "an allocator is called directly, to be compared with another")]
fn fillings(allocator: &impl GlobalAlloc, layout: Layout) -> Duration {
    let mut held = [ptr::null_mut(); HELD];
    let start = Instant::now();
    for _ in 0..FILLINGS {
        for block in &mut held {
            // SAFETY: the layout has at least one byte.
            *block = black_box(unsafe { allocator.alloc(layout) });
        }
        for block in held {
            if !block.is_null() {
                // SAFETY: this allocator gave it for this layout, and it is freed once: the next
                // filling replaces all of them.
                unsafe { allocator.dealloc(block, layout) };
            }
        }
    }
    start.elapsed()
}
