//! Jobs of the group `history`: two thousand messages, kept and read.

use std::hash::{Hash, Hasher};

use fnv::FnvHasher;

use super::{Job, Workload, WorkloadError};
use crate::history::{Columns, History, Limit, Message, Ring, Rows, Sealed, Traffic};

/// Messages of a job.
pub const MESSAGES: usize = 2_000;

/// Messages that a bounded history keeps.
const KEPT: usize = MESSAGES / 2;

/// Messages that are read, by their numbers in an order that looks random.
const READ: usize = 1_000;

/// A layout and how much it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// [`Rows`] without a limit.
    Unbounded,
    /// [`Rows`] of half as many messages.
    BoundedCount,
    /// [`Rows`] of half as many bytes.
    BoundedBytes,
    /// [`Ring`] with room for about half of them.
    Ring,
    /// [`Columns`].
    Columns,
    /// [`Sealed`].
    Sealed,
}

impl Layout {
    /// All of them, in the order they are reported.
    pub const ALL: [Self; 6] = [
        Self::Unbounded,
        Self::BoundedCount,
        Self::BoundedBytes,
        Self::Ring,
        Self::Columns,
        Self::Sealed,
    ];

    /// As it is named in series.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unbounded => "unbounded",
            Self::BoundedCount => "bounded_count",
            Self::BoundedBytes => "bounded_bytes",
            Self::Ring => "ring",
            Self::Columns => "columns",
            Self::Sealed => "sealed",
        }
    }

    /// An empty history that is to get so many messages, of which the bounded ones keep about half.
    #[must_use]
    pub fn history(self, messages: usize) -> Box<dyn History> {
        let half = messages / 2;
        match self {
            Self::Unbounded => Box::new(Rows::default()),
            Self::BoundedCount => Box::new(Rows::new(Limit::Messages(half))),
            Self::BoundedBytes => Box::new(Rows::new(Limit::Bytes(half * ROW_BYTES))),
            Self::Ring => Box::new(Ring::new((half * RING_BYTES) as u32)),
            Self::Columns => Box::new(Columns::default()),
            Self::Sealed => Box::new(Sealed::default()),
        }
    }
}

/// About what a message of [`Traffic`] takes in [`Rows`].
const ROW_BYTES: usize = 680;

/// About what a message of [`Traffic`] takes in a [`Ring`]'s buffer.
const RING_BYTES: usize = 96;

macro_rules! jobs {
    ($($layout:ident, $name:literal, $appended:literal, $read:literal;)*) => {
        /// Every job, in the order they are reported.
        pub const JOBS: [Workload; 12] = [
            $(
                Workload {
                    group: "history",
                    name: concat!("append_", $name),
                    analysis: "Two thousand messages are kept, one by one, in a history that is \
                               empty at first.",
                    operations: MESSAGES as u64,
                    expected: $appended,
                    start: || Ok(Box::new(Append::new(Layout::$layout))),
                },
                Workload {
                    group: "history",
                    name: concat!("read_", $name),
                    analysis: "A thousand messages are read by their numbers, in random order.",
                    operations: READ as u64,
                    expected: $read,
                    start: || Ok(Box::new(Read::new(Layout::$layout)?)),
                },
            )*
        ];
    };
}

jobs! {
    Unbounded, "unbounded", 0x6d79_d360_f0a3_0a7e, 0x0fb3_0f68_a39b_703d;
    BoundedCount, "bounded_count", 0x606a_9470_f9e2_4acf, 0x0fb3_0f68_a39b_703d;
    BoundedBytes, "bounded_bytes", 0xe62a_6a9c_54ed_6be6, 0x0fb3_0f68_a39b_703d;
    Ring, "ring", 0x39da_3472_e420_1022, 0x0fb3_0f68_a39b_703d;
    Columns, "columns", 0x6d79_d360_f0a3_0a7e, 0x0fb3_0f68_a39b_703d;
    Sealed, "sealed", 0x6d79_d360_f0a3_0a7e, 0x0fb3_0f68_a39b_703d;
}

/// Appends to an empty history.
struct Append {
    layout: Layout,
    messages: Vec<Message>,
    history: Box<dyn History>,
}

impl Append {
    fn new(layout: Layout) -> Self {
        Self { layout, messages: Vec::new(), history: layout.history(MESSAGES) }
    }
}

impl Job for Append {
    fn prepare(&mut self) {
        self.history = self.layout.history(MESSAGES);
        self.messages.clear();
        self.messages.extend(Traffic::new(1).take(MESSAGES));
    }

    fn run(&mut self) -> Result<(), WorkloadError> {
        for message in self.messages.drain(..) {
            self.history.append(message)?;
        }
        Ok(())
    }

    /// Over all that is kept, in order.
    fn answer(&self) -> u64 {
        let mut hasher = FnvHasher::default();
        self.history.first().hash(&mut hasher);
        self.history.iter().for_each(|(_, message)| note(&message, &mut hasher));
        hasher.finish()
    }
}

/// Reads from a full one.
struct Read {
    history: Box<dyn History>,
    numbers: Vec<u64>,
    hasher: FnvHasher,
}

impl Read {
    fn new(layout: Layout) -> Result<Self, WorkloadError> {
        let mut history = layout.history(MESSAGES);
        for message in Traffic::new(1).take(MESSAGES) {
            history.append(message)?;
        }
        // Half of them are kept by every layout; a stride that shares no factor with their number.
        let newest = (MESSAGES - KEPT / 2) as u64..MESSAGES as u64;
        let width = newest.end - newest.start;
        let numbers = (0..READ as u64).map(|read| newest.start + read * 1_009 % width).collect();
        Ok(Self { history, numbers, hasher: FnvHasher::default() })
    }
}

impl Job for Read {
    fn prepare(&mut self) {
        self.hasher = FnvHasher::default();
    }

    fn run(&mut self) -> Result<(), WorkloadError> {
        for number in &self.numbers {
            if let Some(message) = self.history.get(*number) {
                note(&message, &mut self.hasher);
            }
        }
        Ok(())
    }

    fn answer(&self) -> u64 {
        self.hasher.finish()
    }
}

/// What a reader looks at: little, so that reading is what costs.
fn note(message: &Message, hasher: &mut FnvHasher) {
    message.time_ns.hash(hasher);
    (message.text.len(), message.to.len(), message.kind as u8).hash(hasher);
    message.figures.values().for_each(|figure| figure.to_bits().hash(hasher));
}
