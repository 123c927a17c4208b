//! Those who wait in a shard: receivers for messages, senders for room, drains for the end.

use std::mem::{replace, take};
use std::task::{Poll, Waker};

use super::{Full, Gone, Place, Shard, find};
use crate::aftermath::Aftermath;
use crate::aside::{Sender, Ticket};
use crate::{Envelope, Sent};

/// Whether a sender waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    Yes,
    /// Its message was taken.
    No,
    /// The agent is gone.
    ForNobody,
}

impl<M> Shard<M> {
    /// Has the agent's receiver woken by the next message.
    pub(crate) fn wait_to_receive(
        &mut self,
        at: Place,
        waker: &Waker,
        after: &mut Aftermath<M>,
    ) -> Result<(), Gone> {
        let slot = find(&mut self.slots, at).ok_or(Gone)?;
        self.asides.add_receiver(&mut slot.ticket, waker, after);
        Ok(())
    }

    /// A receiver no longer waits.
    pub(crate) fn stop_receiving(&mut self, at: Place, after: &mut Aftermath<M>) {
        if let Some(slot) = find(&mut self.slots, at)
            && let Some(waker) = self.asides.receiver(slot.ticket)
        {
            after.forget(waker);
        }
    }

    /// As [`offer`](Self::offer), but keeps a message that finds no room, under a number, until
    /// there is some.
    pub(crate) fn offer_or_wait(
        &mut self,
        to: Place,
        envelope: Envelope<M>,
        number: u64,
        waker: &Waker,
        after: &mut Aftermath<M>,
    ) -> Poll<Result<Sent, Envelope<M>>> {
        match self.offer(to, envelope, after) {
            Ok(sent) => Poll::Ready(Ok(sent)),
            Err(Full { envelope, waits: false }) => Poll::Ready(Err(envelope)),
            Err(Full { envelope, waits: true }) => {
                let slot = &mut self.slots[to.slot as usize];
                slot.looks_aside = true;
                let sender = Sender { envelope, waker: waker.clone() };
                self.asides.add_sender(&mut slot.ticket, number, sender);
                Poll::Pending
            }
        }
    }

    /// Has a sender that waits woken by another waker; whether it still waits.
    pub(crate) fn wait_on(
        &mut self,
        to: Place,
        number: u64,
        waker: &Waker,
        after: &mut Aftermath<M>,
    ) -> Waits {
        let Some(sender) = self.asides.sender(number) else { return Waits::No };
        if find(&mut self.slots, to).is_none() {
            return Waits::ForNobody;
        }
        if !sender.waker.will_wake(waker) {
            after.forget(replace(&mut sender.waker, waker.clone()));
        }
        Waits::Yes
    }

    /// What a sender that waits wanted to send, which it then has not; none if it was taken.
    pub(crate) fn withdraw(
        &mut self,
        to: Place,
        number: u64,
        after: &mut Aftermath<M>,
    ) -> Option<Envelope<M>> {
        let ticket = find(&mut self.slots, to).map_or(Ticket::NONE, |s| s.ticket);
        let Sender { envelope, waker } = self.asides.take_sender(ticket, number)?;
        after.forget(waker);
        Some(envelope)
    }

    /// Whether no message is left; else the waker is woken when that is so.
    pub(crate) fn wait_until_empty(&mut self, waker: &Waker) -> bool {
        let is_empty = self.queued() == 0;
        if !is_empty && !self.on_empty.iter().any(|known| known.will_wake(waker)) {
            self.on_empty.push(waker.clone());
        }
        is_empty
    }

    /// To be called when work is done.
    #[inline]
    pub(crate) fn tell_if_empty(&mut self, after: &mut Aftermath<M>) {
        if !self.on_empty.is_empty() && self.queued() == 0 {
            for waker in take(&mut self.on_empty) {
                after.wake(waker);
            }
        }
    }

    /// How many wait to receive.
    #[inline]
    pub(crate) fn receivers(&self) -> usize {
        self.asides.receivers()
    }

    /// Everybody who waits is to look again.
    pub(crate) fn wake_all(&mut self, after: &mut Aftermath<M>) {
        self.asides.wake_all(after);
    }
}
