//! The allocator that counts.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;

use crate::{Account, ProbeError, tally};

/// Wraps an allocator and counts what is asked of it, without changing any of it: blocks have the
/// size, the place and the alignment that the wrapped allocator gives them.
///
/// Counted is the size that was asked for. A block that changes its size counts as a new block and
/// the freeing of the old one, as valgrind's DHAT counts it; an allocation that failed is none.
///
/// There is one account per process ([`Account`](crate::Account)), because there is one global
/// allocator. Each thread counts in memory of its own; the first 128 threads that are alive at a
/// time do so without atomic additions, those beyond share one place and are slower, not less exact.
///
/// ```
/// use memory_probe::{Account, Counting};
///
/// #[global_allocator]
/// static ALLOCATOR: Counting<std::alloc::System> = Counting::new(std::alloc::System);
///
/// # fn main() {
/// let before = Account::now();
/// let block = Box::new([0_u8; 48]);
/// assert_eq!(Account::now().since(&before).live_bytes(), 48);
/// # drop(block);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting<A> {
    inner: A,
}

impl<A> Counting<A> {
    /// Counts what is asked of `inner`: `std::alloc::System`, mimalloc, jemalloc, dhat.
    #[must_use]
    pub const fn new(inner: A) -> Self {
        Self { inner }
    }
}

// SAFETY: every call goes to the wrapped allocator with the arguments it came with, and its answer
// is returned as it is, so whatever holds of that allocator holds of this one. Counting neither
// unwinds nor allocates: it touches statics, and a thread-local value that has no lazy part.
#[expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait of unsafe functions")]
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are this function's own.
        let block = unsafe { self.inner.alloc(layout) };
        if !block.is_null() {
            tally::allocated(layout.size());
        }
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are this function's own.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        if !block.is_null() {
            tally::allocated(layout.size());
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are this function's own.
        unsafe { self.inner.dealloc(block, layout) };
        tally::freed(layout.size());
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are this function's own.
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        if !moved.is_null() {
            tally::resized(layout.size(), new_size);
        }
        moved
    }
}

/// Whether [`Counting`] is the global allocator: it must see a block come.
///
/// # Errors
/// [`ProbeError::NotCounting`], with the lines to add.
pub fn ensure_counting() -> Result<(), ProbeError> {
    let before = Account::now().allocated_blocks();
    drop(black_box(Box::new(0_u8)));
    if Account::now().allocated_blocks() > before { Ok(()) } else { Err(ProbeError::NotCounting) }
}
