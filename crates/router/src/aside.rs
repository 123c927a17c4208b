//! What few mailboxes have: somebody who waits, and messages that are not of normal priority. A
//! mailbox keeps but a number that leads here.

use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;

use crate::Envelope;
use crate::aftermath::Aftermath;
use crate::priority::Levels;

/// Where a mailbox's record is; none where it never needed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

impl Ticket {
    pub(crate) const NONE: Self = Self(u32::MAX);
}

#[derive(Debug)]
pub(crate) struct Asides<M> {
    records: Vec<Aside>,
    free: Vec<u32>,
    receivers: usize,
    /// Senders that wait for room in any mailbox, by their numbers.
    senders: BTreeMap<u64, Sender<M>>,
}

/// What is aside of one mailbox.
#[derive(Debug, Default)]
struct Aside {
    receiver: Option<Waker>,
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Default)]
struct Rare {
    /// The first has waited longest.
    senders: VecDeque<u64>,
    levels: Levels,
}

/// A sender that waits, and what it wants to send.
#[derive(Debug)]
pub(crate) struct Sender<M> {
    pub(crate) envelope: Envelope<M>,
    pub(crate) waker: Waker,
}

impl<M> Asides<M> {
    pub(crate) const fn new() -> Self {
        Self { records: Vec::new(), free: Vec::new(), receivers: 0, senders: BTreeMap::new() }
    }

    /// How many receivers wait, at all mailboxes.
    #[inline]
    pub(crate) fn receivers(&self) -> usize {
        self.receivers
    }

    /// How many senders wait, for all mailboxes.
    pub(crate) fn senders(&self) -> usize {
        self.senders.len()
    }

    /// The receiver that waits, who no longer does.
    #[inline]
    pub(crate) fn receiver(&mut self, ticket: Ticket) -> Option<Waker> {
        let waker = self.records.get_mut(ticket.0 as usize)?.receiver.take()?;
        self.receivers -= 1;
        Some(waker)
    }

    pub(crate) fn add_receiver(
        &mut self,
        ticket: &mut Ticket,
        waker: &Waker,
        after: &mut Aftermath<M>,
    ) {
        let receiver = &mut self.record(ticket).receiver;
        if receiver.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        match receiver.replace(waker.clone()) {
            Some(known) => after.forget(known),
            None => self.receivers += 1,
        }
    }

    pub(crate) fn levels(&mut self, ticket: &mut Ticket) -> &mut Levels {
        &mut self.rare(ticket).levels
    }

    pub(crate) fn add_sender(&mut self, ticket: &mut Ticket, number: u64, sender: Sender<M>) {
        self.rare(ticket).senders.push_back(number);
        self.senders.insert(number, sender);
    }

    /// The sender that has waited longest at a mailbox, who no longer does.
    pub(crate) fn next_sender(&mut self, ticket: Ticket) -> Option<Sender<M>> {
        let rare = self.records.get_mut(ticket.0 as usize)?.rare.as_mut()?;
        let number = rare.senders.pop_front()?;
        self.senders.remove(&number)
    }

    /// The sender of this number, as long as it waits.
    pub(crate) fn sender(&mut self, number: u64) -> Option<&mut Sender<M>> {
        self.senders.get_mut(&number)
    }

    /// The sender of this number, who no longer waits at a mailbox.
    pub(crate) fn take_sender(&mut self, ticket: Ticket, number: u64) -> Option<Sender<M>> {
        let record = self.records.get_mut(ticket.0 as usize);
        if let Some(rare) = record.and_then(|record| record.rare.as_mut()) {
            rare.senders.retain(|known| *known != number);
        }
        self.senders.remove(&number)
    }

    /// Whether a mailbox has more than normal messages or senders that wait.
    pub(crate) fn is_busy(&self, ticket: Ticket) -> bool {
        let record = self.records.get(ticket.0 as usize);
        let rare = record.and_then(|record| record.rare.as_ref());
        rare.is_some_and(|rare| !rare.senders.is_empty() || !rare.levels.are_empty())
    }

    /// Wakes all at a mailbox that is no more, and gives its messages' queues. The senders find
    /// theirs where it was, and that the mailbox is gone.
    pub(crate) fn end(&mut self, ticket: &mut Ticket, after: &mut Aftermath<M>) -> Option<Levels> {
        if let Some(receiver) = self.receiver(*ticket) {
            after.wake(receiver);
        }
        let record = self.records.get_mut(ticket.0 as usize)?;
        let rare = record.rare.take();
        self.free.push(ticket.0);
        *ticket = Ticket::NONE;
        let Rare { senders, levels } = *rare?;
        for number in senders {
            if let Some(sender) = self.senders.get(&number) {
                after.wake(sender.waker.clone());
            }
        }
        Some(levels)
    }

    /// Wakes all at all mailboxes. Senders find theirs where it was.
    pub(crate) fn wake_all(&mut self, after: &mut Aftermath<M>) {
        self.receivers = 0;
        for receiver in self.records.iter_mut().filter_map(|record| record.receiver.take()) {
            after.wake(receiver);
        }
        for sender in self.senders.values() {
            after.wake(sender.waker.clone());
        }
    }

    fn rare(&mut self, ticket: &mut Ticket) -> &mut Rare {
        self.record(ticket).rare.get_or_insert_default()
    }

    fn record(&mut self, ticket: &mut Ticket) -> &mut Aside {
        if *ticket == Ticket::NONE {
            *ticket = Ticket(self.free.pop().unwrap_or_else(|| {
                self.records.push(Aside::default());
                self.records.len() as u32 - 1
            }));
        }
        &mut self.records[ticket.0 as usize]
    }
}
