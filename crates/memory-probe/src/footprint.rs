//! What an object costs: live bytes before and after making many.

use std::hint::black_box;
use std::num::NonZeroUsize;

use crate::counting::ensure_counting;
use crate::{Account, ProbeError};

/// What some objects of one type hold, exactly, by the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Objects that were made.
    pub objects: NonZeroUsize,
    /// The size of one object's own fields, wherever it stands.
    pub inline_bytes: usize,
    /// Live heap bytes that all objects own beyond their own fields.
    pub heap_bytes: i64,
    /// Live heap blocks that all objects own.
    pub heap_blocks: i64,
    /// Bytes asked for while they were made.
    pub allocated_bytes: u64,
    /// Blocks asked for while they were made.
    pub allocated_blocks: u64,
    /// Bytes of the container in which they were kept for counting; part of no other figure.
    pub container_bytes: i64,
    /// Bytes still live after all were dropped: a leak, or something shared that grows.
    pub left_bytes: i64,
}

/// Makes many objects and says what they hold. `make` is given their numbers from 0 on.
///
/// The first is made twice: once before anything is counted, so that what only the first fills
/// (lazy tables, thread-locals) is not spread over the others. What objects share counts only if
/// they make it: a clone of an [`Arc`](std::sync::Arc) is a pointer.
///
/// Other threads must rest meanwhile, for what they allocate is counted as well.
///
/// ```
/// use std::num::NonZeroUsize;
/// use memory_probe::{Counting, footprint};
///
/// #[global_allocator]
/// static ALLOCATOR: Counting<std::alloc::System> = Counting::new(std::alloc::System);
///
/// # fn main() -> Result<(), memory_probe::ProbeError> {
/// const MANY: NonZeroUsize = NonZeroUsize::new(100).unwrap();
/// let beliefs = footprint(MANY, |_| vec![0.25_f64; 4])?;
/// assert_eq!(beliefs.bytes(), (size_of::<Vec<f64>>() + 4 * 8) as f64);
/// assert_eq!(beliefs.blocks(), 1.0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ProbeError::NotCounting`].
pub fn footprint<T>(
    objects: NonZeroUsize,
    mut make: impl FnMut(usize) -> T,
) -> Result<Footprint, ProbeError> {
    ensure_counting()?;
    drop(black_box(make(0)));
    let before = Account::now();
    let mut container = Vec::with_capacity(objects.get());
    let empty = Account::now();
    for number in 0..objects.get() {
        container.push(black_box(make(number)));
    }
    let full = Account::now();
    drop(container);
    let made = full.since(&empty);
    Ok(Footprint {
        objects,
        inline_bytes: size_of::<T>(),
        heap_bytes: made.live_bytes(),
        heap_blocks: made.live_blocks(),
        allocated_bytes: made.allocated_bytes,
        allocated_blocks: made.allocated_blocks(),
        container_bytes: empty.since(&before).live_bytes(),
        left_bytes: Account::now().since(&before).live_bytes(),
    })
}

impl Footprint {
    /// Bytes of one object: its own fields and the heap behind them.
    #[must_use]
    pub fn bytes(&self) -> f64 {
        self.inline_bytes as f64 + self.heap_bytes as f64 / self.count()
    }

    /// Heap blocks of one object.
    #[must_use]
    pub fn blocks(&self) -> f64 {
        self.heap_blocks as f64 / self.count()
    }

    /// Heap bytes that making one object took and gave back.
    #[must_use]
    pub fn transient_bytes(&self) -> f64 {
        (self.allocated_bytes as f64 - self.heap_bytes as f64) / self.count()
    }

    /// The same in percent of all that was asked for; 0 if nothing was.
    #[must_use]
    pub fn transient_percent(&self) -> f64 {
        let each = self.allocated_bytes as f64 / self.count();
        if each == 0.0 { 0.0 } else { 100.0 * self.transient_bytes() / each }
    }

    /// What one object holds beyond the sum of its parts, in percent of what it holds: capacity to
    /// spare, counters, or something that the sum forgot. Below zero the sum has too much.
    #[must_use]
    pub fn spare_percent(&self, parts: f64) -> f64 {
        let bytes = self.bytes();
        if bytes == 0.0 { 0.0 } else { 100.0 * (bytes - parts) / bytes }
    }

    fn count(&self) -> f64 {
        self.objects.get() as f64
    }
}
