//! How far a run is, on a terminal; nothing at all when the output is piped.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::workspace::{BenchTarget, Suite};

/// A bar over all benchmarks of a run.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar of this many benchmarks.
    pub fn over(benchmarks: usize) -> Self {
        let bar = ProgressBar::new(benchmarks as u64);
        let style = ProgressStyle::with_template(
            "{spinner} {pos}/{len} [{bar:24}] {elapsed} (about {eta} left) {wide_msg}",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self(bar)
    }

    /// Names what is running.
    pub fn at(&self, suite: &Suite, target: &BenchTarget, benchmark: &str) {
        self.0.set_message(format!("{} {target}: {benchmark}", suite.name));
    }

    /// One benchmark is done.
    pub fn advance(&self) {
        self.0.inc(1);
    }

    /// A whole target is done: `done` benchmarks of the run lie behind us.
    pub fn reached(&self, done: usize) {
        self.0.set_position(done as u64);
    }

    /// Runs `print` with the bar out of the way.
    pub fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
