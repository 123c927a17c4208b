//! Where threads count: each at a seat of its own, which nobody else writes to.
//!
//! All counters are statics, so that counting allocates nothing and pages of seats that no thread
//! took are never touched.

use std::array;
use std::cell::Cell;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::*};

use crate::account::{Account, CLASSES, SizeClasses};

/// Threads that are alive at a time and count without atomic additions.
const SEATS: usize = 128;

/// Scopes, with the one outside of all (0).
pub const SCOPES: usize = 64;

/// Net bytes that a counter keeps to itself before the peak hears of them.
pub const QUANTUM: i64 = 16 * 1024;

/// What one thread counted in one scope.
struct Counters {
    allocated_bytes: AtomicU64,
    freed_blocks: AtomicU64,
    freed_bytes: AtomicU64,
    /// Bytes allocated less freed since the last publication.
    unpublished: AtomicI64,
    /// Blocks that were allocated, by size class.
    sizes: [AtomicU64; CLASSES],
}

/// A thread's counters, by scope; two lines apart from the next, since processors fetch pairs.
#[repr(align(128))]
struct Seat {
    taken: AtomicBool,
    scopes: [Counters; SCOPES],
}

/// Live bytes as far as they were published, and the most of them.
#[repr(align(128))]
struct Level {
    live: AtomicI64,
    peak: AtomicI64,
}

static TAKEN: [Seat; SEATS] = [const { Seat::new() }; SEATS];
/// For threads that found no seat, or gave theirs up and still free what they own.
static SHARED: Seat = Seat::new();
/// Seats that were ever taken: the first so many.
static EVER_TAKEN: AtomicUsize = AtomicUsize::new(0);
static PROCESS: Level = Level::new();
static BY_SCOPE: [Level; SCOPES] = [const { Level::new() }; SCOPES];

thread_local! {
    static PLACE: Place = const { Place { seat: Cell::new(None), scope: Cell::new(0) } };
}

/// Where this thread counts.
struct Place {
    seat: Cell<Option<&'static Seat>>,
    scope: Cell<usize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            // The next thread at this seat goes on from these counts.
            seat.taken.store(false, Release);
        }
    }
}

impl Seat {
    const fn new() -> Self {
        Self { taken: AtomicBool::new(false), scopes: [const { Counters::new() }; SCOPES] }
    }

    #[cold]
    fn take() -> Option<&'static Self> {
        let free = TAKEN.iter().position(|seat| {
            !seat.taken.load(Relaxed)
                && seat.taken.compare_exchange(false, true, Acquire, Relaxed).is_ok()
        })?;
        EVER_TAKEN.fetch_max(free + 1, Relaxed);
        Some(&TAKEN[free])
    }
}

impl Level {
    const fn new() -> Self {
        Self { live: AtomicI64::new(0), peak: AtomicI64::new(0) }
    }

    fn publish(&self, change: i64) {
        let live = self.live.fetch_add(change, Relaxed) + change;
        if live > self.peak.load(Relaxed) {
            self.peak.fetch_max(live, Relaxed);
        }
    }
}

impl Counters {
    const fn new() -> Self {
        Self {
            allocated_bytes: AtomicU64::new(0),
            freed_blocks: AtomicU64::new(0),
            freed_bytes: AtomicU64::new(0),
            unpublished: AtomicI64::new(0),
            sizes: [const { AtomicU64::new(0) }; CLASSES],
        }
    }
}

/// Who writes to a counter.
#[derive(Clone, Copy)]
enum Writer {
    /// One thread, which needs no atomic addition.
    Sole,
    /// Whoever has no seat.
    Shared,
}

impl Writer {
    #[inline]
    fn add(self, counter: &AtomicU64, amount: u64) {
        match self {
            Self::Sole => counter.store(counter.load(Relaxed).wrapping_add(amount), Relaxed),
            Self::Shared => {
                counter.fetch_add(amount, Relaxed);
            }
        }
    }

    /// Adds to what is live, and tells the peak from time to time.
    #[inline]
    fn change(self, counters: &Counters, scope: usize, change: i64) {
        let unpublished = match self {
            Self::Sole => {
                let unpublished = counters.unpublished.load(Relaxed) + change;
                counters.unpublished.store(unpublished, Relaxed);
                unpublished
            }
            Self::Shared => counters.unpublished.fetch_add(change, Relaxed) + change,
        };
        if unpublished.abs() >= QUANTUM {
            publish(counters, scope);
        }
    }
}

#[cold]
fn publish(counters: &Counters, scope: usize) {
    let change = counters.unpublished.swap(0, Relaxed);
    BY_SCOPE[scope].publish(change);
    PROCESS.publish(change);
}

/// Calls with this thread's counters for the scope that it is in.
#[inline]
fn count(with: impl Fn(&'static Counters, Writer, usize)) {
    let counted = PLACE.try_with(|place| {
        let scope = place.scope.get();
        if let Some(seat) = place.seat.get() {
            with(&seat.scopes[scope], Writer::Sole, scope);
        } else {
            let seat = Seat::take();
            place.seat.set(seat);
            let writer = if seat.is_some() { Writer::Sole } else { Writer::Shared };
            with(&seat.unwrap_or(&SHARED).scopes[scope], writer, scope);
        }
    });
    if counted.is_err() {
        with(&SHARED.scopes[0], Writer::Shared, 0);
    }
}

#[inline]
pub fn allocated(bytes: usize) {
    count(|counters, writer, scope| {
        writer.add(&counters.sizes[SizeClasses::class(bytes)], 1);
        writer.add(&counters.allocated_bytes, bytes as u64);
        writer.change(counters, scope, bytes as i64);
    });
}

#[inline]
pub fn freed(bytes: usize) {
    count(|counters, writer, scope| {
        writer.add(&counters.freed_blocks, 1);
        writer.add(&counters.freed_bytes, bytes as u64);
        writer.change(counters, scope, -(bytes as i64));
    });
}

#[inline]
pub fn resized(from: usize, to: usize) {
    count(|counters, writer, scope| {
        writer.add(&counters.sizes[SizeClasses::class(to)], 1);
        writer.add(&counters.allocated_bytes, to as u64);
        writer.add(&counters.freed_blocks, 1);
        writer.add(&counters.freed_bytes, from as u64);
        writer.change(counters, scope, to as i64 - from as i64);
    });
}

/// Puts this thread into a scope and returns the one it was in; the outer one for a thread that is
/// about to end.
pub fn enter(scope: usize) -> usize {
    PLACE.try_with(|place| place.scope.replace(scope)).unwrap_or(0)
}

/// The sum over all threads, in the scopes of this range.
pub fn account(scopes: Range<usize>) -> Account {
    let mut sum = Account::default();
    let seats = TAKEN[..EVER_TAKEN.load(Relaxed)].iter().chain([&SHARED]);
    for counters in seats.flat_map(|seat| &seat.scopes[scopes.clone()]) {
        let sizes = array::from_fn(|class| counters.sizes[class].load(Relaxed));
        let used = counters.freed_blocks.load(Relaxed) > 0 || sizes.iter().any(|&n| n > 0);
        sum.sizes.add(&sizes);
        sum.allocated_bytes += counters.allocated_bytes.load(Relaxed);
        sum.freed_blocks += counters.freed_blocks.load(Relaxed);
        sum.freed_bytes += counters.freed_bytes.load(Relaxed);
        sum.peak_error_bytes += if used { QUANTUM as u64 } else { 0 };
    }
    let level = if scopes.len() == 1 { &BY_SCOPE[scopes.start] } else { &PROCESS };
    sum.peak_bytes = level.peak.load(Relaxed).max(sum.live_bytes());
    sum
}

/// Lets every peak begin anew from what is live.
pub fn forget_peaks() {
    for level in BY_SCOPE.iter().chain([&PROCESS]) {
        level.peak.store(level.live.load(Relaxed), Relaxed);
    }
}
