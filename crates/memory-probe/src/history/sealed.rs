//! Messages in blocks that are compressed once they are full.

use std::cell::RefCell;
use std::fmt;

use super::block::{Block, MESSAGES, Packer, Unpacker};
use super::columns::Fields;
use super::names::Names;
use super::{History, HistoryError, Message, Messages, first_number, in_order};

/// Every message, field by field, in blocks of 64 that are compressed when they are full: the least
/// memory a message.
///
/// Reading a message unpacks its block, into memory that is kept for the next one; whose messages a
/// block has is told without. One thread at a time can use it.
#[derive(Default)]
pub struct Sealed {
    names: Names,
    blocks: Vec<Block>,
    /// Of the last block, which is not full.
    open: Fields,
    packer: Packer,
    unpacker: RefCell<Unpacked>,
}

/// The block that was read last.
#[derive(Default)]
struct Unpacked {
    block: Option<usize>,
    unpacker: Unpacker,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, blocks, open, .. } = self;
        f.debug_struct("Sealed")
            .field("names", names)
            .field("blocks", &blocks.len())
            .field("open", open)
            .finish_non_exhaustive()
    }
}

impl Sealed {
    /// Bytes of the compressor's own, which no allocator of Rust sees: the same for a long history as
    /// for a short one.
    #[must_use]
    pub fn foreign_bytes(&self) -> usize {
        self.packer.foreign_bytes() + self.unpacker.borrow().unpacker.foreign_bytes()
    }

    /// The message at an index of a block.
    fn in_block(&self, block: usize, index: usize) -> Option<Message> {
        let mut unpacked = self.unpacker.borrow_mut();
        if unpacked.block != Some(block) {
            unpacked.block = None;
            unpacked.unpacker.read(self.blocks.get(block)?)?;
            unpacked.block = Some(block);
        }
        unpacked.unpacker.fields.message(index, &self.names)
    }

    fn last_time_ns(&self) -> Option<u64> {
        self.open.times_ns.last().copied()
    }
}

impl History for Sealed {
    fn append(&mut self, message: Message) -> Result<u64, HistoryError> {
        in_order(self.last_time_ns(), message.time_ns)?;
        if self.open.len() == MESSAGES {
            self.blocks.push(self.packer.block(&self.open)?);
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
            + self.packer.heap_bytes()
            + self.unpacker.borrow().unpacker.heap_bytes()
    }
}
