//! A caller's transaction on its way through a group.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use rusqlite::Connection;

use super::reply::Promise;
use crate::StoreError;

/// What a caller's closure said, or the panic that is to go on in the caller.
pub type Outcome<T> = Result<Result<T, StoreError>, Box<dyn Any + Send>>;

/// Calls a caller's closure. Whatever it left undone in the connection is the caller's of this
/// function to undo.
pub fn outcome<T>(
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    connection: &Connection,
) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(|| work(connection)))
}

/// A caller's transaction.
pub trait Transaction: Send {
    /// Does the work; whether its changes are to be kept.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Answers what the work said, or why its group changed nothing. Returns whom to wake.
    fn answer(self: Box<Self>, group: Result<(), StoreError>) -> Option<Waker>;
}

/// A transaction by a closure, and who awaits its answer.
pub fn transaction<T, W>(work: W, promise: Promise<Outcome<T>>) -> Box<dyn Transaction>
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    Box::new(ByClosure { work: Some(work), outcome: Ok(Err(StoreError::Undone)), promise })
}

struct ByClosure<T, W> {
    work: Option<W>,
    /// [`StoreError::Undone`] until the work was done.
    outcome: Outcome<T>,
    promise: Promise<Outcome<T>>,
}

impl<T, W> Transaction for ByClosure<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        if let Some(work) = self.work.take() {
            self.outcome = outcome(work, connection);
        }
        matches!(self.outcome, Ok(Ok(_)))
    }

    fn answer(self: Box<Self>, group: Result<(), StoreError>) -> Option<Waker> {
        self.promise.answer(match (self.outcome, group) {
            (Ok(Ok(_) | Err(StoreError::Undone)), Err(error)) => Ok(Err(error)),
            // What failed by itself keeps its own reason.
            (outcome, _) => outcome,
        })
    }
}
