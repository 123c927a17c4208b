//! Threads that each have a share of the agents send to all, then receive for their own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use measure::peer::Refused;
use router::workload::{Traffic, noted};

use crate::channels::Mailbox;

/// A mailbox for each agent, found by its index.
pub struct Agents<M: Mailbox> {
    senders: Vec<M::Sender>,
    /// `[thread]`: those of agents `thread`, `thread + threads`, ...
    receivers: Vec<Vec<M::Receiver>>,
}

impl<M: Mailbox> Agents<M> {
    pub fn new(traffic: Traffic) -> Self {
        let threads = traffic.senders as usize;
        let mut receivers: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
        let mut senders = Vec::new();
        for agent in 0..traffic.agents as usize {
            let (sender, receiver) = M::open();
            senders.push(sender);
            receivers[agent % threads].push(receiver);
        }
        Self { senders, receivers }
    }

    pub fn run(&mut self, traffic: Traffic) -> Result<u64, Refused> {
        let left = AtomicI64::new(traffic.messages as i64);
        let Self { senders, receivers } = self;
        let (left, senders) = (&left, &*senders);
        thread::scope(|scope| {
            let mut workers = Vec::new();
            for (thread, own) in (0..).zip(receivers) {
                workers.push(scope.spawn(move || work::<M>(traffic, thread, senders, own, left)));
            }
            workers.into_iter().try_fold(0_u64, |sum, worker| {
                let found = worker.join().map_err(|_| "a thread panicked")?;
                Ok(sum.wrapping_add(found.ok_or("a message could not be sent")?))
            })
        })
    }
}

/// A burst is as large as there are agents, so that few mailboxes are found empty.
fn work<M: Mailbox>(
    traffic: Traffic,
    thread: u32,
    senders: &[M::Sender],
    own: &mut [M::Receiver],
    left: &AtomicI64,
) -> Option<u64> {
    let mut sends = traffic.sends(thread);
    let mut batch = Vec::new();
    let mut sum = 0;
    while left.load(Ordering::Relaxed) > 0 {
        for (to, message) in sends.by_ref().take(traffic.agents as usize) {
            if !M::send(&senders[to], message) {
                left.store(0, Ordering::Relaxed);
                return None;
            }
        }
        let mut received = 0;
        for (agent, receiver) in (thread..).step_by(traffic.senders as usize).zip(&mut *own) {
            M::take_all(receiver, &mut batch);
            received += batch.len() as i64;
            for message in batch.drain(..) {
                sum = noted(sum, agent, message);
            }
        }
        if received == 0 {
            thread::yield_now();
        }
        left.fetch_sub(received, Ordering::Relaxed);
    }
    Some(sum)
}
