//! Who waits at which mailbox. Few mailboxes have anybody waiting, so a mailbox keeps but a number.

use std::collections::VecDeque;
use std::task::Waker;

/// Where those who wait at a mailbox are noted; none where nobody ever waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

impl Ticket {
    pub(crate) const NONE: Self = Self(u32::MAX);
}

#[derive(Debug, Default)]
pub(crate) struct Waiting {
    lists: Vec<List>,
    free: Vec<u32>,
    receivers: usize,
}

/// Those who wait at one mailbox.
#[derive(Debug, Default)]
struct List {
    receiver: Option<Waker>,
    /// The first has waited longest.
    senders: VecDeque<(u64, Waker)>,
}

impl Waiting {
    /// How many receivers wait, at all mailboxes.
    pub(crate) fn receivers(&self) -> usize {
        self.receivers
    }

    /// The receiver that waits, who no longer does.
    #[inline]
    pub(crate) fn receiver(&mut self, ticket: &mut Ticket) -> Option<Waker> {
        let waker = self.lists.get_mut(ticket.0 as usize)?.receiver.take();
        self.receivers -= usize::from(waker.is_some());
        waker
    }

    /// The sender that has waited longest, who no longer does.
    #[inline]
    pub(crate) fn sender(&mut self, ticket: &mut Ticket) -> Option<Waker> {
        let (_, waker) = self.lists.get_mut(ticket.0 as usize)?.senders.pop_front()?;
        Some(waker)
    }

    pub(crate) fn add_receiver(&mut self, ticket: &mut Ticket, waker: &Waker) {
        let receiver = &mut self.list(ticket).receiver;
        let is_new = receiver.is_none();
        match receiver {
            Some(known) => known.clone_from(waker),
            None => *receiver = Some(waker.clone()),
        }
        self.receivers += usize::from(is_new);
    }

    pub(crate) fn remove_receiver(&mut self, ticket: &mut Ticket) {
        drop(self.receiver(ticket));
    }

    /// Adds a sender, or keeps its place with a new waker.
    pub(crate) fn add_sender(&mut self, ticket: &mut Ticket, number: u64, waker: &Waker) {
        let senders = &mut self.list(ticket).senders;
        match senders.iter_mut().find(|(known, _)| *known == number) {
            Some((_, known)) => known.clone_from(waker),
            None => senders.push_back((number, waker.clone())),
        }
    }

    /// Whether the sender was still waiting.
    pub(crate) fn remove_sender(&mut self, ticket: &mut Ticket, number: u64) -> bool {
        let Some(list) = self.lists.get_mut(ticket.0 as usize) else { return false };
        let before = list.senders.len();
        list.senders.retain(|(known, _)| *known != number);
        list.senders.len() < before
    }

    /// Everybody at a mailbox that is no more.
    pub(crate) fn end(&mut self, ticket: &mut Ticket) -> Vec<Waker> {
        let mut woken: Vec<Waker> = self.receiver(ticket).into_iter().collect();
        if let Some(list) = self.lists.get_mut(ticket.0 as usize) {
            woken.extend(list.senders.drain(..).map(|(_, waker)| waker));
            self.free.push(ticket.0);
            *ticket = Ticket::NONE;
        }
        woken
    }

    /// Everybody at all mailboxes.
    pub(crate) fn all(&mut self) -> Vec<Waker> {
        self.receivers = 0;
        let of_list = |list: &mut List| {
            let senders = list.senders.drain(..).map(|(_, waker)| waker);
            list.receiver.take().into_iter().chain(senders).collect::<Vec<_>>()
        };
        self.lists.iter_mut().flat_map(of_list).collect()
    }

    fn list(&mut self, ticket: &mut Ticket) -> &mut List {
        if *ticket == Ticket::NONE {
            *ticket = Ticket(self.free.pop().unwrap_or_else(|| {
                self.lists.push(List::default());
                self.lists.len() as u32 - 1
            }));
        }
        &mut self.lists[ticket.0 as usize]
    }
}
