//! One thread sends, another receives.

use std::thread;

use measure::LatencyRecorder;
use measure::pacing::{Schedule, run_one_way};
use measure::peer::Refused;
use router::workload::{Traffic, noted};

use crate::channels::{CAPACITY, Channel};

/// One message at a time.
pub fn single<C: Channel>(traffic: Traffic) -> Result<u64, Refused> {
    between_threads::<C>(traffic, |receiver| {
        (0..traffic.messages).try_fold(0, |sum, _| Some(noted(sum, 0, C::receive(receiver)?)))
    })
}

/// All that is there at once.
pub fn batches<C: Channel>(traffic: Traffic) -> Result<u64, Refused> {
    between_threads::<C>(traffic, |receiver| {
        let mut batch = Vec::with_capacity(CAPACITY);
        let mut left = traffic.messages;
        let mut sum = 0;
        while left > 0 {
            C::receive_batch(receiver, &mut batch);
            if batch.is_empty() {
                return None;
            }
            left -= batch.len() as u64;
            for message in batch.drain(..) {
                sum = noted(sum, 0, message);
            }
        }
        Some(sum)
    })
}

fn between_threads<C: Channel>(
    traffic: Traffic,
    receive: impl FnOnce(&mut C::Receiver) -> Option<u64>,
) -> Result<u64, Refused> {
    let (sender, mut receiver) = C::open();
    let send = move || traffic.sends(0).all(|(_, message)| C::send(&sender, message));
    thread::scope(|scope| {
        let sending = scope.spawn(send);
        let sum = receive(&mut receiver);
        // What still waits for room need not.
        drop(receiver);
        match sending.join() {
            Ok(true) => Ok(sum.ok_or("a message did not come")?),
            Ok(false) => Err("a message could not be sent".into()),
            Err(_) => Err("the thread that sends panicked".into()),
        }
    })
}

/// One message at a time by a timetable, to a receiver that waits.
pub fn paced<C: Channel>(schedule: Schedule) -> Result<LatencyRecorder, Refused> {
    let (sender, mut receiver) = C::open();
    let send = move |message| C::send(&sender, message);
    Ok(run_one_way(schedule, send, || C::receive(&mut receiver))?.latency)
}
