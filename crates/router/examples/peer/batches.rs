//! By the batch on both ends: an outbox, and what is in the mailbox at once.

use std::thread;

use router::workload::{Message, Sends, noted};
use router::{AgentId, Envelope, Mailbox, Outbox, ReceiveError, SendError};

/// Sends everything, handed over where the outbox does so by itself and at the end. Without room on
/// the way it tries again.
pub fn send(
    mut outbox: Outbox<Message>,
    agents: &[AgentId],
    sends: Sends,
) -> Result<(), SendError<Message>> {
    for (to, message) in sends {
        let mut next = Envelope::new(None, message);
        while let Err(error) = outbox.send(agents[to], next) {
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

/// Receives so many messages, at most `most` at once, and blocks where there are none; answers the
/// checksum.
pub fn receive(
    mailbox: &mut Mailbox<Message>,
    messages: u64,
    most: usize,
) -> Result<u64, ReceiveError> {
    let (mut sum, mut batch) = (0, Vec::with_capacity(most));
    let mut left = messages;
    while left > 0 {
        left -= mailbox.receive_many(most, &mut batch)? as u64;
        for envelope in batch.drain(..) {
            sum = noted(sum, mailbox.id().index(), envelope.message);
        }
    }
    Ok(sum)
}
