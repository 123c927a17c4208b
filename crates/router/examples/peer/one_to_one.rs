//! One thread sends, another receives, and blocks where there is nothing.

use std::num::{NonZeroU32, NonZeroUsize};
use std::thread;

use measure::LatencyRecorder;
use measure::pacing::{Schedule, run_one_way};
use measure::peer::Refused;
use router::workload::{Message, Traffic, WorkloadError, noted};
use router::{
    AgentId, Envelope, Mailbox, MailboxOptions, ReceiveError, Router, RouterOptions, SendError,
    WhenFull,
};

/// Most messages on the way.
const CAPACITY: u32 = 1_024;

/// By the batch on both ends: an outbox, and all that is in the mailbox at once.
pub fn batches(traffic: Traffic) -> Result<u64, Refused> {
    let router = one_shard();
    let receive = |mailbox: &mut Mailbox<Message>| {
        let (mut sum, mut batch) = (0, Vec::with_capacity(CAPACITY as usize));
        let mut left = traffic.messages;
        while left > 0 {
            if mailbox.receive_batch(CAPACITY as usize, &mut batch)? == 0 {
                batch.push(mailbox.receive()?);
            }
            left -= batch.len() as u64;
            for envelope in batch.drain(..) {
                sum = noted(sum, mailbox.id().index(), envelope.message);
            }
        }
        Ok(sum)
    };
    between_threads(&router, |to| send_batches(&router, to, traffic), receive)
}

/// By an outbox to a thread that works on the receiver's shard.
pub fn on_the_shard(traffic: Traffic) -> Result<u64, Refused> {
    let router = one_shard();
    let receive = |mailbox: &mut Mailbox<Message>| {
        let (mut sum, mut left) = (0, traffic.messages);
        while left > 0 {
            let before = left;
            router.work(0, |desk| {
                while let Some((agent, envelope)) = desk.receive_any() {
                    sum = noted(sum, agent.index(), envelope.message);
                    left -= 1;
                }
            });
            if left == before {
                sum = noted(sum, mailbox.id().index(), mailbox.receive()?.message);
                left -= 1;
            }
        }
        Ok(sum)
    };
    between_threads(&router, |to| send_batches(&router, to, traffic), receive)
}

/// Without room on the way it tries again.
fn send_batches(
    router: &Router<Message>,
    to: AgentId,
    traffic: Traffic,
) -> Result<(), SendError<Message>> {
    let mut outbox = router.outbox();
    for (_, message) in traffic.sends(0) {
        let mut next = Envelope::new(None, message);
        while let Err(error) = outbox.send(to, next) {
            match error {
                SendError::Full { envelope, .. } => next = envelope,
                SendError::Closed { .. } => return Err(error),
            }
            thread::yield_now();
        }
    }
    while outbox.flush() > 0 {
        thread::yield_now();
    }
    Ok(())
}

/// One message at a time on both ends, each of which waits for the other.
pub fn single(traffic: Traffic) -> Result<u64, Refused> {
    let router = one_shard();
    let send = |to| {
        for (_, message) in traffic.sends(0) {
            router.send(to, Envelope::new(None, message))?;
        }
        Ok(())
    };
    let receive = |mailbox: &mut Mailbox<Message>| {
        (0..traffic.messages)
            .try_fold(0, |sum, _| Ok(noted(sum, mailbox.id().index(), mailbox.receive()?.message)))
    };
    between_threads(&router, send, receive)
}

/// One message at a time by a timetable, to a receiver that waits.
pub fn paced(schedule: Schedule) -> Result<LatencyRecorder, Refused> {
    let router = one_shard();
    let mut mailbox = router.mailbox(MailboxOptions::default())?;
    let to = mailbox.id();
    let send = |message| router.send(to, Envelope::new(None, message)).is_ok();
    let receive = || mailbox.receive().ok().map(|envelope| envelope.message);
    Ok(run_one_way(schedule, send, receive)?.latency)
}

fn one_shard() -> Router<Message> {
    Router::new(RouterOptions {
        shards: NonZeroUsize::MIN,
        in_transit: CAPACITY as usize,
        ..RouterOptions::default()
    })
}

/// Whoever fails closes the router, so that the other does not wait for it.
fn between_threads(
    router: &Router<Message>,
    send: impl FnOnce(AgentId) -> Result<(), SendError<Message>> + Send,
    receive: impl FnOnce(&mut Mailbox<Message>) -> Result<u64, ReceiveError>,
) -> Result<u64, Refused> {
    let capacity = NonZeroU32::new(CAPACITY).ok_or("a mailbox without room")?;
    let mut mailbox = router.mailbox(MailboxOptions::bounded(capacity, WhenFull::Wait))?;
    let to = mailbox.id();
    thread::scope(|scope| {
        let sender = scope.spawn(move || send(to).inspect_err(|_| router.close()));
        let received = receive(&mut mailbox).inspect_err(|_| router.close());
        sender.join().map_err(|_| WorkloadError::Panicked)??;
        Ok(received?)
    })
}
