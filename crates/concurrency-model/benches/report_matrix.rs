//! Every task in every way of running, by the number of agents.

mod matrix;

use std::process::ExitCode;

use concurrency_model::{Task, processes};
use measure::report::Benchmark;

fn main() -> ExitCode {
    if let Some(code) = processes::serve_if_asked() {
        return code;
    }
    measure::report::main(
        env!("CARGO_PKG_NAME"),
        &[
            Benchmark {
                group: "matrix",
                name: "exploration",
                run: |report| matrix::run(report, Task::Exploration),
            },
            Benchmark {
                group: "matrix",
                name: "coordination",
                run: |report| matrix::run(report, Task::Coordination),
            },
            Benchmark {
                group: "matrix",
                name: "learning",
                run: |report| matrix::run(report, Task::Learning),
            },
        ],
    )
}
