//! Queues between threads, which block.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::mpsc;

use router::workload::{Message, Traffic, noted};
use router::{AgentId, Envelope, Mailbox, MailboxOptions, Router, RouterOptions, WhenFull};

use super::CAPACITY;
use super::run::{Ran, on_threads, received};
use crate::batches;

/// At most so many messages; senders wait.
pub const BOUNDED: MailboxOptions =
    MailboxOptions::bounded(NonZeroU32::new(CAPACITY as u32).unwrap(), WhenFull::Wait);

/// One message at a time, by a queue for each receiver.
fn run<S: Clone + Send, R: Send>(
    traffic: Traffic,
    open: impl FnMut() -> (S, R),
    send: impl Fn(&S, Message) + Sync,
    receive: impl Fn(&mut R) -> Message + Sync,
) -> Ran {
    let (ends, queues): (Vec<S>, Vec<R>) =
        std::iter::repeat_with(open).take(traffic.agents as usize).unzip();
    let (send, receive) = (&send, &receive);
    let sender = |number| {
        let ends = ends.clone();
        move || traffic.sends(number).for_each(|(to, message)| send(&ends[to], message))
    };
    let receiver = |((mut queue, messages), agent): ((R, u64), u32)| {
        move || (0..messages).fold(0, |sum, _| noted(sum, agent, receive(&mut queue)))
    };
    on_threads(
        (0..traffic.senders).map(sender).collect(),
        queues.into_iter().zip(received(traffic)).zip(0..).map(receiver).collect(),
    )
}

pub fn std_bounded(traffic: Traffic) -> Ran {
    run(
        traffic,
        || mpsc::sync_channel(CAPACITY),
        |to, message| to.send(message).unwrap(),
        |from| from.recv().unwrap(),
    )
}

pub fn std_unbounded(traffic: Traffic) -> Ran {
    run(
        traffic,
        mpsc::channel,
        |to, message| to.send(message).unwrap(),
        |from| from.recv().unwrap(),
    )
}

pub fn flume_bounded(traffic: Traffic) -> Ran {
    flume(traffic, || flume::bounded(CAPACITY))
}

pub fn flume_unbounded(traffic: Traffic) -> Ran {
    flume(traffic, flume::unbounded)
}

fn flume(
    traffic: Traffic,
    open: impl FnMut() -> (flume::Sender<Message>, flume::Receiver<Message>),
) -> Ran {
    run(traffic, open, |to, message| to.send(message).unwrap(), |from| from.recv().unwrap())
}

pub fn router_bounded(traffic: Traffic) -> Ran {
    router(traffic, BOUNDED)
}

pub fn router_unbounded(traffic: Traffic) -> Ran {
    router(traffic, MailboxOptions::UNBOUNDED)
}

fn router(traffic: Traffic, options: MailboxOptions) -> Ran {
    let router = router_for(traffic);
    run(
        traffic,
        || open(&router, options),
        |(router, to), message| {
            router.send(*to, Envelope::new(None, message)).unwrap();
        },
        |mailbox| mailbox.receive().unwrap().message,
    )
}

/// A shard for each receiver.
pub fn router_for(traffic: Traffic) -> Router<Message> {
    Router::new(RouterOptions {
        shards: NonZeroUsize::new(traffic.agents as usize).unwrap(),
        in_flight: CAPACITY,
        ..RouterOptions::default()
    })
}

/// The two ends of a mailbox.
pub fn open(
    router: &Router<Message>,
    options: MailboxOptions,
) -> ((Router<Message>, AgentId), Mailbox<Message>) {
    let mailbox = router.mailbox(options).unwrap();
    ((router.clone(), mailbox.id()), mailbox)
}

/// Outboxes, and all that is in a mailbox at once.
pub fn router_batches(traffic: Traffic) -> Ran {
    let router = router_for(traffic);
    let (ends, mailboxes): (Vec<_>, Vec<_>) =
        (0..traffic.agents).map(|_| open(&router, BOUNDED)).unzip();
    let agents: &[AgentId] = &ends.iter().map(|(_, agent)| *agent).collect::<Vec<_>>();
    let sender = |number| {
        let outbox = router.outbox();
        move || batches::send(outbox, agents, traffic.sends(number)).unwrap()
    };
    let receiver = |(mut mailbox, messages): (Mailbox<Message>, u64)| {
        move || batches::receive(&mut mailbox, messages, CAPACITY).unwrap()
    };
    on_threads(
        (0..traffic.senders).map(sender).collect(),
        mailboxes.into_iter().zip(received(traffic)).map(receiver).collect(),
    )
}
