//! The thread that writes: the transactions of many callers, one commit.
//!
//! While a group is made durable the next one gathers. Each transaction is a savepoint of its
//! group's, so that one that fails is undone alone, and nobody is answered before the commit is.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::commits::{Counters, LARGEST};
use super::queue::Queue;
use super::transaction::Transaction;
use crate::StoreError;

/// Callers who were answered together ask again one after the other. For as many as the last group
/// had, the next waits this part of what that took. Without, the first to come is often a group of
/// its own, and the others wait for its sync; a lone caller's transaction never waits.
const GATHERING: u32 = 16;

/// Transactions that share a commit.
type Group = Vec<Box<dyn Transaction>>;

/// The connection that writes.
pub struct Writer {
    connection: Connection,
    /// Whether it is the writer who commits, and not a caller's closure.
    committing: Arc<AtomicBool>,
}

/// The group's transaction is over before it was to be.
struct Over;

impl Writer {
    pub fn new(connection: Connection) -> Result<Self, StoreError> {
        let committing = Arc::new(AtomicBool::new(false));
        let allowed = Arc::clone(&committing);
        // A commit that is refused is a rollback.
        connection.commit_hook(Some(move || !allowed.load(Ordering::Relaxed)))?;
        Ok(Self { connection, committing })
    }

    /// Commits group by group until the queue is closed and empty.
    pub fn write_all(&self, queue: &Queue<Box<dyn Transaction>>, counters: &Counters) {
        let worker = queue.worker();
        let (mut size, mut took) = (1, Duration::ZERO);
        while let Some(first) = worker.take() {
            let mut group = vec![first];
            group.extend(worker.gather(size - 1, took / GATHERING, LARGEST - 1));
            size = group.len();
            let began = Instant::now();
            // What is left of a group that was undone is a group of its own.
            while !group.is_empty() {
                self.write(&mut group, counters);
            }
            took = began.elapsed();
        }
    }

    /// Writes a group, or the part of it that comes to an end together.
    fn write(&self, group: &mut Group, counters: &Counters) {
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            counters.failed(group.len());
            return answer(mem::take(group), || Err(again(&error).into()));
        }
        let (mut ran, mut kept) = (Group::with_capacity(group.len()), 0);
        let mut waiting = mem::take(group).into_iter();
        while let Some(mut transaction) = waiting.next() {
            let keep = self.run(&mut *transaction);
            ran.push(transaction);
            match keep {
                Ok(keep) => kept += usize::from(keep),
                Err(Over) => {
                    *group = waiting.collect();
                    self.roll_back();
                    counters.failed(ran.len());
                    return answer(ran, || Err(StoreError::Undone));
                }
            }
        }
        match self.commit() {
            Ok(()) => {
                counters.committed(kept, ran.len() - kept);
                answer(ran, || Ok(()));
            }
            Err(error) => {
                self.roll_back();
                counters.failed(ran.len());
                answer(ran, || Err(again(&error).into()));
            }
        }
    }

    /// Runs a transaction within a savepoint; whether its changes are kept.
    fn run(&self, transaction: &mut dyn Transaction) -> Result<bool, Over> {
        let execute = |sql| self.execute(sql).map_err(|_| Over);
        execute("SAVEPOINT one_of_group")?;
        let keep = transaction.run(&self.connection);
        if !keep {
            execute("ROLLBACK TO one_of_group")?;
        }
        execute("RELEASE one_of_group")?;
        if self.connection.is_autocommit() { Err(Over) } else { Ok(keep) }
    }

    fn commit(&self) -> rusqlite::Result<()> {
        self.committing.store(true, Ordering::Relaxed);
        let committed = self.execute("COMMIT");
        self.committing.store(false, Ordering::Relaxed);
        committed
    }

    /// Ends the group's transaction, if SQLite has not done so.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If it fails there is none, and the next group begins anew or is told.
            let _: rusqlite::Result<()> = self.execute("ROLLBACK");
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

/// Answers all before it wakes the first.
fn answer(group: Group, result: impl Fn() -> Result<(), StoreError>) {
    let wakers: Vec<Waker> = group.into_iter().filter_map(|one| one.answer(result())).collect();
    wakers.into_iter().for_each(Waker::wake);
}

/// The same error once more.
fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, said) => {
            rusqlite::Error::SqliteFailure(*code, said.clone())
        }
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}
