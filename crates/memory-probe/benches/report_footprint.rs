//! What agents, their models, histories and routers hold, and what a shared model saves.

#![expect(clippy::unwrap_used, reason = "what was made once can be made again")]

mod footprints;

use std::alloc::System;
use std::process::ExitCode;

use footprints::{agents, child, formulas, sharing};
use measure::report::Benchmark;
use memory_probe::Counting;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

fn main() -> ExitCode {
    if let Some(load) = child::load() {
        return child::main(&load);
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark { group: "footprint", name: "tmaze", run: agents::tmaze },
            Benchmark { group: "footprint", name: "grid10", run: agents::grid10 },
            Benchmark { group: "footprint", name: "cue_chaining", run: agents::cue_chaining },
            Benchmark { group: "footprint", name: "formula", run: formulas::agents },
            Benchmark { group: "footprint", name: "history", run: formulas::histories },
            Benchmark { group: "footprint", name: "routers", run: formulas::routers },
            Benchmark { group: "footprint", name: "shared_models", run: sharing::shared_models },
        ],
    )
}
