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

use crate::batches;

/// Most messages on the way.
const CAPACITY: u32 = 1_024;

/// By the batch on both ends: an outbox, and all that is in the mailbox at once.
pub fn by_batch(traffic: Traffic) -> Result<u64, Refused> {
    let router = one_shard();
    let receive = |mailbox: &mut Mailbox<Message>| {
        batches::receive(mailbox, traffic.messages, CAPACITY as usize)
    };
    between_threads(&router, |to| batches::send(router.outbox(), &[to], traffic.sends(0)), receive)
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
    between_threads(&router, |to| batches::send(router.outbox(), &[to], traffic.sends(0)), receive)
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
        in_flight: CAPACITY as usize,
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
