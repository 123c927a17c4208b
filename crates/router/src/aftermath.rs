//! What is left to do once a lock is free.
//!
//! Waking a task and dropping a message run code of others, which may well use the router: neither
//! may happen while a shard is held.

use std::task::Waker;

use crate::Envelope;

/// Those who are to be woken, and what is to be dropped; both are done when this is dropped itself,
/// which must be after the lock was. One waker costs no memory.
#[derive(Debug)]
pub(crate) struct Aftermath<M> {
    first: Option<Waker>,
    rest: Option<Box<Rest<M>>>,
}

#[derive(Debug)]
struct Rest<M> {
    to_wake: Vec<Waker>,
    /// Of those who no longer wait.
    unused: Vec<Waker>,
    messages: Vec<Envelope<M>>,
    /// New dead letters.
    buried: u64,
}

impl<M> Aftermath<M> {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { first: None, rest: None }
    }

    #[inline]
    pub(crate) fn wake(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.rest().to_wake.push(waker);
        }
    }

    /// Drops a waker without waking.
    pub(crate) fn forget(&mut self, waker: Waker) {
        self.rest().unused.push(waker);
    }

    /// Drops a message.
    pub(crate) fn discard(&mut self, message: Envelope<M>) {
        self.rest().messages.push(message);
    }

    /// Counts a new dead letter.
    pub(crate) fn buried(&mut self) {
        self.rest().buried += 1;
    }

    #[cold]
    fn rest(&mut self) -> &mut Rest<M> {
        self.rest.get_or_insert_with(|| {
            Box::new(Rest {
                to_wake: Vec::new(),
                unused: Vec::new(),
                messages: Vec::new(),
                buried: 0,
            })
        })
    }
}

impl<M> Drop for Aftermath<M> {
    #[inline]
    fn drop(&mut self) {
        if let Some(first) = self.first.take() {
            first.wake();
        }
        if let Some(rest) = self.rest.take() {
            rest.settle();
        }
    }
}

impl<M> Rest<M> {
    #[cold]
    fn settle(self) {
        for waker in self.to_wake {
            waker.wake();
        }
        if self.buried > 0 {
            tracing::debug!(letters = self.buried, "dead letters");
        }
    }
}
