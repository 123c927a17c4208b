//! Senders and receivers at once, and the time that they take together.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use router::workload::Traffic;

/// What came of a run.
pub struct Ran {
    /// The checksum over who received what.
    pub sum: u64,
    /// From when the first sender began until the last receiver had everything. Starting threads
    /// and opening queues is before that.
    pub time: Duration,
}

impl Ran {
    /// Of when each sender began, and what each receiver found and when it had everything.
    pub fn of(began: &[Instant], received: &[(u64, Instant)]) -> Self {
        let ended = received.iter().map(|(_, ended)| ended).max().unwrap();
        Self {
            sum: received.iter().fold(0, |sum, (own, _)| sum.wrapping_add(*own)),
            time: *ended - *began.iter().min().unwrap(),
        }
    }
}

/// How many messages each agent will receive.
pub fn received(traffic: Traffic) -> Vec<u64> {
    let mut counts = vec![0; traffic.agents as usize];
    for (to, _) in (0..traffic.senders).flat_map(|sender| traffic.sends(sender)) {
        counts[to] += 1;
    }
    counts
}

/// A thread for each, all of which begin together; receivers answer their checksum.
pub fn on_threads<S, R>(senders: Vec<S>, receivers: Vec<R>) -> Ran
where
    S: FnOnce() + Send,
    R: FnOnce() -> u64 + Send,
{
    let ready = &Barrier::new(senders.len() + receivers.len());
    thread::scope(|scope| {
        let receive = |receive: R| {
            scope.spawn(move || {
                ready.wait();
                (receive(), Instant::now())
            })
        };
        let receivers: Vec<_> = receivers.into_iter().map(receive).collect();
        let send = |send: S| {
            scope.spawn(move || {
                ready.wait();
                let began = Instant::now();
                send();
                began
            })
        };
        let senders: Vec<_> = senders.into_iter().map(send).collect();
        let began: Vec<_> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
        let received: Vec<_> = receivers.into_iter().map(|end| end.join().unwrap()).collect();
        Ran::of(&began, &received)
    })
}
