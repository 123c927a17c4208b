//! The agents that share a lock: their mailboxes, and what becomes of each message.
//!
//! Nothing here waits or wakes; a waker that is due is handed to the caller, who calls it once the
//! lock is free.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::task::Waker;

use crate::accounts::{Accounts, Reason};
use crate::envelope::Envelope;
use crate::mailbox::{MailboxOptions, WhenFull};
use crate::queue::{Pool, Queue};
use crate::waiting::{Ticket, Waiting};

/// Where an agent lives in its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) owner: NonZeroU32,
}

/// What became of a message that a sender offers and waits for the answer.
#[derive(Debug)]
pub(crate) enum Offer<M> {
    /// In the mailbox; whoever waits there is to be woken.
    Queued(Option<Waker>),
    /// The mailbox dropped it.
    Dropped,
    /// There is no such agent.
    Dead,
    /// No room: the message back, and whether room is to be waited for.
    Full(Envelope<M>, WhenFull),
}

/// Whether a sender is there to be told of a message that found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Waits,
    HasGoneOn,
}

/// A message, and a sender that waited for the room it leaves and is to be woken.
pub(crate) type Received<M> = (Envelope<M>, Option<Waker>);

/// The agent is not there, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// Messages in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Those in it.
    pub now: u32,
    /// The most that ever were, its high-water mark.
    pub most: u32,
}

/// A message that had nowhere to go.
#[derive(Debug)]
pub(crate) struct Undelivered<M> {
    pub(crate) to: Place,
    pub(crate) reason: Reason,
    pub(crate) envelope: Envelope<M>,
}

#[derive(Debug)]
pub(crate) struct Shard<M> {
    slots: Vec<Slot>,
    /// Slots without an agent, the last to become free last.
    free: Vec<u32>,
    messages: Pool<Envelope<M>>,
    /// Slots with messages, and some whose messages were received: each at most once.
    ready: VecDeque<u32>,
    waiting: Waiting,
    accounts: Accounts,
    /// The latest dead letters.
    dead: VecDeque<Undelivered<M>>,
    /// How many of them are kept.
    dead_kept: usize,
}

/// An agent's mailbox.
#[derive(Debug)]
struct Slot {
    /// The owner, or the next one where there is none.
    owner: NonZeroU32,
    is_taken: bool,
    /// Whether it is in [`Shard::ready`].
    is_ready: bool,
    when_full: WhenFull,
    queue: Queue,
    length: u32,
    /// `u32::MAX` where there is none.
    capacity: u32,
    /// Most messages it ever held.
    high_water: u32,
    /// Who waits here, by its number in [`Waiting`].
    waiting: Ticket,
}

impl<M> Shard<M> {
    pub(crate) fn new(dead_kept: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            messages: Pool::new(),
            ready: VecDeque::new(),
            waiting: Waiting::default(),
            accounts: Accounts::default(),
            dead: VecDeque::new(),
            dead_kept,
        }
    }

    /// None where all of `most` slots are taken.
    pub(crate) fn register(&mut self, options: MailboxOptions, most: u32) -> Option<Place> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None if self.slots.len() < most as usize => {
                let slot = self.slots.len() as u32;
                self.slots.push(Slot::new());
                slot
            }
            None => return None,
        };
        let own = &mut self.slots[slot as usize];
        own.is_taken = true;
        own.when_full = options.when_full;
        own.capacity = options.capacity.map_or(u32::MAX, NonZeroU32::get);
        own.high_water = 0;
        Some(Place { slot, owner: own.owner })
    }

    /// Takes an agent away; what it had not received becomes dead letters. Returns whom to wake.
    pub(crate) fn remove(&mut self, at: Place) -> Result<Vec<Waker>, Gone> {
        let slot = find(&mut self.slots, at).ok_or(Gone)?;
        slot.is_taken = false;
        slot.length = 0;
        let mut queue = std::mem::replace(&mut slot.queue, Queue::EMPTY);
        let woken = self.waiting.end(&mut slot.waiting);
        // A slot whose generations are used up is never given out again.
        if let Some(next) = slot.owner.checked_add(1) {
            slot.owner = next;
            self.free.push(at.slot);
        }
        while let Some(envelope) = self.messages.pop(&mut queue) {
            self.accounts.queued -= 1;
            self.bury(Undelivered { to: at, reason: Reason::Removed, envelope });
        }
        Ok(woken)
    }

    /// A message whose sender waits for the answer.
    #[inline]
    pub(crate) fn offer(&mut self, to: Place, envelope: Envelope<M>) -> Offer<M> {
        self.put(to, envelope, Sender::Waits)
    }

    /// A message whose sender has gone on: a mailbox that would have made it wait takes it beyond
    /// its capacity, one that rejects makes it a dead letter.
    #[inline]
    pub(crate) fn accept(&mut self, to: Place, envelope: Envelope<M>) -> Option<Waker> {
        match self.put(to, envelope, Sender::HasGoneOn) {
            Offer::Queued(waker) => waker,
            Offer::Dropped | Offer::Dead => None,
            Offer::Full(envelope, _) => {
                self.accounts.sent += 1;
                self.bury(Undelivered { to, reason: Reason::Full, envelope });
                None
            }
        }
    }

    #[inline]
    fn put(&mut self, to: Place, envelope: Envelope<M>, sender: Sender) -> Offer<M> {
        let Some(slot) = find(&mut self.slots, to) else {
            self.accounts.sent += 1;
            self.bury(Undelivered { to, reason: Reason::NoSuchAgent, envelope });
            return Offer::Dead;
        };
        if slot.length >= slot.capacity {
            match slot.when_full {
                WhenFull::Wait if sender == Sender::HasGoneOn => {}
                WhenFull::Wait | WhenFull::Reject => return Offer::Full(envelope, slot.when_full),
                WhenFull::DropNewest => {
                    self.accounts.sent += 1;
                    self.accounts.dropped.newest += 1;
                    return Offer::Dropped;
                }
                WhenFull::DropOldest => {
                    drop(self.messages.pop(&mut slot.queue));
                    slot.length -= 1;
                    self.accounts.dropped.oldest += 1;
                    self.accounts.queued -= 1;
                }
            }
        }
        match self.messages.push(&mut slot.queue, envelope) {
            Ok(()) => {
                slot.grow(to.slot, &mut self.ready);
                self.accounts.sent += 1;
                self.accounts.queued += 1;
                Offer::Queued(self.waiting.receiver(&mut slot.waiting))
            }
            Err(envelope) => Offer::Full(envelope, slot.when_full),
        }
    }

    /// The next message of an agent.
    #[inline]
    pub(crate) fn receive(&mut self, at: Place) -> Result<Option<Received<M>>, Gone> {
        find(&mut self.slots, at).ok_or(Gone)?;
        Ok(self.next_of(at.slot))
    }

    /// The next message of the agents in turn, with whose it is.
    #[inline]
    pub(crate) fn receive_any(&mut self) -> Option<(Place, Received<M>)> {
        while let Some(number) = self.ready.pop_front() {
            let next = self.next_of(number);
            let slot = &mut self.slots[number as usize];
            slot.is_ready = slot.length > 0;
            if slot.is_ready {
                self.ready.push_back(number);
            }
            if let Some(received) = next {
                return Some((Place { slot: number, owner: slot.owner }, received));
            }
        }
        None
    }

    /// The next message in a slot. (One that is not taken has none.)
    #[inline]
    fn next_of(&mut self, number: u32) -> Option<Received<M>> {
        let slot = self.slots.get_mut(number as usize)?;
        while let Some(envelope) = self.messages.pop(&mut slot.queue) {
            slot.length -= 1;
            self.accounts.queued -= 1;
            if envelope.is_expired() {
                self.accounts.dropped.expired += 1;
                continue;
            }
            self.accounts.delivered += 1;
            let sender = match slot.length < slot.capacity {
                true => self.waiting.sender(&mut slot.waiting),
                false => None,
            };
            return Some((envelope, sender));
        }
        None
    }

    /// Has the agent's receiver woken by the next message.
    pub(crate) fn wait_to_receive(&mut self, at: Place, waker: &Waker) -> Result<(), Gone> {
        let slot = find(&mut self.slots, at).ok_or(Gone)?;
        self.waiting.add_receiver(&mut slot.waiting, waker);
        Ok(())
    }

    /// Has a sender woken when the mailbox has room, or is no more.
    pub(crate) fn wait_to_send(&mut self, to: Place, number: u64, waker: &Waker) {
        if let Some(slot) = find(&mut self.slots, to) {
            self.waiting.add_sender(&mut slot.waiting, number, waker);
        }
    }

    /// A receiver no longer waits.
    pub(crate) fn stop_receiving(&mut self, at: Place) {
        if let Some(slot) = find(&mut self.slots, at) {
            self.waiting.remove_receiver(&mut slot.waiting);
        }
    }

    /// A sender no longer waits; if it was woken already, its turn goes to the next.
    pub(crate) fn stop_sending(&mut self, to: Place, number: u64) -> Option<Waker> {
        let slot = find(&mut self.slots, to)?;
        let has_room = slot.length < slot.capacity;
        let was_waiting = self.waiting.remove_sender(&mut slot.waiting, number);
        if !was_waiting && has_room { self.waiting.sender(&mut slot.waiting) } else { None }
    }

    /// How many wait to receive.
    pub(crate) fn receivers(&self) -> usize {
        self.waiting.receivers()
    }

    /// Everybody who waits, who no longer does.
    pub(crate) fn wake_all(&mut self) -> Vec<Waker> {
        self.waiting.all()
    }

    pub(crate) fn depth(&self, at: Place) -> Result<Depth, Gone> {
        let slot = self.slots.get(at.slot as usize).ok_or(Gone)?;
        if !slot.is(at.owner) {
            return Err(Gone);
        }
        Ok(Depth { now: slot.length, most: slot.high_water })
    }

    pub(crate) fn accounts(&self) -> Accounts {
        self.accounts
    }

    /// Agents that are there.
    pub(crate) fn agents(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_taken).count()
    }

    pub(crate) fn take_dead(&mut self) -> VecDeque<Undelivered<M>> {
        std::mem::take(&mut self.dead)
    }

    fn bury(&mut self, letter: Undelivered<M>) {
        self.accounts.dead.count(letter.reason);
        if self.dead_kept == 0 {
            return;
        }
        if self.dead.len() == self.dead_kept {
            self.dead.pop_front();
        }
        self.dead.push_back(letter);
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            owner: NonZeroU32::MIN,
            is_taken: false,
            is_ready: false,
            when_full: WhenFull::Reject,
            queue: Queue::EMPTY,
            length: 0,
            capacity: 0,
            high_water: 0,
            waiting: Ticket::NONE,
        }
    }

    /// One more message in this slot, whose number is `number`.
    #[inline]
    fn grow(&mut self, number: u32, ready: &mut VecDeque<u32>) {
        self.length += 1;
        self.high_water = self.high_water.max(self.length);
        if !self.is_ready {
            self.is_ready = true;
            ready.push_back(number);
        }
    }

    #[inline]
    fn is(&self, owner: NonZeroU32) -> bool {
        self.is_taken && self.owner == owner
    }
}

#[inline]
fn find(slots: &mut [Slot], at: Place) -> Option<&mut Slot> {
    slots.get_mut(at.slot as usize).filter(|slot| slot.is(at.owner))
}
