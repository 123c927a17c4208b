//! Waiting by blocking the thread: executors for one future.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

/// Wakes a thread.
struct Parked {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Parked {
    fn here() -> Arc<Self> {
        Arc::new(Self { thread: thread::current(), is_woken: AtomicBool::new(false) })
    }

    fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::Acquire)
    }
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

/// Looks again and again for a little while before a thread sleeps: to sleep and be woken takes
/// longer than most waits for another thread that is at work.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    looks: u32,
}

impl Patience {
    /// Looks between which the processor just pauses, each time twice as long.
    const PAUSES: u32 = 7;
    /// Looks after that, between which other threads may run.
    const YIELDS: u32 = 4;

    /// Whether to look once more, after a moment.
    pub(crate) fn is_left(&mut self) -> bool {
        if self.looks >= Self::PAUSES + Self::YIELDS {
            return false;
        }
        if self.looks < Self::PAUSES {
            for _ in 0..1 << self.looks {
                spin_loop();
            }
        } else {
            thread::yield_now();
        }
        self.looks += 1;
        true
    }
}

/// Polls until ready.
pub(crate) fn block_on<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    let parked = Parked::here();
    let waker = Waker::from(Arc::clone(&parked));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = poll(&mut context) {
            return value;
        }
        while !parked.take() {
            thread::park();
        }
    }
}

/// Polls until ready; none if the deadline comes first.
pub(crate) fn block_until<T>(
    deadline: Instant,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let parked = Parked::here();
    let waker = Waker::from(Arc::clone(&parked));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = poll(&mut context) {
            return Some(value);
        }
        while !parked.take() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }
}
