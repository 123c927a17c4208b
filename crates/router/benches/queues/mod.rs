//! The jobs of the group `queues`: 64-byte messages from some senders to some receivers, each of
//! which has a queue of its own.
//!
//! Who sends what to whom, and the checksum over who received it, are the router's own traffic.

mod orders;
mod run;
mod tasks;
mod threads;

use std::time::Duration;

use router::workload::Traffic;

use run::Ran;

/// Messages in one run, which senders share evenly.
pub const MESSAGES: u64 = 100_000;

/// Most messages in a bounded queue.
const CAPACITY: usize = 1_024;

const ONE_TO_ONE: Traffic = traffic(1, 1);
const FOUR_TO_ONE: Traffic = traffic(4, 1);
const FOUR_TO_FOUR: Traffic = traffic(4, 4);

const fn traffic(senders: u32, agents: u32) -> Traffic {
    Traffic { agents, senders, messages: MESSAGES }
}

/// One implementation under one load.
pub struct Job {
    /// Who sends to whom by what kind of queue.
    pub load: &'static str,
    /// The implementation.
    pub queue: &'static str,
    traffic: Traffic,
    way: fn(Traffic) -> Ran,
}

impl Job {
    const fn new(
        load: &'static str,
        queue: &'static str,
        traffic: Traffic,
        way: fn(Traffic) -> Ran,
    ) -> Self {
        Self { load, queue, traffic, way }
    }

    /// What every run must answer.
    pub fn expected(&self) -> u64 {
        self.traffic.checksum()
    }

    /// Sends and receives every message. A wrong answer ends the bench with an error.
    pub fn run(&self, expected: u64) -> Duration {
        let Ran { sum, time } = (self.way)(self.traffic);
        assert_eq!(sum, expected, "{}/{}: the checksum is wrong", self.load, self.queue);
        time
    }
}

/// Not all that could be combined, but what people choose between.
pub const JOBS: [Job; 26] = [
    Job::new("fifo", "router", ONE_TO_ONE, orders::fifo_by_router),
    Job::new("fifo", "locked_deque", ONE_TO_ONE, orders::fifo_by_deque),
    Job::new("lifo", "locked_vec", ONE_TO_ONE, orders::lifo_by_vec),
    Job::new("priority", "router", ONE_TO_ONE, orders::priority_by_router),
    Job::new("priority", "locked_heap", ONE_TO_ONE, orders::priority_by_heap),
    Job::new("one_to_one_bounded", "router", ONE_TO_ONE, threads::router_bounded),
    Job::new("one_to_one_bounded", "router_batches", ONE_TO_ONE, threads::router_batches),
    Job::new("one_to_one_bounded", "std", ONE_TO_ONE, threads::std_bounded),
    Job::new("one_to_one_bounded", "flume", ONE_TO_ONE, threads::flume_bounded),
    Job::new("one_to_one_unbounded", "router", ONE_TO_ONE, threads::router_unbounded),
    Job::new("one_to_one_unbounded", "std", ONE_TO_ONE, threads::std_unbounded),
    Job::new("one_to_one_unbounded", "flume", ONE_TO_ONE, threads::flume_unbounded),
    Job::new("four_to_one_bounded", "router", FOUR_TO_ONE, threads::router_bounded),
    Job::new("four_to_one_bounded", "router_batches", FOUR_TO_ONE, threads::router_batches),
    Job::new("four_to_one_bounded", "std", FOUR_TO_ONE, threads::std_bounded),
    Job::new("four_to_one_bounded", "flume", FOUR_TO_ONE, threads::flume_bounded),
    Job::new("four_to_four_bounded", "router", FOUR_TO_FOUR, threads::router_bounded),
    Job::new("four_to_four_bounded", "router_batches", FOUR_TO_FOUR, threads::router_batches),
    Job::new("four_to_four_bounded", "std", FOUR_TO_FOUR, threads::std_bounded),
    Job::new("four_to_four_bounded", "flume", FOUR_TO_FOUR, threads::flume_bounded),
    Job::new("async_one_to_one_bounded", "router", ONE_TO_ONE, tasks::router_bounded),
    Job::new("async_one_to_one_bounded", "flume", ONE_TO_ONE, tasks::flume_bounded),
    Job::new("async_one_to_one_bounded", "tokio", ONE_TO_ONE, tasks::tokio_bounded),
    Job::new("async_four_to_one_unbounded", "router", FOUR_TO_ONE, tasks::router_unbounded),
    Job::new("async_four_to_one_unbounded", "flume", FOUR_TO_ONE, tasks::flume_unbounded),
    Job::new("async_four_to_one_unbounded", "tokio", FOUR_TO_ONE, tasks::tokio_unbounded),
];
