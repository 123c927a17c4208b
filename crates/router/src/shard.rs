//! The agents that share a lock: their mailboxes, and what becomes of each message.
//!
//! Nothing here waits, wakes, or drops what is not its own: that is left to the [`Aftermath`], once
//! the lock is free.

pub(crate) mod waiting;

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::task::Waker;
use std::time::Instant;

use crate::accounts::{Accounts, Reason};
use crate::aftermath::Aftermath;
use crate::aside::Asides;
use crate::dead_letters::{DeadLetters, Undelivered};
use crate::envelope::Envelope;
use crate::mailbox::{MailboxOptions, WhenFull};
use crate::priority::Priority;
use crate::queue::{Pool, Queue};
use crate::ready::Ready;
use crate::samples::{Countdown, Samples};
use crate::slot::Slot;
use crate::snapshot::{RouteUsage, ShardUsage};
use crate::tally::Tally;
use crate::watch::Watch;
use crate::{Depth, Route, Sent};

/// Where an agent lives in its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) owner: NonZeroU32,
}

/// A message that was not taken, back.
#[derive(Debug)]
pub(crate) struct Full<M> {
    pub(crate) envelope: Envelope<M>,
    /// Whether its sender is to wait for room.
    pub(crate) waits: bool,
}

/// The agent is not there, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

#[derive(Debug)]
pub(crate) struct Shard<M> {
    slots: Vec<Slot>,
    /// Slots without an agent, the last to become free last.
    free: Vec<u32>,
    messages: Pool<Envelope<M>>,
    /// Slots with messages, and some whose messages were received: each at most once.
    ready: Ready,
    asides: Asides<M>,
    tally: Tally,
    samples: Samples,
    until_sample: Countdown,
    dead: DeadLetters<M>,
    pub(crate) watch: Watch,
    /// Who waits until no message is left.
    on_empty: Vec<Waker>,
}

impl<M> Shard<M> {
    pub(crate) fn new(dead_kept: usize, timed: Option<NonZeroU32>) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            messages: Pool::new(),
            ready: Ready::new(),
            asides: Asides::new(),
            tally: Tally::default(),
            samples: Samples::new(),
            until_sample: Countdown::new(timed),
            dead: DeadLetters::new(dead_kept),
            watch: Watch::new(timed),
            on_empty: Vec::new(),
        }
    }

    /// None where all of `most` slots are taken.
    pub(crate) fn register(&mut self, options: MailboxOptions, most: u32) -> Option<Place> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.slots.len() < most as usize => {
                let slot = self.slots.len() as u32;
                self.slots.push(Slot::new());
                self.ready.reserve(self.slots.len());
                slot
            }
            None => return None,
        };
        let own = &mut self.slots[slot as usize];
        own.take(options);
        self.tally.agents += 1;
        Some(Place { slot, owner: own.owner })
    }

    /// Takes an agent away; what it had not received becomes dead letters.
    pub(crate) fn remove(&mut self, at: Place, after: &mut Aftermath<M>) -> Result<(), Gone> {
        let slot = find(&mut self.slots, at).ok_or(Gone)?;
        slot.is_taken = false;
        self.tally.agents -= 1;
        slot.looks_aside = false;
        slot.length = 0;
        let mut queue = std::mem::replace(&mut slot.queue, Queue::EMPTY);
        let levels = self.asides.end(&mut slot.ticket, after);
        // A slot whose generations are used up is never given out again.
        if let Some(next) = slot.owner.checked_add(1) {
            slot.owner = next;
            self.free.push(at.slot);
        }
        let mut levels = levels.unwrap_or_default();
        for priority in Priority::ALL {
            let queue = levels.queue(&mut queue, priority);
            while let Some(mut envelope) = self.messages.pop(queue) {
                self.samples.forget(&mut envelope);
                self.dead.bury(Undelivered { to: at, reason: Reason::Removed, envelope }, after);
            }
        }
        Ok(())
    }

    /// Takes all agents away.
    pub(crate) fn remove_all(&mut self, after: &mut Aftermath<M>) {
        let places: Vec<_> = self.places().collect();
        for place in places {
            let removed = self.remove(place, after);
            debug_assert_eq!(removed, Ok(()), "it was there just now");
        }
    }

    /// A message whose sender waits for the answer.
    #[inline(always)]
    pub(crate) fn offer(
        &mut self,
        to: Place,
        envelope: Envelope<M>,
        after: &mut Aftermath<M>,
    ) -> Result<Sent, Full<M>> {
        let sampled = self.until_sample.is_due().then(Instant::now);
        self.deliver(to, envelope, Patience::Waits, sampled, after)
    }

    /// A message whose sender has gone on: a mailbox that would have made it wait takes it beyond
    /// its capacity, one that rejects makes it a dead letter. If the message is timed, then since
    /// `sampled`.
    #[inline]
    pub(crate) fn accept(
        &mut self,
        to: Place,
        envelope: Envelope<M>,
        sampled: Option<Instant>,
        after: &mut Aftermath<M>,
    ) {
        let result = self.deliver(to, envelope, Patience::HasGoneOn, sampled, after);
        if let Err(Full { envelope, .. }) = result {
            self.bury(to, Reason::Full, envelope, after);
        }
    }

    /// What most messages are goes the short way: normal, not timed, and there is room.
    #[inline(always)]
    fn deliver(
        &mut self,
        to: Place,
        envelope: Envelope<M>,
        patience: Patience,
        sampled: Option<Instant>,
        after: &mut Aftermath<M>,
    ) -> Result<Sent, Full<M>> {
        match find(&mut self.slots, to) {
            Some(slot)
                if !slot.is_full()
                    && envelope.priority() == Priority::Normal
                    && sampled.is_none() =>
            {
                self.put(to.slot, envelope, after)
            }
            _ => self.put_slowly(to, envelope.elsewhere(), patience, sampled, after),
        }
    }

    /// Into a mailbox that has room, as its last message.
    #[inline(always)]
    fn put(
        &mut self,
        number: u32,
        envelope: Envelope<M>,
        after: &mut Aftermath<M>,
    ) -> Result<Sent, Full<M>> {
        let route = envelope.route() as usize;
        let slot = &mut self.slots[number as usize];
        if let Err(envelope) = self.messages.push(&mut slot.queue, envelope) {
            return Err(Full { envelope, waits: false });
        }
        slot.length += 1;
        if slot.length > slot.high_water {
            slot.high_water = slot.length;
            self.tally.deepest = self.tally.deepest.max(slot.length);
        }
        self.ready.push_if(!slot.is_ready, number);
        slot.is_ready = true;
        self.tally.sent[route] += 1;
        if let Some(receiver) = self.asides.receiver(slot.ticket) {
            after.wake(receiver);
        }
        Ok(Sent::Queued)
    }

    /// A message that is not of normal priority or is timed, or whose mailbox is not there or full.
    #[cold]
    #[inline(never)]
    fn put_slowly(
        &mut self,
        to: Place,
        mut envelope: Envelope<M>,
        patience: Patience,
        sampled: Option<Instant>,
        after: &mut Aftermath<M>,
    ) -> Result<Sent, Full<M>> {
        let Some(slot) = find(&mut self.slots, to) else {
            return Ok(self.bury(to, Reason::NoSuchAgent, envelope, after));
        };
        if slot.is_full() {
            match (slot.when_full, patience) {
                (WhenFull::Wait, Patience::HasGoneOn) => {}
                (WhenFull::Wait, Patience::Waits) => return Err(Full { envelope, waits: true }),
                (WhenFull::Reject, _) => return Err(Full { envelope, waits: false }),
                (WhenFull::DropOldest, _) if self.drop_oldest(to, envelope.priority(), after) => {}
                (WhenFull::DropOldest | WhenFull::DropNewest, _) => {
                    return Ok(self.drop_newest(envelope, after));
                }
            }
        }
        if let Some(at) = sampled {
            envelope.sample = self.samples.begin(at);
        }
        if envelope.priority() == Priority::Normal {
            return self.put(to.slot, envelope, after);
        }
        // As if it were normal, then moved to where it belongs.
        let slot = &mut self.slots[to.slot as usize];
        slot.looks_aside = true;
        let levels = self.asides.levels(&mut slot.ticket);
        let priority = envelope.priority();
        levels.swap(&mut slot.queue, priority);
        let sent = self.put(to.slot, envelope, after);
        let slot = &mut self.slots[to.slot as usize];
        self.asides.levels(&mut slot.ticket).swap(&mut slot.queue, priority);
        sent
    }

    /// A message that never was in a mailbox.
    #[cold]
    pub(crate) fn bury(
        &mut self,
        to: Place,
        reason: Reason,
        envelope: Envelope<M>,
        after: &mut Aftermath<M>,
    ) -> Sent {
        self.tally.sent[envelope.route() as usize] += 1;
        self.dead.bury(Undelivered { to, reason, envelope }, after);
        Sent::DeadLetter
    }

    #[cold]
    fn drop_newest(&mut self, envelope: Envelope<M>, after: &mut Aftermath<M>) -> Sent {
        self.tally.sent[envelope.route() as usize] += 1;
        self.tally.dropped.newest += 1;
        after.discard(envelope);
        Sent::Dropped
    }

    /// Makes room for a message of some priority: the oldest of the lowest goes. Not if all that
    /// are there go before the new one.
    #[cold]
    fn drop_oldest(&mut self, at: Place, newest: Priority, after: &mut Aftermath<M>) -> bool {
        let slot = &mut self.slots[at.slot as usize];
        let oldest = if slot.looks_aside {
            let levels = self.asides.levels(&mut slot.ticket);
            let lowest = levels.lowest(&mut slot.queue).filter(|lowest| *lowest <= newest);
            let Some(lowest) = lowest else { return false };
            self.messages.pop(levels.queue(&mut slot.queue, lowest))
        } else if newest == Priority::Low {
            None
        } else {
            self.messages.pop(&mut slot.queue)
        };
        let Some(mut oldest) = oldest else { return false };
        slot.length -= 1;
        self.tally.dropped.oldest += 1;
        self.samples.forget(&mut oldest);
        after.discard(oldest);
        true
    }

    /// The next message of an agent.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        at: Place,
        after: &mut Aftermath<M>,
    ) -> Result<Option<Envelope<M>>, Gone> {
        find(&mut self.slots, at).ok_or(Gone)?;
        Ok(self.next_of(at.slot, after))
    }

    /// Whose turn it is of those who may have messages; [`next_of`](Self::next_of) is then due.
    #[inline]
    pub(crate) fn next_ready(&mut self) -> Option<Place> {
        let number = self.ready.pop()?;
        let slot = &mut self.slots[number as usize];
        slot.is_ready = slot.length > 1;
        self.ready.push_if(slot.is_ready, number);
        Some(Place { slot: number, owner: slot.owner })
    }

    /// The next message in a slot. (One that is not taken has none.)
    #[inline]
    pub(crate) fn next_of(&mut self, number: u32, after: &mut Aftermath<M>) -> Option<Envelope<M>> {
        let slot = self.slots.get(number as usize)?;
        let first = self.messages.first(&slot.queue);
        if (slot.looks_aside || first.is_some_and(|first| !first.is_plain()))
            && !self.prepare(number, after)
        {
            return None;
        }
        let slot = self.slots.get_mut(number as usize)?;
        let route = self.messages.first(&slot.queue)?.route() as usize;
        slot.length -= 1;
        self.tally.delivered[route] += 1;
        self.messages.pop(&mut slot.queue)
    }

    /// Makes the message that is next in a slot the first of its queue, where messages of several
    /// priorities are in it, senders wait, or the first is too old or timed. Whether there is one.
    #[cold]
    #[inline(never)]
    fn prepare(&mut self, number: u32, after: &mut Aftermath<M>) -> bool {
        loop {
            let slot = &mut self.slots[number as usize];
            if slot.looks_aside
                && let Some(due) = self.asides.levels(&mut slot.ticket).due(&slot.queue)
            {
                self.messages.advance(due, &mut slot.queue);
            }
            let Some(first) = self.messages.first_mut(&slot.queue) else { return false };
            let is_expired = first.is_expired();
            if !is_expired {
                self.samples.end(first);
            } else if let Some(mut envelope) = self.messages.pop(&mut slot.queue) {
                self.tally.dropped.expired += 1;
                self.samples.forget(&mut envelope);
                after.discard(envelope);
            }
            // The room that it leaves, now or when it is received.
            slot.length -= 1;
            if slot.looks_aside {
                self.admit(number, after);
            }
            if !is_expired {
                self.slots[number as usize].length += 1;
                return true;
            }
        }
    }

    /// Puts into a mailbox that has room what the senders that have waited longest want to send.
    fn admit(&mut self, number: u32, after: &mut Aftermath<M>) {
        loop {
            let slot = &mut self.slots[number as usize];
            if slot.is_full() {
                return;
            }
            let Some(sender) = self.asides.next_sender(slot.ticket) else {
                slot.looks_aside = self.asides.is_busy(slot.ticket);
                return;
            };
            after.wake(sender.waker);
            let place = Place { slot: number, owner: slot.owner };
            self.accept(place, sender.envelope, None, after);
        }
    }

    pub(crate) fn depth(&self, at: Place) -> Result<Depth, Gone> {
        let slot = self.slots.get(at.slot as usize).ok_or(Gone)?;
        if !slot.is(at.owner) {
            return Err(Gone);
        }
        Ok(Depth { now: slot.length, most: slot.high_water })
    }

    pub(crate) fn accounts(&self) -> Accounts {
        self.tally.accounts(self.queued() as u64, self.dead.counts)
    }

    /// Where agents live.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        let slots = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_taken);
        slots.map(|(number, slot)| Place { slot: number as u32, owner: slot.owner })
    }

    /// Messages in its mailboxes.
    #[inline]
    pub(crate) fn queued(&self) -> usize {
        self.messages.len()
    }

    /// Agents that are there.
    pub(crate) fn agents(&self) -> usize {
        self.tally.agents
    }

    pub(crate) fn usage(&self) -> ShardUsage {
        ShardUsage {
            busy: self.watch.busy(),
            holds: self.watch.holds(),
            contended: self.watch.contended(),
            queued: self.queued() as u64,
            deepest: self.tally.deepest,
            receivers_waiting: self.asides.receivers(),
            senders_waiting: self.asides.senders(),
        }
    }

    /// Adds what came by each kind of route.
    pub(crate) fn add_routes(&self, routes: &mut [RouteUsage; Route::ALL.len()]) {
        for route in Route::ALL {
            let number = route as usize;
            let (sent, delivered) = (self.tally.sent[number], self.tally.delivered[number]);
            routes[number].add(sent, delivered, self.samples.latency(route));
        }
    }

    pub(crate) fn take_dead(&mut self) -> VecDeque<Undelivered<M>> {
        self.dead.take()
    }
}

/// Whether a sender is there to be told of a message that found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Waits,
    HasGoneOn,
}

#[inline]
fn find(slots: &mut [Slot], at: Place) -> Option<&mut Slot> {
    slots.get_mut(at.slot as usize).filter(|slot| slot.is(at.owner))
}
