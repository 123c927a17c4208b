//! The order in which messages leave a queue, and what it costs by itself: one thread puts a
//! thousand into it, then takes them out, with a lock for each.
//!
//! Nobody routes by the last in, first out; it is here to show what other orders cost beside it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Mutex;
use std::time::Instant;

use router::workload::{BURST, Message, Traffic, noted};
use router::{Envelope, Priority};

use super::run::Ran;
use super::threads::{BOUNDED, open, router_for};

pub fn fifo_by_deque(traffic: Traffic) -> Ran {
    locked::<VecDeque<Message>>(traffic)
}

pub fn lifo_by_vec(traffic: Traffic) -> Ran {
    locked::<Vec<Message>>(traffic)
}

pub fn priority_by_heap(traffic: Traffic) -> Ran {
    locked::<BinaryHeap<Ranked>>(traffic)
}

pub fn fifo_by_router(traffic: Traffic) -> Ran {
    by_router(traffic, |message| Envelope::new(None, message))
}

pub fn priority_by_router(traffic: Traffic) -> Ran {
    by_router(traffic, |message| Envelope::new(None, message).with_priority(priority(&message)))
}

/// A quarter of the messages of each.
fn priority(message: &Message) -> Priority {
    Priority::ALL[message[0] as usize % Priority::ALL.len()]
}

fn by_router(traffic: Traffic, envelope: impl Fn(Message) -> Envelope<Message>) -> Ran {
    let ((router, to), mut mailbox) = open(&router_for(traffic), BOUNDED);
    let put = |message| {
        router.send(to, envelope(message)).unwrap();
    };
    in_turn(traffic, put, || mailbox.receive().unwrap().message)
}

fn locked<Q: Ordered>(traffic: Traffic) -> Ran {
    let queue = Mutex::new(Q::default());
    let put = |message| queue.lock().unwrap().put(message);
    in_turn(traffic, put, || queue.lock().unwrap().take().unwrap())
}

fn in_turn(
    traffic: Traffic,
    mut put: impl FnMut(Message),
    mut take: impl FnMut() -> Message,
) -> Ran {
    let began = Instant::now();
    let (mut sends, mut sum) = (traffic.sends(0), 0);
    while sends.len() > 0 {
        let before = sends.len();
        sends.by_ref().take(BURST).for_each(|(_, message)| put(message));
        for _ in sends.len()..before {
            sum = noted(sum, 0, take());
        }
    }
    Ran::of(&[began], &[(sum, Instant::now())])
}

/// A collection with an order in which messages leave it.
trait Ordered: Default {
    fn put(&mut self, message: Message);
    fn take(&mut self) -> Option<Message>;
}

impl Ordered for VecDeque<Message> {
    fn put(&mut self, message: Message) {
        self.push_back(message);
    }

    fn take(&mut self) -> Option<Message> {
        self.pop_front()
    }
}

impl Ordered for Vec<Message> {
    fn put(&mut self, message: Message) {
        self.push(message);
    }

    fn take(&mut self) -> Option<Message> {
        self.pop()
    }
}

impl Ordered for BinaryHeap<Ranked> {
    fn put(&mut self, message: Message) {
        // A sender's messages are numbered, so that those of one priority stay in order.
        self.push(Ranked { key: (priority(&message), Reverse(message[0])), message });
    }

    fn take(&mut self) -> Option<Message> {
        self.pop().map(|ranked| ranked.message)
    }
}

struct Ranked {
    key: (Priority, Reverse<u64>),
    message: Message,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}
