//! Calls that wait for a thread.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::StoreError;

/// Threads that are busy are held up if none of them takes a call for so long.
const HELD_UP: Duration = Duration::from_millis(1);

/// Calls in the order in which they came, for threads that take them.
///
/// More threads than processors would only take turns, so that a call that comes while `busy`
/// threads are awake wakes no other. But should calls wait while all of these are held up, by the
/// disk or by long reads, one more thread joins in.
pub struct Queue<C> {
    state: Mutex<State<C>>,
    changed: Condvar,
    busy: usize,
}

struct State<C> {
    calls: VecDeque<C>,
    /// Calls that were ever taken.
    taken: u64,
    closed: bool,
    threads: usize,
    asleep: usize,
    /// Sleepers that were called to take calls, and did not yet notice.
    called: usize,
    /// Whether a sleeper looks from time to time if the others are held up.
    watched: bool,
    /// Calls that a thread waits to have together; 0 if none does.
    wanted: usize,
}

impl<C> Queue<C> {
    pub fn new(busy: usize) -> Self {
        let state = State {
            calls: VecDeque::new(),
            taken: 0,
            closed: false,
            threads: 0,
            asleep: 0,
            called: 0,
            watched: false,
            wanted: 0,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), busy }
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, call: C) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.closed {
            return Err(StoreError::Closed);
        }
        state.calls.push_back(call);
        let sleeper = state.asleep > state.called;
        let call = sleeper && state.threads - state.asleep + state.called < self.busy;
        state.called += usize::from(call);
        let watch = sleeper && !state.watched;
        let notify = call || watch || state.calls.len() == state.wanted;
        drop(state);
        if notify {
            self.changed.notify_one();
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.lock().calls.len()
    }

    /// Refuses further calls. Threads take those that are there and end.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Makes this thread one that takes calls.
    pub fn worker(&self) -> Worker<'_, C> {
        self.lock().threads += 1;
        Worker(self)
    }

    /// Sleeps until this thread is called or needed.
    fn sleep<'a>(&self, mut state: MutexGuard<'a, State<C>>) -> MutexGuard<'a, State<C>> {
        state.asleep += 1;
        while state.called == 0 && !state.closed {
            if state.calls.is_empty() || state.watched {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let taken = state.taken;
            state.watched = true;
            let waited = self.changed.wait_timeout(state, HELD_UP);
            let (woken, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.watched = false;
            if waited.timed_out() && state.taken == taken && !state.calls.is_empty() {
                break;
            }
        }
        state.called = state.called.saturating_sub(1);
        state.asleep -= 1;
        state
    }
}

/// A thread that takes calls.
pub struct Worker<'q, C>(&'q Queue<C>);

impl<C> Worker<'_, C> {
    /// The next call, if there is one.
    pub fn try_take(&self) -> Option<C> {
        let mut state = self.0.lock();
        let call = state.calls.pop_front()?;
        state.taken += 1;
        Some(call)
    }

    /// Waits for a call; `None` after the last one of a closed queue.
    pub fn take(&self) -> Option<C> {
        let mut state = self.0.lock();
        loop {
            if let Some(call) = state.calls.pop_front() {
                state.taken += 1;
                return Some(call);
            }
            if state.closed {
                return None;
            }
            state = self.0.sleep(state);
        }
    }

    /// Waits until there are so many calls, but no longer than this, and takes at most `most`.
    pub fn gather(&self, wanted: usize, longest: Duration, most: usize) -> Vec<C> {
        let mut state = self.0.lock();
        state.wanted = wanted;
        let wait = |state: &mut State<C>| state.calls.len() < wanted && !state.closed;
        let waited = self.0.changed.wait_timeout_while(state, longest, wait);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.wanted = 0;
        let most = most.min(state.calls.len());
        state.taken += most as u64;
        state.calls.drain(..most).collect()
    }
}

impl<C> Drop for Worker<'_, C> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.threads -= 1;
        if state.threads == 0 {
            // Nobody takes calls any more, should the last thread have ended by a panic.
            state.closed = true;
            let left = mem::take(&mut state.calls);
            drop(state);
            drop(left);
        }
    }
}
