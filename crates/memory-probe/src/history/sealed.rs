//! Messages in blocks that are compressed once they are full.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block::{Block, MESSAGES, Packer, Unpacker};
use super::columns::Fields;
use super::names::Names;
use super::{History, HistoryError, Message, Messages, first_number, in_order};

/// Every message, field by field, in blocks of 64 that are compressed when they are full: the least
/// memory a message.
///
/// Reading a message unpacks its block, into memory that is kept for the next one; whose messages a
/// block has is told without. What compressing and unpacking needs is there once a thread, for all of
/// its histories, until the thread ends: see [`thread_bytes`].
#[derive(Debug)]
pub struct Sealed {
    /// Tells blocks of one history from those of another.
    id: u64,
    names: Names,
    blocks: Vec<Block>,
    /// Of the last block, which is not full.
    open: Fields,
}

/// What a thread compresses and unpacks with.
#[derive(Default)]
struct Workbench {
    packer: Packer,
    unpacker: Unpacker,
    /// What was unpacked last: a block of the history of this id.
    unpacked: Option<(u64, usize)>,
}

thread_local! {
    static WORKBENCH: RefCell<Workbench> = RefCell::default();
}

/// Does some work on this thread's bench, or on a new one where the thread ends and its own is gone.
fn on_workbench<T>(work: impl FnOnce(&mut Workbench) -> T) -> Option<T> {
    let mut work = Some(work);
    let mut once = |bench: &mut Workbench| work.take().map(|work| work(bench));
    let done = WORKBENCH.try_with(|bench| once(&mut bench.borrow_mut()));
    done.unwrap_or_else(|_| once(&mut Workbench::default()))
}

/// Bytes that this thread holds to compress and unpack blocks of [`Sealed`] histories, beside what the
/// histories say of themselves; up to a hundred more of headers.
#[must_use]
pub fn thread_bytes() -> usize {
    let bytes = |bench: &mut Workbench| bench.packer.heap_bytes() + bench.unpacker.heap_bytes();
    on_workbench(bytes).unwrap_or_default()
}

impl Default for Sealed {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            names: Names::default(),
            blocks: Vec::new(),
            open: Fields::default(),
        }
    }
}

impl Sealed {
    /// The message at an index of a block.
    fn in_block(&self, block: usize, index: usize) -> Option<Message> {
        let read = |bench: &mut Workbench| {
            if bench.unpacked != Some((self.id, block)) {
                bench.unpacked = None;
                bench.unpacker.read(self.blocks.get(block)?)?;
                bench.unpacked = Some((self.id, block));
            }
            bench.unpacker.fields.message(index, &self.names)
        };
        on_workbench(read).flatten()
    }

    fn last_time_ns(&self) -> Option<u64> {
        self.open.times_ns.last().copied()
    }
}

impl History for Sealed {
    fn append(&mut self, message: Message) -> Result<u64, HistoryError> {
        in_order(self.last_time_ns(), message.time_ns)?;
        if self.open.len() == MESSAGES {
            let block = on_workbench(|bench| bench.packer.block(&self.open));
            let block = block.unwrap_or(Err(HistoryError::Compression("no workbench")));
            self.blocks.push(block?);
            self.open.clear();
        }
        self.open.push(&message, &mut self.names);
        Ok(self.next() - 1)
    }

    fn first(&self) -> u64 {
        0
    }

    fn next(&self) -> u64 {
        (self.blocks.len() * MESSAGES + self.open.len()) as u64
    }

    fn get(&self, number: u64) -> Option<Message> {
        let number = usize::try_from(number).ok()?;
        let (block, index) = (number / MESSAGES, number % MESSAGES);
        if block < self.blocks.len() {
            self.in_block(block, index)
        } else if block == self.blocks.len() {
            self.open.message(index, &self.names)
        } else {
            None
        }
    }

    fn iter_from(&self, number: u64) -> Messages<'_> {
        let numbers = number..self.next();
        Box::new(numbers.filter_map(|number| Some((number, self.get(number)?))))
    }

    fn number_at(&self, time_ns: u64) -> u64 {
        // Blocks that begin earlier may end later: of those only the last.
        let later = self.blocks.partition_point(|block| block.first_time_ns < time_ns);
        let (from, until) = match self.open.times_ns.first() {
            Some(&open) if open < time_ns => (self.blocks.len(), self.next()),
            _ => (later.saturating_sub(1), (later * MESSAGES) as u64),
        };
        first_number((from * MESSAGES) as u64..until.min(self.next()), |number| {
            self.get(number).is_none_or(|message| message.time_ns >= time_ns)
        })
    }

    fn of_agent<'a>(&'a self, agent: &'a str) -> Messages<'a> {
        let Some(agent) = self.names.find(agent) else { return Box::new(std::iter::empty()) };
        let sealed = self.blocks.iter().enumerate().flat_map(move |(number, block)| {
            let own = (0..MESSAGES).filter(move |index| block.is_of(*index, agent));
            own.map(move |index| number * MESSAGES + index)
        });
        let begin = self.blocks.len() * MESSAGES;
        let open = self.open.from.iter().zip(&self.open.to).enumerate();
        let open = open.filter(move |(_, (from, to))| **from == agent || **to == agent);
        let numbers = sealed.chain(open.map(move |(index, _)| begin + index));
        Box::new(numbers.filter_map(|number| Some((number as u64, self.get(number as u64)?))))
    }

    fn heap_bytes(&self) -> usize {
        self.names.heap_bytes()
            + self.blocks.capacity() * size_of::<Block>()
            + self.blocks.iter().map(Block::heap_bytes).sum::<usize>()
            + self.open.heap_bytes()
    }
}
