//! The `main` of a suite's example `heap`, which runs one of its jobs under a heap profiler.
//!
//! What is profiled is the job alone: what comes before the clock elsewhere is before the profile
//! here. `cargo xtask heap` builds the example, asks for its jobs by `--list` and runs
//! `heap GROUP/NAME FILE`.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A recording that has not begun.
///
/// `P` is a profiler that begins when it is made and writes its file when it is dropped, as that of
/// the crate `dhat` does.
#[derive(Debug)]
pub struct Recording<P> {
    file: PathBuf,
    begin: fn(&Path) -> P,
}

impl<P> Recording<P> {
    /// Records this work and nothing else.
    pub fn of<T>(self, work: impl FnOnce() -> T) -> T {
        let profiler = (self.begin)(&self.file);
        let done = work();
        drop(profiler);
        done
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    List,
    Run { group: String, name: String, file: PathBuf },
}

impl Asked {
    fn parse(arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let arguments: Vec<OsString> = arguments.collect();
        match &arguments[..] {
            [list] if list == "--list" => Some(Self::List),
            [job, file] => {
                let (group, name) = job.to_str()?.split_once('/')?;
                let (group, name) = (group.to_owned(), name.to_owned());
                Some(Self::Run { group, name, file: file.into() })
            }
            _ => None,
        }
    }
}

/// Lists `jobs` (group and name), or prepares one, profiles it and verifies what it answered.
///
/// Exit code 1 if the job failed, 2 for a command line that makes no sense.
#[must_use]
pub fn main<'a, P>(
    jobs: impl IntoIterator<Item = (&'a str, &'a str)>,
    begin: fn(&Path) -> P,
    run: impl FnOnce(&str, &str, Recording<P>) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let mut jobs = jobs.into_iter();
    match Asked::parse(std::env::args_os().skip(1)) {
        Some(Asked::List) => {
            jobs.for_each(|(group, name)| println!("{group}/{name}"));
            ExitCode::SUCCESS
        }
        Some(Asked::Run { group, name, file }) if jobs.any(|job| job == (&group, &name)) => {
            match run(&group, &name, Recording { file, begin }) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{group}/{name}: {error}");
                    ExitCode::FAILURE
                }
            }
        }
        Some(Asked::Run { group, name, .. }) => {
            eprintln!("no job named '{group}/{name}'; --list names them all");
            ExitCode::from(2)
        }
        None => {
            eprintln!("this takes --list, or GROUP/NAME and a file for the profile");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Asked> {
        Asked::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn a_job_is_asked_for_by_group_and_name() {
        assert_eq!(asked("--list"), Some(Asked::List));
        let run = Asked::Run { group: "step".into(), name: "tmaze".into(), file: "f.json".into() };
        assert_eq!(asked("step/tmaze f.json"), Some(run));
        for line in ["", "step/tmaze", "tmaze f.json", "--list f.json g.json"] {
            assert_eq!(asked(line), None, "{line}");
        }
    }

    #[test]
    fn a_profile_is_written_after_the_work_and_of_it_alone() {
        use std::cell::RefCell;
        thread_local!(static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });
        struct Writes(PathBuf);
        impl Drop for Writes {
            fn drop(&mut self) {
                SEEN.with_borrow_mut(|seen| seen.push(format!("wrote {}", self.0.display())));
            }
        }
        let begin = |file: &Path| {
            SEEN.with_borrow_mut(|seen| seen.push("began".into()));
            Writes(file.to_owned())
        };
        let recording = Recording { file: "f.json".into(), begin };
        let done = recording.of(|| {
            SEEN.with_borrow_mut(|seen| seen.push("worked".into()));
            7
        });
        assert_eq!(done, 7);
        assert_eq!(SEEN.take(), ["began", "worked", "wrote f.json"]);
    }
}
