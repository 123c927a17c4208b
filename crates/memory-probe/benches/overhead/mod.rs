//! What the probe itself costs, for every report to say.

use std::alloc::System;
use std::error::Error;

use measure::report::Report;
use measure::{Direction, Figure, Profile, Summary, Unit};
use memory_probe::Overhead;

/// Bytes of the blocks: the second fills the memory that a thread's peak hears of at a time.
const BLOCKS: [usize; 2] = [64, 1_024];

/// Allocates and frees with counting and without, on one thread and on two.
pub fn run(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let rounds = match report.profile() {
        Profile::Quick => 21,
        Profile::Full => 101,
    };
    let mut rows = Vec::new();
    for threads in [1, 2] {
        for bytes in BLOCKS {
            let overhead = Overhead::measure(System, threads, bytes, rounds)?;
            let ratios = Summary::of(&overhead.ratios())?;
            let [bare, counted] = [&overhead.bare_ns, &overhead.counted_ns].map(|times| {
                Summary::of(times).map(|times| {
                    Figure { value: times.median, unit: Unit::Nanoseconds }.to_string()
                })
            });
            let [low, high] = ratios.median_interval;
            rows.push(vec![
                threads.to_string(),
                bytes.to_string(),
                bare?,
                counted?,
                format!("{:.2} [{low:.2}, {high:.2}]", ratios.median),
            ]);
            let mut record =
                report.figure("overhead", Unit::Ratio, ratios.median).distribution(ratios);
            record.direction = Direction::LowerIsBetter;
            report.record(&record.parameter("threads", threads).parameter("bytes", bytes))?;
        }
    }
    report.table(
        "To allocate a block and free it, by the system's allocator alone and counted",
        &["threads", "bytes", "bare", "counted", "times"],
        &rows,
    )?;
    Ok(())
}
