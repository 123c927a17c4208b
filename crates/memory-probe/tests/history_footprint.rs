//! A history's account of itself is the allocator's.
//!
//! A binary of its own with no test harness, because it owns the global allocator and its counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::System;

use memory_probe::history::Traffic;
use memory_probe::workload::history::Layout;
use memory_probe::{Account, Counting};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

fn main() {
    for layout in Layout::ALL {
        for messages in [0, 1, 10, 64, 65, 1_000, 5_000] {
            agrees(layout, messages);
        }
        println!("ok: {}", layout.name());
    }
}

fn agrees(layout: Layout, messages: usize) {
    let before = Account::now();
    let mut history = layout.history(messages.max(8));
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
