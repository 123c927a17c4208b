//! Six programs that leak or do not are told apart, twenty times out of twenty.
//!
//! A binary of its own with no test harness, because it owns the global allocator and its counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../benches/leaking/mod.rs"]
mod leaking;

use std::alloc::System;

use leaking::{CASES, Version};
use memory_probe::Counting;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

fn main() {
    for case in &CASES {
        for version in [Version::Found, Version::Mended] {
            for seed in 1..=20 {
                let series = (case.run)(version, seed).unwrap();
                let verdict = series.verdict();
                assert!(
                    case.is_right(version, verdict),
                    "{} ({}, seed {seed}): {verdict}, where it is {:?}",
                    case.name,
                    version.name(),
                    case.truth
                );
            }
        }
        println!("ok: {}: {}", case.name, case.about);
    }
}
