//! Asking for a reply.

use std::task::Context;
use std::time::Instant;

use crate::parking::block_until;
use crate::{AgentId, Envelope, Mailbox, MailboxOptions, ReceiveError, RequestError, Router, Sent};

impl<M> Router<M> {
    /// Sends a message and waits for the reply, no longer than until a deadline.
    ///
    /// The request comes from an agent that is there for this one reply: whoever receives it
    /// [replies](Self::reply) to it. A request that was not received by the deadline is dropped, a
    /// reply that comes later is a dead letter; both are counted.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn request(
        &self,
        to: AgentId,
        message: M,
        deadline: Instant,
    ) -> Result<Envelope<M>, RequestError<M>> {
        let mut asker = self.mailbox(MailboxOptions::default())?;
        let left = deadline.saturating_duration_since(Instant::now());
        let envelope = Envelope::expiring(asker.id(), message, left);
        is_there(to, self.send_until(to, envelope, deadline)?)?;
        let reply = block_until(deadline, |context: &mut Context<'_>| asker.poll_receive(context));
        match reply {
            Some(reply) => reply.map_err(|error| no_reply(to, error)),
            None => Err(RequestError::TimedOut(to)),
        }
    }

    /// As [`request`](Self::request), but awaits the reply; works in any executor, whose own timeout
    /// may drop the future.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn request_async(
        &self,
        to: AgentId,
        message: M,
    ) -> Result<Envelope<M>, RequestError<M>> {
        let mut asker: Mailbox<M> = self.mailbox(MailboxOptions::default())?;
        is_there(to, self.send_async(to, Envelope::new(asker.id(), message)).await?)?;
        asker.receive_async().await.map_err(|error| no_reply(to, error))
    }

    /// Replies to a request; to a message from outside there is nobody to reply to.
    ///
    /// # Errors
    /// The reply back: [`RequestError::NobodyAsked`], or what [`send`](Self::send) says.
    pub fn reply(
        &self,
        request: &Envelope<M>,
        from: impl Into<Option<AgentId>>,
        message: M,
    ) -> Result<Sent, RequestError<M>> {
        let envelope = Envelope::new(from, message);
        match request.from {
            Some(asker) => Ok(self.send(asker, envelope)?),
            None => Err(RequestError::NobodyAsked(envelope)),
        }
    }
}

fn is_there<M>(to: AgentId, sent: Sent) -> Result<(), RequestError<M>> {
    match sent {
        Sent::Queued => Ok(()),
        Sent::Dropped => Err(RequestError::Dropped(to)),
        Sent::DeadLetter => Err(RequestError::NoSuchAgent(to)),
    }
}

/// The agent of a request goes only with its router.
fn no_reply<M>(to: AgentId, error: ReceiveError) -> RequestError<M> {
    match error {
        ReceiveError::Empty(_) => RequestError::TimedOut(to),
        ReceiveError::Closed(_) | ReceiveError::NoSuchAgent(_) => RequestError::Closed(to),
    }
}
