//! Objects of many sizes that come and go, and how much memory is then held for how much use.

use slab::Slab;

use super::{FreeList, Object, Pool};

/// Where objects come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worn {
    /// The allocator alone: each object is as large as it must be.
    None,
    /// A slab: each place is as large as the largest object.
    Slab,
    /// A free list of boxes, each as large as the largest object.
    FreeList,
}

/// What objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 8 to 304 bytes.
    Message,
    /// 8 to 2,048 bytes.
    Agent,
}

/// How far the objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is none yet, only the list that will hold them.
    Begun,
    /// All were made, one after the other.
    Filled,
    /// Four times as many, chosen at random, died and others were made in their place.
    Churned,
    /// Of these, half died, chosen at random: as when the load ebbs.
    Halved,
}

impl Worn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Slab, Self::FreeList];

    /// As pools are named in jobs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Slab => "slab",
            Self::FreeList => "free_list",
        }
    }
}

impl Size {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Message, Self::Agent];

    /// As objects are named in jobs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Agent => "agent",
        }
    }
}

impl Stage {
    /// In their order.
    pub const ALL: [Self; 4] = [Self::Begun, Self::Filled, Self::Churned, Self::Halved];

    /// As it is named in series.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Filled => "filled",
            Self::Churned => "churned",
            Self::Halved => "halved",
        }
    }
}

/// Lives through all stages with so many objects and calls `look` at each, with the bytes that the
/// objects which are alive need.
pub fn wear(pool: Worn, size: Size, objects: usize, look: impl FnMut(Stage, usize)) {
    match (size, pool) {
        (Size::Message, Worn::None) => worn::<37, Exact>(objects, look),
        (Size::Message, Worn::Slab) => worn::<37, Slab<Object<37>>>(objects, look),
        (Size::Message, Worn::FreeList) => worn::<37, FreeList<37>>(objects, look),
        (Size::Agent, Worn::None) => worn::<255, Exact>(objects, look),
        (Size::Agent, Worn::Slab) => worn::<255, Slab<Object<255>>>(objects, look),
        (Size::Agent, Worn::FreeList) => worn::<255, FreeList<255>>(objects, look),
    }
}

/// The words that an object needs, its number among them: any number of them, as likely.
fn words<const WORDS: usize>(number: u64) -> usize {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    1 + (mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) as usize % (WORDS + 1)
}

/// Boxes of just the size that an object needs.
#[derive(Default)]
struct Exact;

impl<const WORDS: usize> Pool<WORDS> for Exact {
    type Held = Box<[u64]>;

    fn make(&mut self, number: u64) -> Self::Held {
        vec![number; words::<WORDS>(number)].into_boxed_slice()
    }

    fn free(&mut self, held: Self::Held) -> u64 {
        held.first().copied().unwrap_or_default()
    }
}

/// An object that is alive, and its number.
type Living<H> = Option<(u64, H)>;

fn worn<const WORDS: usize, P: Pool<WORDS>>(objects: usize, mut look: impl FnMut(Stage, usize)) {
    let mut pool = P::default();
    let mut held: Vec<Living<P::Held>> = (0..objects).map(|_| None).collect();
    let need = |number: u64| words::<WORDS>(number) * size_of::<u64>();
    let mut useful = 0;
    look(Stage::Begun, useful);
    for (number, place) in (0..).zip(&mut held) {
        *place = Some((number, pool.make(number)));
        useful += need(number);
    }
    look(Stage::Filled, useful);
    let mut random = 1_u64;
    let mut below = |bound: usize| {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (random >> 33) as usize % bound.max(1)
    };
    for number in (objects as u64..).take(4 * objects) {
        let fresh = pool.make(number);
        useful += need(number);
        if let Some((dead, object)) = held[below(objects)].replace((number, fresh)) {
            useful -= need(dead);
            pool.free(object);
        }
    }
    look(Stage::Churned, useful);
    for _ in 0..objects / 2 {
        if let Some((dead, object)) = held.swap_remove(below(held.len())) {
            useful -= need(dead);
            pool.free(object);
        }
    }
    look(Stage::Halved, useful);
}
