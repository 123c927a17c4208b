//! A shard behind its lock, and the inbox in which batches wait for whoever takes that lock next.
//!
//! A sender of a batch does not wait for the shard: it leaves the batch in the inbox. Whoever holds
//! the shard empties the inbox before anything else. If somebody waits in the shard for a message,
//! the sender empties the inbox itself, or, where the shard is held, the holder does so when it lets
//! go: [`Cell::settle`].

#[cfg(all(test, router_loom))]
mod interleavings;

use std::collections::VecDeque;
use std::mem::{MaybeUninit, replace, take};
use std::num::NonZeroU32;
use std::sync::{PoisonError, TryLockError};
use std::time::Instant;

use crate::accounts::Accounts;
use crate::aftermath::Aftermath;
use crate::envelope::Envelope;
use crate::parking::Patience;
use crate::shard::{Place, Shard};
use crate::sync::{AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering, fence};

/// A message to an agent of a known shard.
pub(crate) type Transfer<M> = (Place, Envelope<M>);

/// Messages to agents of one shard.
#[derive(Debug)]
pub(crate) struct Batch<M> {
    pub(crate) transfers: Vec<Transfer<M>>,
    /// Which of them is timed, and since when.
    pub(crate) timed: Option<(usize, Instant)>,
}

/// Aligned so that no two shards share a cache line, nor the pair that processors fetch.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Cell<M> {
    shard: Mutex<Shard<M>>,
    inbox: Inbox<M>,
    state: State,
}

/// What can be known of a shard without holding it; it was so when the shard was last let go.
#[derive(Debug)]
struct State {
    /// How many receivers wait in it.
    receivers: AtomicUsize,
    /// Messages in its mailboxes.
    queued: AtomicUsize,
}

#[derive(Debug)]
#[repr(align(128))]
struct Inbox<M> {
    batches: Mutex<Batches<M>>,
    has_mail: AtomicBool,
}

#[derive(Debug)]
struct Batches<M> {
    full: VecDeque<Batch<M>>,
    /// Emptied, for senders to fill again.
    empty: Vec<Vec<Transfer<M>>>,
    /// Messages in `full`.
    messages: usize,
}

/// Messages to one shard that are handed over together.
pub(crate) const BATCH: usize = 64;

/// Empty batches that are kept.
const KEPT: usize = 64;

impl<M> Cell<M> {
    pub(crate) fn new(dead_kept: usize, timed: Option<NonZeroU32>) -> Self {
        let batches = Batches { full: VecDeque::new(), empty: Vec::new(), messages: 0 };
        Self {
            shard: Mutex::new(Shard::new(dead_kept, timed)),
            inbox: Inbox { batches: Mutex::new(batches), has_mail: AtomicBool::new(false) },
            state: State { receivers: AtomicUsize::new(0), queued: AtomicUsize::new(0) },
        }
    }

    /// Works on the shard, with all in it that was sent before, then wakes who is to be woken: also
    /// where the work panics.
    #[inline]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Shard<M>, &mut Aftermath<M>) -> R) -> R {
        // Dropped in the opposite order.
        let _settle = Settle(self);
        let mut after = Aftermath::new();
        let mut held = self.hold();
        if self.inbox.has_mail.load(Ordering::Relaxed) {
            self.empty_inbox(&mut held.shard, &mut after);
        }
        let result = work(&mut held.shard, &mut after);
        held.shard.tell_if_empty(&mut after);
        result
    }

    #[inline]
    fn hold(&self) -> Held<'_, M> {
        let (shard, was_contended) = match self.try_lock() {
            Some(shard) => (shard, false),
            None => (self.lock_contended(), true),
        };
        Held::new(shard, &self.state, was_contended)
    }

    /// Shards are held shortly: to look again for a while costs less than to sleep and be woken.
    #[cold]
    #[inline(never)]
    fn lock_contended(&self) -> MutexGuard<'_, Shard<M>> {
        let mut patience = Patience::default();
        while patience.is_left() {
            if let Some(shard) = self.try_lock() {
                return shard;
            }
        }
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[inline]
    fn try_lock(&self) -> Option<MutexGuard<'_, Shard<M>>> {
        match self.shard.try_lock() {
            Ok(shard) => Some(shard),
            Err(TryLockError::Poisoned(shard)) => Some(shard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Leaves a batch, which is exchanged for an empty one; not while `most` messages are in flight:
    /// on the way, or in the mailboxes when the shard was last let go.
    pub(crate) fn leave(&self, batch: &mut Batch<M>, most: usize) -> bool {
        let is_full = batch.transfers.len() >= BATCH;
        {
            let mut batches = self.batches();
            if batches.messages + self.state.queued.load(Ordering::Relaxed) >= most {
                return false;
            }
            batches.messages += batch.transfers.len();
            let empty = Batch { transfers: batches.empty.pop().unwrap_or_default(), timed: None };
            batches.full.push_back(replace(batch, empty));
            self.inbox.has_mail.store(true, Ordering::Relaxed);
        }
        self.settle();
        // The next one will be as full, if this is one of many.
        if is_full {
            claim(&mut batch.transfers);
        }
        true
    }

    /// Whether it is worth a look, for who has just found nothing: messages were in the shard when
    /// it was last let go, or are in the inbox.
    pub(crate) fn may_have_messages(&self) -> bool {
        self.state.queued.load(Ordering::Relaxed) > 0 || self.inbox.has_mail.load(Ordering::Relaxed)
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
    #[cold]
    fn settle(&self) {
        loop {
            fence(Ordering::SeqCst);
            if self.state.receivers.load(Ordering::Relaxed) == 0
                || !self.inbox.has_mail.load(Ordering::Relaxed)
            {
                return;
            }
            // Dropped in the opposite order.
            let mut after = Aftermath::new();
            let Some(shard) = self.try_lock() else { return };
            let mut held = Held::new(shard, &self.state, false);
            self.empty_inbox(&mut held.shard, &mut after);
        }
    }

    fn empty_inbox(&self, shard: &mut Shard<M>, after: &mut Aftermath<M>) {
        let mut batches = self.batches();
        let mut full = take(&mut batches.full);
        batches.messages = 0;
        self.inbox.has_mail.store(false, Ordering::Relaxed);
        drop(batches);
        for batch in &mut full {
            // Those before the one that is timed, that one, and all others.
            let mut transfers = batch.transfers.drain(..);
            if let Some((place, at)) = batch.timed {
                for (to, envelope) in transfers.by_ref().take(place) {
                    shard.accept(to, envelope, None, after);
                }
                if let Some((to, envelope)) = transfers.next() {
                    shard.accept(to, envelope, Some(at), after);
                }
            }
            for (to, envelope) in transfers {
                shard.accept(to, envelope, None, after);
            }
        }
        let mut batches = self.batches();
        let room = KEPT.saturating_sub(batches.empty.len());
        batches.empty.extend(full.drain(..).take(room).map(|batch| batch.transfers));
        if batches.full.is_empty() {
            // The memory of the list itself.
            batches.full = full;
        }
    }
}

/// Writes to all memory of an empty batch. Its last user was another processor, from whose cache it
/// comes many lines at a time that way, and else one by one when each message is written.
fn claim<T>(batch: &mut Vec<T>) {
    batch.reserve(BATCH);
    batch.spare_capacity_mut().fill_with(MaybeUninit::zeroed);
}

/// A shard that is held; tells its state before it lets go.
struct Held<'a, M> {
    shard: MutexGuard<'a, Shard<M>>,
    state: &'a State,
}

impl<'a, M> Held<'a, M> {
    #[inline]
    fn new(mut shard: MutexGuard<'a, Shard<M>>, state: &'a State, was_contended: bool) -> Self {
        shard.watch.begin(was_contended);
        Self { shard, state }
    }
}

impl<M> Drop for Held<'_, M> {
    #[inline]
    fn drop(&mut self) {
        self.shard.watch.end();
        let State { receivers, queued } = self.state;
        // Written only where they change: others look at them.
        if self.shard.receivers() != receivers.load(Ordering::Relaxed) {
            receivers.store(self.shard.receivers(), Ordering::Relaxed);
        }
        if self.shard.queued() != queued.load(Ordering::Relaxed) {
            queued.store(self.shard.queued(), Ordering::Relaxed);
        }
    }
}

/// Looks, after a shard was let go, whether its inbox must be emptied.
struct Settle<'a, M>(&'a Cell<M>);

impl<M> Drop for Settle<'_, M> {
    #[inline]
    fn drop(&mut self) {
        if self.0.state.receivers.load(Ordering::Relaxed) > 0 {
            self.0.settle();
        }
    }
}
