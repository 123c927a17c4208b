//! Six programs that leak or do not, each with a mended twin.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use memory_probe::leaks::{self, Cycles, Series, Verdict, Watched};
use memory_probe::{ProbeError, Scope};

/// How a program is: as it was found, or mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Found,
    Mended,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Mended => "mended",
        }
    }
}

/// What a verdict must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Truth {
    /// It does not grow for ever.
    Clean,
    /// It grows by about so many bytes a cycle, at least.
    Leaks(f64),
}

/// A program whose verdict is known.
pub struct Case {
    pub name: &'static str,
    pub about: &'static str,
    /// Of the version that was found; the mended one is clean.
    pub truth: Truth,
    pub run: fn(Version, u64) -> Result<Series, ProbeError>,
}

pub const CASES: [Case; 6] = [
    Case {
        name: "noisy",
        about: "a working set that changes all the time, beside a busy thread",
        truth: Truth::Clean,
        run: noisy,
    },
    Case {
        name: "four_threads",
        about: "64 bytes a cycle on each of four threads",
        truth: Truth::Leaks(4.0 * 64.0),
        run: four_threads,
    },
    Case {
        name: "registry",
        about: "a registry that grows and is freed at the end",
        truth: Truth::Leaks(30.0),
        run: registry,
    },
    Case {
        name: "cache",
        about: "a cache that fills and then stays",
        truth: Truth::Clean,
        run: cache,
    },
    Case {
        name: "rc_cycle",
        about: "two nodes that hold each other",
        truth: Truth::Leaks(100.0),
        run: rc_cycle,
    },
    Case {
        name: "error_path",
        about: "a buffer that is lost when one in eleven messages cannot be read",
        truth: Truth::Leaks(200.0 / 11.0),
        run: error_path,
    },
];

impl Case {
    /// Whether a verdict is what it must be.
    pub fn is_right(&self, version: Version, verdict: Verdict) -> bool {
        match (version, self.truth, verdict) {
            (Version::Found, Truth::Leaks(least), Verdict::Growing { bytes_per_cycle, .. }) => {
                bytes_per_cycle >= 0.9 * least
            }
            (Version::Found, Truth::Leaks(_), _) => false,
            (_, _, verdict) => matches!(verdict, Verdict::Returned | Verdict::Settled { .. }),
        }
    }
}

/// A sequence of numbers that looks random: xorshift64.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}

/// Sixty-four blocks, eight of which are replaced by others of other sizes in each cycle; the mended
/// version always has blocks of one size. Meanwhile another thread allocates and frees, and is
/// counted with it.
fn noisy(version: Version, seed: u64) -> Result<Series, ProbeError> {
    static SCOPE: Scope = Scope::new("noisy");
    let mut random = Random::new(seed);
    let mut set = vec![Vec::<u8>::new(); 64];
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            let _entered = SCOPE.enter();
            let mut random = Random::new(seed + 1);
            while !stop.load(Ordering::Relaxed) {
                drop(black_box(vec![0_u8; 1 + random.below(5_000)]));
                thread::yield_now();
            }
        });
        let cycles = Cycles { warm_up: 200, watched: 12_000 };
        let series = leaks::watch(Watched::Scope(&SCOPE), cycles, |_| {
            for _ in 0..8 {
                let size = match version {
                    Version::Found => 1 + random.below(1_000),
                    Version::Mended => 500,
                };
                let block = random.below(set.len());
                set[block] = vec![1; size];
            }
        });
        stop.store(true, Ordering::Relaxed);
        series
    })
}

/// Threads that live as long as the program does, as workers do.
fn four_threads(version: Version, seed: u64) -> Result<Series, ProbeError> {
    const THREADS: usize = 4;
    static SCOPE: Scope = Scope::new("four threads");
    let (begin, end) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        for number in 0..THREADS as u64 {
            let (begin, end, stop) = (&begin, &end, &stop);
            threads.spawn(move || {
                let _entered = SCOPE.enter();
                let mut random = Random::new(seed + number);
                loop {
                    begin.wait();
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    drop(black_box(vec![0_u8; 1 + random.below(300)]));
                    let block = Box::new([number; 8]);
                    match version {
                        Version::Found => drop(black_box(Box::leak(block))),
                        Version::Mended => drop(black_box(block)),
                    }
                    end.wait();
                }
            });
        }
        let cycles = Cycles { warm_up: 10, watched: 400 };
        let series = leaks::watch(Watched::Scope(&SCOPE), cycles, |_| {
            begin.wait();
            end.wait();
        });
        stop.store(true, Ordering::Relaxed);
        begin.wait();
        series
    })
}

/// Whoever logs in is entered and, in the version that was found, never struck out. When the program
/// ends all of it is freed: whoever looks then sees nothing.
fn registry(version: Version, seed: u64) -> Result<Series, ProbeError> {
    static SCOPE: Scope = Scope::new("registry");
    static REGISTRY: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());
    let registry = || REGISTRY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut random = Random::new(seed);
    let cycles = Cycles { warm_up: 100, watched: 2_000 };
    let series = leaks::watch(Watched::Scope(&SCOPE), cycles, |cycle| {
        let name = format!("agent {cycle} of cohort {}", 10 + random.below(90));
        registry().insert(cycle, name);
        if version == Version::Mended {
            registry().remove(&cycle);
        }
    });
    SCOPE.within(|| registry().clear());
    series
}

/// Answers to a hundred questions, which come in random order; the mended version was filled
/// before.
fn cache(version: Version, seed: u64) -> Result<Series, ProbeError> {
    static SCOPE: Scope = Scope::new("cache");
    const QUESTIONS: usize = 100;
    let mut random = Random::new(seed);
    let mut cache: HashMap<usize, Vec<u8>> = HashMap::new();
    let answer = |question: usize| vec![1_u8; 100 + question];
    if version == Version::Mended {
        cache.extend((0..QUESTIONS).map(|question| (question, answer(question))));
    }
    let cycles = Cycles { warm_up: 20, watched: 4_000 };
    leaks::watch(Watched::Scope(&SCOPE), cycles, |_| {
        let question = random.below(QUESTIONS);
        black_box(cache.entry(question).or_insert_with(|| answer(question)));
    })
}

struct Node {
    _belief: [f64; 4],
    other: RefCell<Option<Rc<Node>>>,
    parent: RefCell<Weak<Node>>,
}

fn rc_cycle(version: Version, seed: u64) -> Result<Series, ProbeError> {
    static SCOPE: Scope = Scope::new("rc cycle");
    let node = |belief| {
        Rc::new(Node {
            _belief: [belief; 4],
            other: RefCell::default(),
            parent: RefCell::default(),
        })
    };
    let cycles = Cycles { warm_up: 10, watched: 500 };
    leaks::watch(Watched::Scope(&SCOPE), cycles, |cycle| {
        let (one, other) = (node(seed as f64), node(cycle as f64));
        *one.other.borrow_mut() = Some(Rc::clone(&other));
        match version {
            Version::Found => *other.other.borrow_mut() = Some(Rc::clone(&one)),
            Version::Mended => *other.parent.borrow_mut() = Rc::downgrade(&one),
        }
    })
}

/// A buffer goes to a reader by its address and comes back, unless the reader fails.
fn error_path(version: Version, seed: u64) -> Result<Series, ProbeError> {
    static SCOPE: Scope = Scope::new("error path");
    let mut random = Random::new(seed);
    let read = |text: Vec<u8>| -> Result<u64, std::num::ParseIntError> {
        let buffer = std::mem::ManuallyDrop::new(text);
        let parsed = String::from_utf8_lossy(&buffer).trim().parse();
        if parsed.is_ok() || version == Version::Mended {
            drop(std::mem::ManuallyDrop::into_inner(buffer));
        }
        parsed
    };
    let cycles = Cycles { warm_up: 100, watched: 3_000 };
    leaks::watch(Watched::Scope(&SCOPE), cycles, |_| {
        let is_bad = random.below(11) == 0;
        let mut text = if is_bad { b"seven".to_vec() } else { b"7".to_vec() };
        text.resize(200 + random.below(100), b' ');
        let _: Result<u64, _> = black_box(read(text));
    })
}
