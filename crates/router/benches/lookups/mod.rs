//! The jobs of the group `algorithms`: ways to find a mailbox by id, and subscribers by topic.
//!
//! All ways of one size are asked the same questions in the same order. A scan, which is slow, is
//! asked fewer of them.

mod agents;
mod topics;

pub use agents::jobs as agents;
pub use topics::jobs as topics;

/// Questions to every way but scans.
const QUESTIONS: usize = 10_000;

/// Entries that a scan looks through in one run, about.
const SCANNED: usize = 1_000_000;

/// One way to answer, at one size.
pub struct Job {
    pub name: &'static str,
    /// Questions in one run.
    pub questions: usize,
    expected: u64,
    /// From how many questions to a checksum over their answers.
    answer: Box<dyn FnMut(usize) -> u64>,
}

impl Job {
    fn new(
        name: &'static str,
        questions: usize,
        expected: u64,
        answer: impl FnMut(usize) -> u64 + 'static,
    ) -> Self {
        Self { name, questions, expected, answer: Box::new(answer) }
    }

    /// Answers all questions.
    pub fn run(&mut self) -> u64 {
        (self.answer)(self.questions)
    }

    /// A wrong answer ends the bench with an error.
    pub fn verify(&self, found: u64) {
        assert_eq!(found, self.expected, "{}: the checksum over its answers is wrong", self.name);
    }
}

/// How many questions a scan of this many entries is asked.
fn scans(entries: usize) -> usize {
    (SCANNED / entries).min(QUESTIONS)
}
