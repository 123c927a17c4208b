//! A shard behind its lock, and the inbox in which batches wait for whoever takes that lock next.
//!
//! A sender of a batch does not wait for the shard: it leaves the batch in the inbox. Whoever holds
//! the shard empties the inbox before anything else. If somebody waits in the shard for a message,
//! the sender empties the inbox itself, or, where the shard is held, the holder does so when it lets
//! go: [`Cell::settle`].

use std::collections::VecDeque;
use std::mem::{replace, take};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Waker;

use crate::accounts::Accounts;
use crate::envelope::Envelope;
use crate::shard::{Place, Shard};

/// A message to an agent of a known shard.
pub(crate) type Transfer<M> = (Place, Envelope<M>);

/// Aligned so that no two shards share a cache line, nor the pair that processors fetch.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Cell<M> {
    shard: Mutex<Shard<M>>,
    inbox: Inbox<M>,
    /// How many receivers wait in the shard.
    receivers: AtomicUsize,
}

#[derive(Debug)]
#[repr(align(128))]
struct Inbox<M> {
    batches: Mutex<Batches<M>>,
    has_mail: AtomicBool,
}

#[derive(Debug)]
struct Batches<M> {
    full: VecDeque<Vec<Transfer<M>>>,
    /// Emptied, for senders to fill again.
    empty: Vec<Vec<Transfer<M>>>,
    /// Messages in `full`.
    messages: usize,
}

/// Empty batches that are kept.
const KEPT: usize = 64;

impl<M> Cell<M> {
    pub(crate) fn new(dead_kept: usize) -> Self {
        let batches = Batches { full: VecDeque::new(), empty: Vec::new(), messages: 0 };
        Self {
            shard: Mutex::new(Shard::new(dead_kept)),
            inbox: Inbox { batches: Mutex::new(batches), has_mail: AtomicBool::new(false) },
            receivers: AtomicUsize::new(0),
        }
    }

    /// Works on the shard, with all in it that was sent before, then wakes who is to be woken.
    #[inline]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Shard<M>, &mut Woken) -> R) -> R {
        let shard = self.shard.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.hold(shard, work);
        if self.receivers.load(Ordering::Relaxed) > 0 {
            self.settle();
        }
        result
    }

    #[inline]
    fn hold<R>(
        &self,
        mut shard: MutexGuard<'_, Shard<M>>,
        work: impl FnOnce(&mut Shard<M>, &mut Woken) -> R,
    ) -> R {
        let mut woken = Woken::default();
        if self.inbox.has_mail.load(Ordering::Relaxed) {
            self.empty_inbox(&mut shard, &mut woken);
        }
        let result = work(&mut shard, &mut woken);
        let receivers = shard.receivers();
        if receivers != self.receivers.load(Ordering::Relaxed) {
            self.receivers.store(receivers, Ordering::Relaxed);
        }
        drop(shard);
        woken.wake();
        result
    }

    /// Leaves a batch, which is exchanged for an empty one; not while more than `most` messages
    /// are on the way.
    pub(crate) fn leave(&self, batch: &mut Vec<Transfer<M>>, most: usize) -> bool {
        {
            let mut batches = self.batches();
            if batches.messages >= most {
                return false;
            }
            batches.messages += batch.len();
            let empty = batches.empty.pop().unwrap_or_default();
            batches.full.push_back(replace(batch, empty));
            self.inbox.has_mail.store(true, Ordering::Relaxed);
        }
        self.settle();
        true
    }

    /// What became of its messages.
    pub(crate) fn accounts(&self) -> Accounts {
        self.with(|shard, _| shard.accounts())
    }

    fn batches(&self) -> MutexGuard<'_, Batches<M>> {
        self.inbox.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Empties the inbox if somebody waits for what may be in it. Where the shard is held, the
    /// holder does so, for it comes here too after it let go: of the two, by their fences, at least
    /// one sees what the other did before.
    fn settle(&self) {
        loop {
            fence(Ordering::SeqCst);
            if self.receivers.load(Ordering::Relaxed) == 0
                || !self.inbox.has_mail.load(Ordering::Relaxed)
            {
                return;
            }
            match self.shard.try_lock() {
                Ok(shard) => self.hold(shard, |_, _| ()),
                Err(TryLockError::Poisoned(shard)) => self.hold(shard.into_inner(), |_, _| ()),
                Err(TryLockError::WouldBlock) => return,
            }
        }
    }

    fn empty_inbox(&self, shard: &mut Shard<M>, woken: &mut Woken) {
        let mut batches = self.batches();
        let mut full = take(&mut batches.full);
        batches.messages = 0;
        self.inbox.has_mail.store(false, Ordering::Relaxed);
        drop(batches);
        for batch in &mut full {
            for (to, envelope) in batch.drain(..) {
                woken.add(shard.accept(to, envelope));
            }
        }
        let mut batches = self.batches();
        let room = KEPT.saturating_sub(batches.empty.len());
        batches.empty.extend(full.drain(..).take(room));
        if batches.full.is_empty() {
            // The memory of the list itself.
            batches.full = full;
        }
    }
}

/// Those who are to be woken once a lock is free. One costs no memory.
#[derive(Default)]
pub(crate) struct Woken {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Woken {
    #[inline]
    pub(crate) fn add(&mut self, waker: Option<Waker>) {
        if let Some(waker) = waker {
            match self.first {
                None => self.first = Some(waker),
                Some(_) => self.others.push(waker),
            }
        }
    }

    #[inline]
    fn wake(self) {
        if let Some(first) = self.first {
            first.wake();
            for other in self.others {
                other.wake();
            }
        }
    }
}
