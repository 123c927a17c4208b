//! The counts agree with valgrind's DHAT on the same work, to the byte.
//!
//! This binary runs itself under DHAT and asks it to do some work and more of the same work. What C
//! allocates for the process and its threads only DHAT sees, and it is the same both times, so the
//! difference between the two runs is what must agree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::System;
use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use memory_probe::{Account, Counting};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

/// Bytes and blocks: allocated in all, and live at the end.
type Totals = [i64; 4];

fn main() {
    if let Some(rounds) = env::args().nth(1).and_then(|rounds| rounds.parse().ok()) {
        work(rounds);
        let account = Account::now();
        let (bytes, blocks) = (account.allocated_bytes, account.allocated_blocks());
        println!("{bytes} {blocks} {} {}", account.live_bytes(), account.live_blocks());
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is missing (apt install valgrind)");
        return;
    }
    let ([counted, dhat], [counted_more, dhat_more]) = (totals(20), totals(90));
    let difference =
        |more: Totals, less: Totals| std::array::from_fn::<i64, 4, _>(|n| more[n] - less[n]);
    let (counted, dhat) = (difference(counted_more, counted), difference(dhat_more, dhat));
    assert!(counted.iter().all(|&figure| figure > 1_000), "{counted:?}");
    assert_eq!(counted, dhat, "[bytes, blocks, bytes at the end, blocks at the end]");
    println!("ok: counted as by DHAT: {counted:?}");
}

/// Allocates, grows, shrinks, frees and forgets, on three threads.
fn work(rounds: usize) {
    // All are there at once, and ended at the end: whether the C library makes a thread anew or gives it
    // a former one's place must not depend on who is faster.
    let all_there = Barrier::new(3);
    let one = || {
        all_there.wait();
        for round in 0..rounds {
            let mut figures = BTreeMap::new();
            for number in 0..30 {
                figures.insert(format!("figure {number}"), vec![0.5_f64; number + round % 7]);
            }
            let mut grown = Vec::new();
            (0..1_000).for_each(|number| grown.push(number));
            grown.truncate(300);
            grown.shrink_to_fit();
            for number in 0..20 {
                std::mem::forget(black_box(Box::new([round + number; 5])));
            }
            black_box((figures, grown));
        }
    };
    thread::scope(|scope| {
        let threads = [(); 3].map(|()| scope.spawn(one));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// What this crate and what DHAT say of one run.
fn totals(rounds: usize) -> [Totals; 2] {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("dhat.json");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=dhat", &format!("--dhat-out-file={}", report.display())]);
    let output =
        valgrind.arg(env::current_exe().unwrap()).arg(rounds.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counted = String::from_utf8(output.stdout).unwrap();
    let counted: Vec<i64> = counted.split_whitespace().map(|n| n.parse().unwrap()).collect();
    [counted.try_into().unwrap(), said_by_dhat(&String::from_utf8(output.stderr).unwrap())]
}

/// From lines such as `==12== Total:     1,024 bytes in 3 blocks`.
fn said_by_dhat(said: &str) -> Totals {
    let figures = |label: &str| {
        let line = said.lines().find_map(|line| line.split_once(label)).unwrap().1;
        let words: Vec<&str> = line.split_whitespace().collect();
        [words[0], words[3]].map(|figure| figure.replace(',', "").parse::<i64>().unwrap())
    };
    let ([bytes, blocks], [end_bytes, end_blocks]) = (figures("Total:"), figures("At t-end:"));
    [bytes, blocks, end_bytes, end_blocks]
}
