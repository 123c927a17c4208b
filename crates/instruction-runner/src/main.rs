//! Runs the instruction-count benches under valgrind.
//!
//! gungraun's benches call a runner of exactly their own version. As a member of
//! the workspace that version is pinned by `Cargo.lock`, and nobody has to
//! `cargo install` anything. Bench targets find it by `GUNGRAUN_RUNNER`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use gungraun_runner::error::Error;

/// A limit given to the runner was exceeded; gungraun's own exit code for it.
const REGRESSION: u8 = 3;

fn main() -> ExitCode {
    let Err(error) = gungraun_runner::runner::run::run() else { return ExitCode::SUCCESS };
    match error.downcast_ref::<Error>() {
        Some(Error::RegressionError(is_fatal)) => {
            if *is_fatal {
                eprintln!("instruction-runner: {error:#}");
            }
            ExitCode::from(REGRESSION)
        }
        _ => {
            eprintln!("instruction-runner: {error:#}");
            ExitCode::FAILURE
        }
    }
}
