//! A place for an agent, and its mailbox.

use std::num::NonZeroU32;

use crate::aside::Ticket;
use crate::mailbox::{MailboxOptions, WhenFull};
use crate::queue::Queue;

/// 32 bytes, whatever waits.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The owner, or the next one where there is none.
    pub(crate) owner: NonZeroU32,
    pub(crate) is_taken: bool,
    /// Whether it is in the list of those that have messages.
    pub(crate) is_ready: bool,
    /// Whether there may be more to receive than the messages of `queue`: by its ticket.
    pub(crate) looks_aside: bool,
    pub(crate) when_full: WhenFull,
    /// Messages of normal priority.
    pub(crate) queue: Queue,
    /// Messages of all priorities.
    pub(crate) length: u32,
    /// `u32::MAX` where there is none.
    capacity: u32,
    /// Most messages it ever held.
    pub(crate) high_water: u32,
    pub(crate) ticket: Ticket,
}

impl Slot {
    pub(crate) const fn new() -> Self {
        Self {
            owner: NonZeroU32::MIN,
            is_taken: false,
            is_ready: false,
            looks_aside: false,
            when_full: WhenFull::Reject,
            queue: Queue::EMPTY,
            length: 0,
            capacity: 0,
            high_water: 0,
            ticket: Ticket::NONE,
        }
    }

    /// Gives it to its next owner.
    pub(crate) fn take(&mut self, options: MailboxOptions) {
        self.is_taken = true;
        self.when_full = options.when_full;
        self.capacity = options.capacity.map_or(u32::MAX, NonZeroU32::get);
        self.high_water = 0;
    }

    #[inline]
    pub(crate) fn is(&self, owner: NonZeroU32) -> bool {
        self.is_taken && self.owner == owner
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.length >= self.capacity
    }
}
