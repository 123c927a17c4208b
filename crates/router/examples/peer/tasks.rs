//! A task for each agent, which awaits its messages, and a task for each sender.

use std::num::NonZeroUsize;
use std::sync::Arc;

use measure::peer::Refused;
use router::workload::{BURST, Message, Sends, Traffic, noted};
use router::{
    AgentId, Envelope, Mailbox, MailboxOptions, Outbox, ReceiveError, Router, RouterOptions,
    SendError,
};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

/// Messages that a shard may have before its senders yield: as many as stay in the caches.
const IN_FLIGHT: usize = 4_096;

/// A thousand receivers, and two who send to them.
pub const TASKS_1000: Traffic = Traffic { agents: 1_000, senders: 2, messages: 200_000 };

/// A runtime with so many threads.
pub fn runtime(threads: u32) -> Result<Runtime, Refused> {
    Ok(Builder::new_multi_thread().worker_threads(threads as usize).build()?)
}

/// Sends and receives every message; answers the checksum. The router and its tasks are made anew.
pub fn run(runtime: &Runtime, traffic: Traffic) -> Result<u64, Refused> {
    let shards = NonZeroUsize::new(traffic.senders as usize).unwrap_or(NonZeroUsize::MIN);
    let router =
        Router::new(RouterOptions { shards, in_flight: IN_FLIGHT, ..RouterOptions::default() });
    let mailboxes: Vec<_> = (0..traffic.agents)
        .map(|_| router.mailbox(MailboxOptions::default()))
        .collect::<Result<_, _>>()?;
    let agents: Arc<[AgentId]> = mailboxes.iter().map(Mailbox::id).collect();
    runtime.block_on(async {
        let receivers: Vec<_> =
            mailboxes.into_iter().map(|mailbox| runtime.spawn(receive(mailbox))).collect();
        let senders: Vec<_> = (0..traffic.senders)
            .map(|sender| send(router.outbox(), Arc::clone(&agents), traffic.sends(sender)))
            .map(|sender| runtime.spawn(sender))
            .collect();
        for sender in senders {
            sender.await??;
        }
        router.close();
        let mut sum = 0_u64;
        for receiver in receivers {
            sum = sum.wrapping_add(receiver.await??);
        }
        Ok(sum)
    })
}

async fn send(
    mut outbox: Outbox<Message>,
    agents: Arc<[AgentId]>,
    mut sends: Sends,
) -> Result<(), SendError<Message>> {
    while sends.len() > 0 {
        for (to, message) in sends.by_ref().take(BURST) {
            let mut next = Envelope::new(None, message);
            while let Err(error) = outbox.send(agents[to], next) {
                match error {
                    SendError::Full { envelope, .. } => next = envelope,
                    SendError::Closed { .. } => return Err(error),
                }
                yield_now().await;
            }
        }
        outbox.flush();
        yield_now().await;
    }
    Ok(())
}

/// All that is there at once, then the next one whenever it comes.
async fn receive(mut mailbox: Mailbox<Message>) -> Result<u64, ReceiveError> {
    let agent = mailbox.id().index();
    let (mut sum, mut batch) = (0, Vec::new());
    loop {
        match mailbox.receive_many_async(BURST, &mut batch).await {
            Ok(_) => {}
            Err(ReceiveError::Closed(_)) => return Ok(sum),
            Err(error) => return Err(error),
        }
        for envelope in batch.drain(..) {
            sum = noted(sum, agent, envelope.message);
        }
    }
}
