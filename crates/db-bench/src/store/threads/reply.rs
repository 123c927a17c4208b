//! An answer that one thread gives and a task awaits.
//!
//! Giving it and waking the task are two steps, so that a thread with many answers gives them all
//! before the first task runs.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The side that answers. Dropped before it did, it wakes the task without an answer.
pub struct Promise<T>(Arc<Mutex<State<T>>>);

/// The side that awaits: `None` if there will be no answer.
pub struct Reply<T>(Arc<Mutex<State<T>>>);

enum State<T> {
    Awaited(Option<Waker>),
    Answered(T),
    Over,
}

pub fn promise<T>() -> (Promise<T>, Reply<T>) {
    let state = Arc::new(Mutex::new(State::Awaited(None)));
    (Promise(Arc::clone(&state)), Reply(state))
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Promise<T> {
    /// Answers, and returns whom to wake.
    pub fn answer(self, answer: T) -> Option<Waker> {
        self.end(State::Answered(answer))
    }

    fn end(&self, end: State<T>) -> Option<Waker> {
        let mut state = lock(&self.0);
        let State::Awaited(waker) = &mut *state else { return None };
        let waker = waker.take();
        *state = end;
        waker
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(waker) = self.end(State::Over) {
            waker.wake();
        }
    }
}

impl<T> Future for Reply<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = lock(&self.0);
        match mem::replace(&mut *state, State::Over) {
            State::Answered(answer) => Poll::Ready(Some(answer)),
            State::Over => Poll::Ready(None),
            State::Awaited(_) => {
                *state = State::Awaited(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}
