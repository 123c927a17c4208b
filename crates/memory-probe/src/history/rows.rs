//! Messages as they are, one after the other.

use std::collections::VecDeque;

use super::{History, HistoryError, Message, Messages, first_number, in_order};

/// How much may be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// Everything.
    #[default]
    None,
    /// So many messages.
    Messages(usize),
    /// Messages that hold so many bytes, each with its place in the list.
    Bytes(usize),
}

/// Messages as they were given, each with strings and a map of its own. Nothing is faster to append
/// to, and nothing larger.
///
/// Beyond its [`Limit`] the oldest are dropped.
#[derive(Debug, Default)]
pub struct Rows {
    limit: Limit,
    rows: VecDeque<Message>,
    first: u64,
    /// Of all rows.
    bytes: usize,
}

impl Rows {
    /// An empty history.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self { limit, ..Self::default() }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.rows.pop_front() {
            self.bytes -= row_bytes(&oldest);
            self.first += 1;
        }
    }

    fn row(&self, number: u64) -> Option<&Message> {
        self.rows.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }
}

fn row_bytes(message: &Message) -> usize {
    size_of::<Message>() + message.heap_bytes()
}

impl History for Rows {
    fn append(&mut self, message: Message) -> Result<u64, HistoryError> {
        in_order(self.rows.back().map(|last| last.time_ns), message.time_ns)?;
        let bytes = row_bytes(&message);
        match self.limit {
            Limit::None => {}
            Limit::Messages(0) => return Err(HistoryError::TooLarge { bytes, limit: 0 }),
            Limit::Messages(most) => {
                while self.rows.len() >= most {
                    self.drop_oldest();
                }
            }
            Limit::Bytes(limit) if bytes > limit => {
                return Err(HistoryError::TooLarge { bytes, limit });
            }
            Limit::Bytes(limit) => {
                while self.bytes + bytes > limit {
                    self.drop_oldest();
                }
            }
        }
        self.bytes += bytes;
        self.rows.push_back(message);
        Ok(self.next() - 1)
    }

    fn first(&self) -> u64 {
        self.first
    }

    fn next(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    fn get(&self, number: u64) -> Option<Message> {
        self.row(number).cloned()
    }

    fn iter_from(&self, number: u64) -> Messages<'_> {
        let number = number.max(self.first);
        let skipped = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        Box::new((number..).zip(self.rows.iter().skip(skipped).cloned()))
    }

    fn number_at(&self, time_ns: u64) -> u64 {
        first_number(self.first..self.next(), |number| {
            self.row(number).is_none_or(|message| message.time_ns >= time_ns)
        })
    }

    fn of_agent<'a>(&'a self, agent: &'a str) -> Messages<'a> {
        let numbered = (self.first..).zip(&self.rows);
        let own = numbered.filter(move |(_, row)| row.from == agent || row.to == agent);
        Box::new(own.map(|(number, row)| (number, row.clone())))
    }

    fn heap_bytes(&self) -> usize {
        let rows = self.rows.len() * size_of::<Message>();
        self.bytes - rows + self.rows.capacity() * size_of::<Message>()
    }
}
