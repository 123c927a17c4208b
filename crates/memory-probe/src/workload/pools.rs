//! Jobs of the group `pools`: objects that are made and die, from pools and from none.

mod wear;

use std::collections::VecDeque;

use bumpalo::Bump;
use slab::Slab;
use typed_arena::Arena;

use super::{Job, Workload, WorkloadError};
pub use wear::{Size, Stage, Worn, wear};

/// Objects that live at a time.
const LIVE: usize = 1_000;

/// Objects that are made in one run.
pub const MADE: usize = 4_000;

/// As large as a message with its text, and as an agent with its beliefs: 304 and 2,048 bytes.
type Message = Object<37>;
type Agent = Object<255>;

/// Something that is written when it is made and read when it dies.
struct Object<const WORDS: usize> {
    number: u64,
    body: [u64; WORDS],
}

impl<const WORDS: usize> Object<WORDS> {
    fn new(number: u64) -> Self {
        Self { number, body: [number; WORDS] }
    }

    /// What is read: both ends.
    fn note(&self) -> u64 {
        self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.body[WORDS - 1]
    }
}

/// Where objects come from and go to, one by one.
trait Pool<const WORDS: usize>: Default {
    /// How an object is held.
    type Held;

    fn make(&mut self, number: u64) -> Self::Held;

    /// Takes an object's note and frees it.
    fn free(&mut self, held: Self::Held) -> u64;
}

/// The allocator alone.
#[derive(Default)]
struct NoPool;

impl<const WORDS: usize> Pool<WORDS> for NoPool {
    type Held = Box<Object<WORDS>>;

    fn make(&mut self, number: u64) -> Self::Held {
        Box::new(Object::new(number))
    }

    fn free(&mut self, held: Self::Held) -> u64 {
        held.note()
    }
}

impl<const WORDS: usize> Pool<WORDS> for Slab<Object<WORDS>> {
    type Held = usize;

    fn make(&mut self, number: u64) -> usize {
        self.insert(Object::new(number))
    }

    fn free(&mut self, held: usize) -> u64 {
        self.remove(held).note()
    }
}

/// Boxes that are used again, the last one first.
struct FreeList<const WORDS: usize>(Vec<Box<Object<WORDS>>>);

impl<const WORDS: usize> Default for FreeList<WORDS> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const WORDS: usize> Pool<WORDS> for FreeList<WORDS> {
    type Held = Box<Object<WORDS>>;

    fn make(&mut self, number: u64) -> Self::Held {
        match self.0.pop() {
            Some(mut object) => {
                *object = Object::new(number);
                object
            }
            None => Box::new(Object::new(number)),
        }
    }

    fn free(&mut self, held: Self::Held) -> u64 {
        let note = held.note();
        self.0.push(held);
        note
    }
}

/// The sum of the notes of all objects, in whatever order they die.
type Notes = u64;

/// A thousand are made, then all die; four times. From a pool that frees one by one.
fn burst<const WORDS: usize, P: Pool<WORDS>>(pool: &mut P) -> Notes {
    let mut held = Vec::with_capacity(LIVE);
    let mut notes: Notes = 0;
    for from in (0..MADE).step_by(LIVE) {
        held.extend((from..from + LIVE).map(|number| pool.make(number as u64)));
        for object in held.drain(..) {
            notes = notes.wrapping_add(pool.free(object));
        }
    }
    notes
}

/// Of a thousand, one that is chosen at random dies and another is made.
fn churn<const WORDS: usize, P: Pool<WORDS>>(pool: &mut P) -> Notes {
    let mut held: Vec<P::Held> = (0..LIVE as u64).map(|number| pool.make(number)).collect();
    let (mut notes, mut random): (Notes, u64) = (0, 1);
    for number in LIVE..MADE {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let chosen = (random >> 33) as usize % LIVE;
        let dead = std::mem::replace(&mut held[chosen], pool.make(number as u64));
        notes = notes.wrapping_add(pool.free(dead));
    }
    held.into_iter().fold(notes, |notes, object| notes.wrapping_add(pool.free(object)))
}

/// Each dies after a thousand others were made.
fn queue<const WORDS: usize, P: Pool<WORDS>>(pool: &mut P) -> Notes {
    let mut held = VecDeque::with_capacity(LIVE + 1);
    let mut notes: Notes = 0;
    for number in 0..MADE as u64 {
        held.push_back(pool.make(number));
        if held.len() > LIVE
            && let Some(oldest) = held.pop_front()
        {
            notes = notes.wrapping_add(pool.free(oldest));
        }
    }
    held.into_iter().fold(notes, |notes, object| notes.wrapping_add(pool.free(object)))
}

/// As [`burst`], in an arena that is emptied at once and keeps its memory.
fn burst_in_bump<const WORDS: usize>(bump: &mut Bump) -> Notes {
    let mut notes: Notes = 0;
    for from in (0..MADE).step_by(LIVE) {
        let mut held = Vec::with_capacity(LIVE);
        let made =
            (from..from + LIVE).map(|number| &*bump.alloc(Object::<WORDS>::new(number as u64)));
        held.extend(made);
        notes = held.iter().fold(notes, |notes, object| notes.wrapping_add(object.note()));
        bump.reset();
    }
    notes
}

/// As [`burst`], in an arena that is new each time, since it cannot be emptied.
fn burst_in_arena<const WORDS: usize>() -> Notes {
    let mut notes: Notes = 0;
    for from in (0..MADE).step_by(LIVE) {
        let arena = Arena::with_capacity(LIVE);
        let mut held = Vec::with_capacity(LIVE);
        held.extend(
            (from..from + LIVE).map(|number| &*arena.alloc(Object::<WORDS>::new(number as u64))),
        );
        notes = held.iter().fold(notes, |notes, object| notes.wrapping_add(object.note()));
    }
    notes
}

/// Runs a pattern on a pool that lives as long as the job.
struct On<P> {
    pool: P,
    pattern: fn(&mut P) -> Notes,
    notes: Notes,
}

impl<P> Job for On<P> {
    fn prepare(&mut self) {}

    fn run(&mut self) -> Result<(), WorkloadError> {
        self.notes = (self.pattern)(&mut self.pool);
        Ok(())
    }

    fn answer(&self) -> u64 {
        self.notes
    }
}

fn on<P: Default + 'static>(pattern: fn(&mut P) -> Notes) -> Box<dyn Job> {
    Box::new(On { pool: P::default(), pattern, notes: 0 })
}

const BURST: &str = "A thousand objects are made, then all die, four times: where arenas shine.";
const CHURN: &str = "Of a thousand objects one that is chosen at random dies and another is made: a \
                     population. Arenas cannot.";
const QUEUE: &str = "Each object dies after a thousand others were made: messages that wait. Arenas \
                     cannot.";

/// All objects have the same notes, whichever dies first.
const NOTES: Notes = 0xd78e_bb3f_e8d0_81c0;

macro_rules! jobs {
    ($($name:literal, $analysis:ident, $start:expr;)*) => {
        /// Every job, in the order they are reported: pattern, object, pool.
        pub const JOBS: [Workload; 22] = [$(Workload {
            group: "pools",
            name: $name,
            analysis: $analysis,
            operations: MADE as u64,
            expected: NOTES,
            start: || Ok($start),
        }),*];
    };
}

jobs! {
    "burst_message_none", BURST, on(burst::<37, NoPool>);
    "burst_message_bumpalo", BURST, on(burst_in_bump::<37>);
    "burst_message_slab", BURST, on(burst::<37, Slab<Message>>);
    "burst_message_typed_arena", BURST, on(|(): &mut ()| burst_in_arena::<37>());
    "burst_message_free_list", BURST, on(burst::<37, FreeList<37>>);
    "burst_agent_none", BURST, on(burst::<255, NoPool>);
    "burst_agent_bumpalo", BURST, on(burst_in_bump::<255>);
    "burst_agent_slab", BURST, on(burst::<255, Slab<Agent>>);
    "burst_agent_typed_arena", BURST, on(|(): &mut ()| burst_in_arena::<255>());
    "burst_agent_free_list", BURST, on(burst::<255, FreeList<255>>);
    "churn_message_none", CHURN, on(churn::<37, NoPool>);
    "churn_message_slab", CHURN, on(churn::<37, Slab<Message>>);
    "churn_message_free_list", CHURN, on(churn::<37, FreeList<37>>);
    "churn_agent_none", CHURN, on(churn::<255, NoPool>);
    "churn_agent_slab", CHURN, on(churn::<255, Slab<Agent>>);
    "churn_agent_free_list", CHURN, on(churn::<255, FreeList<255>>);
    "queue_message_none", QUEUE, on(queue::<37, NoPool>);
    "queue_message_slab", QUEUE, on(queue::<37, Slab<Message>>);
    "queue_message_free_list", QUEUE, on(queue::<37, FreeList<37>>);
    "queue_agent_none", QUEUE, on(queue::<255, NoPool>);
    "queue_agent_slab", QUEUE, on(queue::<255, Slab<Agent>>);
    "queue_agent_free_list", QUEUE, on(queue::<255, FreeList<255>>);
}
