//! What agents said to each other, kept: six layouts behind one interface.
//!
//! | layout | bytes a message | gives up |
//! | --- | --- | --- |
//! | [`Rows`], unbounded | most: every string and map of its own | memory |
//! | [`Rows`], bounded by messages or bytes | the same | the oldest |
//! | [`Ring`] | a third | the oldest; a read makes the message anew |
//! | [`Columns`] | a third | memory; a read makes the message anew |
//! | [`Sealed`] | a tenth | a read unpacks a block of 64 messages |
//!
//! Use [`Sealed`] for a history that is kept, [`Ring`] for the last messages of something that must
//! never grow. Numbers are given in order of arrival, from 0 on, and never again.
//!
//! ```
//! use memory_probe::history::{History, Sealed, Traffic};
//!
//! let mut history = Sealed::default();
//! for message in Traffic::new(1).take(1_000) {
//!     history.append(message)?;
//! }
//! let sent = history.get(700).ok_or("it is kept")?;
//! assert_eq!(history.of_agent(&sent.from).filter(|(number, _)| *number == 700).count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod bytes;
mod columns;
mod message;
mod names;
mod ring;
mod rows;
mod sealed;
mod traffic;

use std::ops::Range;

pub use columns::Columns;
pub use message::{Kind, Message};
pub use ring::Ring;
pub use rows::{Limit, Rows};
pub use sealed::{Sealed, thread_bytes};
pub use traffic::Traffic;

/// A message and its number.
pub type Numbered = (u64, Message);

/// Messages in an order of some kind, with their numbers.
pub type Messages<'a> = Box<dyn Iterator<Item = Numbered> + 'a>;

/// Why a message was not kept.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// It was sent before the last one.
    #[error("the message was sent at {given} ns, the last one at {last} ns; append them in order")]
    Earlier {
        /// Of the message.
        given: u64,
        /// Of the last one that was kept.
        last: u64,
    },
    /// It is larger than all that may be kept.
    #[error("the message takes {bytes} bytes and the history may have {limit}; give it more")]
    TooLarge {
        /// Of the message.
        bytes: usize,
        /// Of the history.
        limit: usize,
    },
    /// The compressor could not do its work.
    #[error("a block could not be compressed: {0}")]
    Compression(&'static str),
}

/// A history of messages.
pub trait History {
    /// Keeps a message and returns its number.
    ///
    /// # Errors
    /// [`HistoryError`]; the message is not kept and nothing is changed.
    fn append(&mut self, message: Message) -> Result<u64, HistoryError>;

    /// The number of the oldest message that is kept: as many were dropped to make room.
    fn first(&self) -> u64;

    /// The number that the next message will have.
    fn next(&self) -> u64;

    /// Messages that are kept.
    fn len(&self) -> usize {
        (self.next() - self.first()) as usize
    }

    /// Whether none is.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message of this number, if it is kept.
    fn get(&self, number: u64) -> Option<Message>;

    /// Messages from this number on, in order.
    fn iter_from(&self, number: u64) -> Messages<'_>;

    /// All messages, in order.
    fn iter(&self) -> Messages<'_> {
        self.iter_from(self.first())
    }

    /// The number of the first message that was sent at this time or later; [`History::next`] if
    /// there is none. O(log n).
    fn number_at(&self, time_ns: u64) -> u64;

    /// Messages that were sent within these times, in order.
    fn between(&self, times_ns: Range<u64>) -> Messages<'_> {
        let from = self.iter_from(self.number_at(times_ns.start));
        Box::new(from.take_while(move |(_, message)| message.time_ns < times_ns.end))
    }

    /// Messages that an agent sent or received, in order. O(n), but how much is looked at of
    /// messages that are not the agent's depends on the layout.
    fn of_agent<'a>(&'a self, agent: &'a str) -> Messages<'a>;

    /// Bytes that it holds on the heap, by its own account.
    fn heap_bytes(&self) -> usize;
}

/// The first of the numbers within a range for which something holds, which also holds for all
/// that follow.
fn first_number(mut range: Range<u64>, holds: impl Fn(u64) -> bool) -> u64 {
    while range.start < range.end {
        let middle = range.start + (range.end - range.start) / 2;
        if holds(middle) {
            range.end = middle;
        } else {
            range.start = middle + 1;
        }
    }
    range.start
}

fn in_order(last: Option<u64>, given: u64) -> Result<(), HistoryError> {
    match last {
        Some(last) if given < last => Err(HistoryError::Earlier { given, last }),
        _ => Ok(()),
    }
}
