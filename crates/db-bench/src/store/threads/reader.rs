//! The threads that read.

use std::task::Waker;

use rusqlite::Connection;

use super::queue::Queue;

/// Answers of reads by key that wake their tasks together.
///
/// A task that is woken on a processor of its own costs as much as several such reads, one of many
/// next to nothing: the executor is awake by then.
const TOGETHER: usize = 8;

/// A read that waits for a connection.
pub struct Read {
    /// How it finds its rows.
    pub access: Access,
    /// The read itself.
    pub work: Work,
}

/// Reads and answers; whom to wake.
pub type Work = Box<dyn FnOnce(&Connection) -> Option<Waker> + Send>;

/// How a read finds its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By a key: it takes microseconds, if the row is in memory.
    ByKey,
    /// In any way: it may take long.
    Any,
}

/// Reads until the queue is closed and empty.
pub fn read_all(queue: &Queue<Read>, connection: &Connection) {
    let worker = queue.worker();
    let mut answered: Vec<Waker> = Vec::with_capacity(TOGETHER);
    loop {
        let next = worker.try_take().or_else(|| {
            wake(&mut answered);
            worker.take()
        });
        let Some(Read { access, work }) = next else { return };
        if access == Access::Any {
            wake(&mut answered);
        }
        answered.extend(work(connection));
        if access == Access::Any || answered.len() == TOGETHER {
            wake(&mut answered);
        }
    }
}

fn wake(answered: &mut Vec<Waker>) {
    answered.drain(..).for_each(Waker::wake);
}
