//! What the counting allocator says, against what was really asked of it.
//!
//! A binary of its own with no test harness, because it owns the global allocator and its counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::{Barrier, mpsc};
use std::thread;

use memory_probe::{Account, Counting, Scope, scopes};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

fn main() {
    let tests: &[(&str, fn())] = &[
        ("every call is counted", every_call_is_counted),
        ("a failed allocation is none", a_failed_allocation_is_none),
        ("blocks keep their contents and alignment", blocks_are_those_of_the_wrapped_allocator),
        ("seats are used again", seats_are_used_again),
        ("threads beyond the seats are counted", threads_beyond_the_seats_are_counted),
        ("what one thread allocates another frees", blocks_change_threads),
        #[cfg(target_os = "linux")]
        ("a thread that ends counts to its end", a_thread_that_ends_counts_to_its_end),
        ("the innermost scope counts", the_innermost_scope_counts),
        ("a peak is within its error", a_peak_is_within_its_error),
        ("peaks can begin anew", peaks_begin_anew),
        // Last, for it uses up the scopes.
        ("scopes beyond the room share one", scopes_beyond_the_room_share_one),
    ];
    for (name, test) in tests {
        test();
        println!("ok: {name}");
    }
}

fn change(work: impl FnOnce()) -> Account {
    let before = Account::now();
    work();
    Account::now().since(&before)
}

/// A sequence of numbers that looks random: xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 8).unwrap()
}

/// What a random program asked of the allocator, by its own account.
#[derive(Default)]
struct Asked {
    allocated_bytes: u64,
    freed_bytes: u64,
    sizes: Vec<usize>,
    freed_blocks: u64,
}

/// Allocates, frees, resizes at random and frees all at the end.
fn random_program(seed: u64, calls: usize) -> Asked {
    let mut random = Random(seed);
    let mut asked = Asked { sizes: Vec::with_capacity(calls), ..Asked::default() };
    let mut held: Vec<(*mut u8, usize)> = Vec::with_capacity(calls);
    for _ in 0..calls {
        let most = 2 << random.below(16);
        let size = 1 + random.below(most);
        match random.below(4) {
            choice @ (0 | 1) => {
                // SAFETY: the size is not 0.
                let block = unsafe {
                    if choice == 0 {
                        ALLOCATOR.alloc(layout(size))
                    } else {
                        ALLOCATOR.alloc_zeroed(layout(size))
                    }
                };
                held.push((block, size));
                asked.allocated_bytes += size as u64;
                asked.sizes.push(size);
            }
            2 if !held.is_empty() => {
                let (block, old) = held.swap_remove(random.below(held.len()));
                // SAFETY: the block came from here with this size and is replaced by the new one.
                let block = unsafe { ALLOCATOR.realloc(block, layout(old), size) };
                held.push((block, size));
                asked.allocated_bytes += size as u64;
                asked.sizes.push(size);
                asked.freed_bytes += old as u64;
                asked.freed_blocks += 1;
            }
            3 if !held.is_empty() => {
                let (block, size) = held.swap_remove(random.below(held.len()));
                // SAFETY: the block came from here with this size and is forgotten.
                unsafe { ALLOCATOR.dealloc(block, layout(size)) };
                asked.freed_bytes += size as u64;
                asked.freed_blocks += 1;
            }
            _ => {}
        }
    }
    for (block, size) in held.drain(..) {
        // SAFETY: as above.
        unsafe { ALLOCATOR.dealloc(block, layout(size)) };
        asked.freed_bytes += size as u64;
        asked.freed_blocks += 1;
    }
    asked
}

fn every_call_is_counted() {
    static PROGRAM: Scope = Scope::new("random program");
    for seed in 1..200 {
        let before = PROGRAM.account();
        // Its own two lists are counted too: one block each, held to the end.
        let calls = 10 + 5 * seed as usize;
        let asked = PROGRAM.within(|| random_program(seed, calls));
        let account = PROGRAM.account().since(&before);
        let (lists, list_bytes) = (2, calls * (size_of::<usize>() + size_of::<(*mut u8, usize)>()));
        assert_eq!(account.allocated_bytes, asked.allocated_bytes + list_bytes as u64, "{seed}");
        assert_eq!(account.allocated_blocks(), asked.sizes.len() as u64 + lists, "{seed}");
        // `sizes` is returned and still lives.
        let returned = calls * size_of::<usize>();
        assert_eq!(account.freed_bytes, asked.freed_bytes + (list_bytes - returned) as u64);
        assert_eq!(account.freed_blocks, asked.freed_blocks + 1);
        for (least, most, blocks) in account.sizes.iter() {
            let within = |size: &&usize| (least..=most).contains(&(**size as u64));
            let lists = [calls * size_of::<usize>(), calls * size_of::<(*mut u8, usize)>()];
            let expected = asked.sizes.iter().chain(&lists).filter(within).count();
            assert_eq!(blocks, expected as u64, "{least} to {most} bytes");
        }
    }
}

fn a_failed_allocation_is_none() {
    let account = change(|| {
        let mut bytes: Vec<u8> = Vec::new();
        assert!(bytes.try_reserve_exact(isize::MAX as usize - 4096).is_err());
        // SAFETY: the size is not 0.
        let block = black_box(unsafe { ALLOCATOR.alloc_zeroed(layout(1 << 62)) });
        assert!(block.is_null());
        // SAFETY: the block came from here with this size, stays as it is, and is freed below.
        unsafe {
            let block = black_box(ALLOCATOR.alloc(layout(64)));
            assert!(black_box(ALLOCATOR.realloc(block, layout(64), 1 << 62)).is_null());
            ALLOCATOR.dealloc(block, layout(64));
        }
    });
    assert_eq!((account.allocated_bytes, account.freed_bytes), (64, 64));
    assert_eq!((account.allocated_blocks(), account.freed_blocks), (1, 1));
}

fn blocks_are_those_of_the_wrapped_allocator() {
    for shift in 3..16 {
        let aligned = Layout::from_size_align(3 << shift, 1 << shift).unwrap();
        // SAFETY: sizes are not 0, blocks are written within their size and freed once, with the
        // size that they have by then.
        unsafe {
            let block = ALLOCATOR.alloc_zeroed(aligned);
            assert_eq!(block as usize % aligned.align(), 0);
            assert!((0..aligned.size()).all(|at| *block.add(at) == 0));
            for at in 0..aligned.size() {
                *block.add(at) = at as u8;
            }
            let grown = ALLOCATOR.realloc(block, aligned, 5 << shift);
            assert_eq!(grown as usize % aligned.align(), 0);
            assert!((0..aligned.size()).all(|at| *grown.add(at) == at as u8));
            let layout = Layout::from_size_align(5 << shift, 1 << shift).unwrap();
            ALLOCATOR.dealloc(grown, layout);
        }
    }
}

/// Threads that all live at a time each hold a block, in a scope of their own.
fn threads_beyond_the_seats_are_counted() {
    const THREADS: usize = 300;
    static CROWD: Scope = Scope::new("crowd");
    let (all_hold, counted) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (all_hold, counted) = (&all_hold, &counted);
            scope.spawn(move || {
                let _entered = CROWD.enter();
                for _ in 0..100 {
                    drop(black_box(vec![1_u8; 10 + number]));
                }
                let held = black_box(vec![1_u8; 1000 + number]);
                all_hold.wait();
                counted.wait();
                drop(held);
            });
        }
        all_hold.wait();
        let account = CROWD.account();
        let numbers = (THREADS * (THREADS - 1) / 2) as i64;
        assert_eq!(account.live_bytes(), 1000 * THREADS as i64 + numbers);
        assert_eq!(account.live_blocks(), THREADS as i64);
        assert_eq!(account.allocated_blocks(), 101 * THREADS as u64);
        counted.wait();
    });
    assert_eq!((CROWD.account().live_bytes(), CROWD.account().live_blocks()), (0, 0));
}

fn blocks_change_threads() {
    static GIVING: Scope = Scope::new("giving");
    static TAKING: Scope = Scope::new("taking");
    let (give, take) = mpsc::sync_channel::<Box<[u8; 100]>>(4);
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..1_000_u64 {
                let block = GIVING.within(|| Box::new([number as u8; 100]));
                give.send(block).unwrap();
            }
        });
        scope.spawn(move || {
            while let Ok(block) = take.recv() {
                TAKING.within(|| drop(black_box(block)));
            }
        });
    });
    assert_eq!((GIVING.account().live_bytes(), GIVING.account().live_blocks()), (100_000, 1_000));
    assert_eq!((TAKING.account().live_bytes(), TAKING.account().live_blocks()), (-100_000, -1_000));
    assert_eq!(TAKING.account().allocated_bytes, 0);
}

/// A seat that is left is free for the next thread: a peak is no less exact for threads that are
/// long gone.
fn seats_are_used_again() {
    static ONE_BY_ONE: Scope = Scope::new("one by one");
    for number in 0..300 {
        let alone = move || ONE_BY_ONE.within(|| drop(black_box(vec![1_u8; 100 + number])));
        thread::spawn(alone).join().unwrap();
    }
    let account = ONE_BY_ONE.account();
    assert_eq!((account.allocated_blocks(), account.live_bytes()), (300, 0));
    assert_eq!(account.peak_error_bytes, one_seat());
}

/// By what a scope of one thread may be off.
fn one_seat() -> u64 {
    static ALONE: Scope = Scope::new("alone");
    ALONE.within(|| drop(black_box(vec![1_u8; 100])));
    ALONE.account().peak_error_bytes
}

/// What is freed when the thread's own values are gone already, seat and scope among them.
#[cfg(target_os = "linux")]
fn a_thread_that_ends_counts_to_its_end() {
    use std::ffi::{c_int, c_void};

    unsafe extern "C" {
        fn pthread_key_create(key: *mut u32, end: unsafe extern "C" fn(*mut c_void)) -> c_int;
        fn pthread_setspecific(key: u32, value: *const c_void) -> c_int;
    }

    /// Frees the last will of a thread.
    unsafe extern "C" fn end(will: *mut c_void) {
        // SAFETY: it is the box that was given to `pthread_setspecific`, and is freed once.
        drop(unsafe { Box::from_raw(will.cast::<[u8; 12_345]>()) });
    }

    let mut key = 0;
    // SAFETY: the key is written before it is used, and the destructor suits its values.
    assert_eq!(unsafe { pthread_key_create(&raw mut key, end) }, 0);
    let once = move || {
        let will = Box::into_raw(Box::new([1_u8; 12_345]));
        // SAFETY: the key was made above.
        assert_eq!(unsafe { pthread_setspecific(key, will.cast()) }, 0);
    };
    // The first time the runtime allocates for itself.
    thread::spawn(once).join().unwrap();
    for _ in 0..10 {
        let account = change(|| thread::spawn(once).join().unwrap());
        assert_eq!((account.live_bytes(), account.live_blocks()), (0, 0));
        assert!(account.allocated_bytes >= 12_345);
    }
}

fn the_innermost_scope_counts() {
    static OUTER: Scope = Scope::new("outer");
    static INNER: Scope = Scope::new("inner");
    static INNER_AGAIN: Scope = Scope::new("inner");
    let process = Account::now();
    let outer = OUTER.enter();
    let first = black_box(vec![0_u8; 10]);
    let inner = INNER.enter();
    let second = black_box(vec![0_u8; 200]);
    drop(inner);
    let third = black_box(vec![0_u8; 3_000]);
    drop(outer);
    let outside = black_box(vec![0_u8; 40_000]);
    assert_eq!(OUTER.account().live_bytes(), 3_010);
    assert_eq!(INNER.account().live_bytes(), 200);
    assert_eq!(INNER_AGAIN.account(), INNER.account());
    assert_eq!(Account::now().since(&process).live_bytes(), 43_210);
    let found = scopes().into_iter().find(|(name, _)| *name == "inner");
    assert_eq!(found, Some(("inner", INNER.account())));
    drop((first, second, third, outside));
    assert_eq!(INNER.account().live_bytes(), 200);
}

/// Several threads hold at least so much at the same moment, and the peak says so to within its
/// error.
fn a_peak_is_within_its_error() {
    static PEAK: Scope = Scope::new("peak");
    for (threads, blocks, size) in [(1, 1, 100_000), (1, 1_000, 24), (4, 500, 1_000), (8, 3, 5_000)]
    {
        Account::forget_peaks();
        let before = PEAK.account().live_bytes();
        let (full, barrier) = (threads * blocks * size, Barrier::new(threads));
        let hold = || {
            let _entered = PEAK.enter();
            // Grown on the way to its full size, as lists are.
            let mut held: Vec<Vec<u8>> = Vec::with_capacity(1);
            held.reserve_exact(blocks);
            held.extend((0..blocks).map(|_| black_box(vec![0_u8; size])));
            barrier.wait();
            drop(held);
            barrier.wait();
        };
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(hold))));
        let account = PEAK.account();
        let lists = threads * blocks * size_of::<Vec<u8>>();
        let (truth, error) = ((full + lists) as i64 + before, account.peak_error_bytes as i64);
        let off = account.peak_bytes - truth;
        assert!(off.abs() <= error, "{threads} threads: {account:?}, and {truth} were live");
        assert!(account.live_bytes() < truth / 2, "all was freed");
        if threads == 1 {
            assert!(off <= 0, "one thread alone never says more than there was: {off}");
        }
    }
}

fn peaks_begin_anew() {
    static TWICE: Scope = Scope::new("twice");
    TWICE.within(|| drop(black_box(vec![0_u8; 1 << 20])));
    assert!(TWICE.account().peak_bytes >= 1 << 20);
    Account::forget_peaks();
    assert!(TWICE.account().peak_bytes <= TWICE.account().peak_error_bytes as i64);
    TWICE.within(|| drop(black_box(vec![0_u8; 1 << 19])));
    assert!((1 << 19..1 << 20).contains(&TWICE.account().peak_bytes));
}

fn scopes_beyond_the_room_share_one() {
    let more: Vec<Scope> =
        (0..70).map(|number| Scope::new(format!("scope {number}").leak())).collect();
    let held: Vec<Vec<u8>> = more.iter().map(|scope| scope.within(|| vec![0; 100])).collect();
    let live = Account::now().live_bytes();
    let by_name = scopes();
    assert_eq!(by_name.iter().map(|(_, account)| account.live_bytes()).sum::<i64>(), live);
    let (_, shared) = by_name.iter().find(|(name, _)| *name == "further scopes").unwrap();
    let alone = by_name.iter().filter(|(name, _)| name.starts_with("scope ")).count() as i64;
    assert!(alone > 40 && alone < 70);
    assert_eq!(shared.live_bytes(), 100 * (70 - alone));
    assert_eq!(more[69].account().live_bytes(), shared.live_bytes());
    drop(held);
}
