//! Every order in which threads may meet in a cell, by loom:
//! `RUSTFLAGS="--cfg router_loom" cargo test --release -p router --lib cell`.

use std::num::NonZeroU32;
use std::task::{Wake, Waker};

use loom::sync::Arc;
use loom::sync::atomic::AtomicUsize as Count;
use loom::thread;

use super::*;
use crate::mailbox::MailboxOptions;

/// Counts how often it was woken.
struct Bell(Count);

impl Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A receiver that has looked, and waits if there was nothing.
struct Receiver {
    bell: std::sync::Arc<Bell>,
    cell: Arc<Cell<u32>>,
    place: Place,
}

impl Receiver {
    fn new(cell: &Arc<Cell<u32>>, place: Place) -> Self {
        let bell = std::sync::Arc::new(Bell(Count::new(0)));
        Self { bell, cell: Arc::clone(cell), place }
    }

    /// As a future does when it is polled.
    fn poll(&self) -> Option<u32> {
        let waker = Waker::from(std::sync::Arc::clone(&self.bell));
        self.cell.with(|shard, after| {
            let received = shard.receive(self.place, after).unwrap();
            if received.is_none() {
                shard.wait_to_receive(self.place, &waker, after).unwrap();
            }
            received.map(|envelope| envelope.message)
        })
    }

    fn rung(&self) -> usize {
        self.bell.0.load(Ordering::SeqCst)
    }
}

fn cell() -> (Arc<Cell<u32>>, Place) {
    let cell = Arc::new(Cell::new(0, None));
    let options = MailboxOptions { capacity: NonZeroU32::new(8), ..MailboxOptions::default() };
    let place = cell.with(|shard, _| shard.register(options, 8)).unwrap();
    (cell, place)
}

fn leave(cell: &Cell<u32>, to: Place, message: u32) {
    let mut batch = Batch { transfers: Vec::new(), timed: None };
    batch.transfers.push((to, Envelope::new(None, message)));
    assert!(cell.leave(&mut batch, 8));
}

#[test]
fn a_receiver_that_waits_is_woken_by_a_batch_that_is_left_at_the_same_time() {
    loom::model(|| {
        let (cell, place) = cell();
        let receiver = Receiver::new(&cell, place);
        let sender = thread::spawn(move || leave(&cell, place, 7));
        let at_once = receiver.poll();
        sender.join().unwrap();
        match at_once {
            Some(message) => assert_eq!(message, 7),
            None => {
                assert_eq!(receiver.rung(), 1, "it sleeps and nobody wakes it");
                assert_eq!(receiver.poll(), Some(7));
            }
        }
    });
}

#[test]
fn a_batch_that_is_left_while_the_shard_is_held_wakes_who_waits() {
    loom::model(|| {
        let (cell, place) = cell();
        let receiver = Receiver::new(&cell, place);
        assert_eq!(receiver.poll(), None);
        let holder = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.with(|shard, _| shard.agents()))
        };
        leave(&cell, place, 7);
        holder.join().unwrap();
        assert_eq!(receiver.rung(), 1, "it sleeps and nobody wakes it");
        assert_eq!(receiver.poll(), Some(7));
    });
}

#[test]
fn batches_of_two_senders_and_a_message_all_arrive() {
    let mut orders = loom::model::Builder::new();
    orders.preemption_bound = Some(3);
    orders.check(|| {
        let (cell, place) = cell();
        let receiver = Receiver::new(&cell, place);
        let first = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                leave(&cell, place, 1);
                leave(&cell, place, 2);
            })
        };
        let second = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let envelope = Envelope::new(None, 3);
                cell.with(|shard, after| shard.offer(place, envelope, after).unwrap());
            })
        };
        let mut received: Vec<_> = receiver.poll().into_iter().collect();
        first.join().unwrap();
        second.join().unwrap();
        if received.is_empty() {
            assert!(receiver.rung() > 0, "it sleeps and nobody wakes it");
        }
        received.extend(std::iter::from_fn(|| receiver.poll()));
        let of_first: Vec<_> = received.iter().filter(|message| **message < 3).collect();
        assert_eq!(of_first, [&1, &2], "the order of a sender");
        assert_eq!(received.len(), 3);
        assert!(cell.accounts().balance());
    });
}
