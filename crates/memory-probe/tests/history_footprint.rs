//! A history's account of itself is the allocator's.
//!
//! A binary of its own with no test harness, because it owns the global allocator and its counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::System;

use memory_probe::history::{self, History, Sealed, Traffic};
use memory_probe::workload::history::Layout;
use memory_probe::{Account, Counting};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

fn main() {
    // First, so that this thread has no bench yet.
    a_threads_own_is_told();
    a_threads_own_does_not_grow();
    for layout in Layout::ALL {
        for messages in [0, 1, 10, 64, 65, 1_000, 5_000] {
            agrees(layout, messages);
        }
        println!("ok: {}", layout.name());
    }
}

fn agrees(layout: Layout, messages: usize) {
    // What this thread compresses and unpacks with is none of the history's.
    let mut other = layout.history(messages.max(16));
    for message in Traffic::new(2).take(messages) {
        other.append(message).unwrap();
    }
    drop(other.get(other.first()));
    drop(other);
    let before = Account::now();
    let mut history = layout.history(messages.max(16));
    for message in Traffic::new(2).take(messages) {
        history.append(message).unwrap();
    }
    // Also what reading allocates for itself.
    drop(history.get(history.first()));
    let held = Account::now().since(&before).live_bytes();
    let boxed = size_of_val(&*history) as i64;
    assert_eq!(
        history.heap_bytes() as i64,
        held - boxed,
        "{} of {messages} messages: account against allocator",
        layout.name()
    );
    drop(history);
    assert_eq!(Account::now().since(&before).live_bytes(), 0, "{} leaves memory", layout.name());
}

fn a_threads_own_is_told() {
    /// Of zstd's blocks, which it does not count.
    const HEADERS: i64 = 100;
    let before = Account::now();
    let mut history = Sealed::default();
    for message in Traffic::new(2).take(200) {
        history.append(message).unwrap();
    }
    drop(history.get(0));
    let told = history::thread_bytes() as i64;
    drop(history);
    let held = Account::now().since(&before).live_bytes();
    assert!((0..HEADERS).contains(&(held - told)), "{held} bytes are held, {told} are told");
    println!("ok: {told} bytes a thread");
}

/// Whichever block comes, the thread's own stays as large as it was with the first.
fn a_threads_own_does_not_grow() {
    let first = history::thread_bytes();
    for seed in 0..300 {
        let mut history = Sealed::default();
        for message in Traffic::new(seed).take(70) {
            history.append(message).unwrap();
        }
        drop(history.get(0));
        assert_eq!(history::thread_bytes(), first, "seed {seed}");
    }
    println!("ok: {first} bytes a thread after 300 histories");
}
