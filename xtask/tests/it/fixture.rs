//! A workspace that xtask does not know, to run it in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use measure::Run;
use tempfile::TempDir;

/// A copy of the fixture workspace in a folder of its own.
pub struct Fixture(TempDir);

impl Fixture {
    pub fn new() -> Self {
        Self::of("fixture")
    }

    /// A copy of another of the workspaces beside it.
    pub fn of(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name), folder.path());
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.xtask(arguments).output().unwrap()
    }

    pub fn daily(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("results/daily")) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    pub fn only_run(&self) -> Run {
        let files = self.daily();
        assert_eq!(files.len(), 1, "{files:?}");
        Run::read(&files[0]).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
pub fn assert_fails(output: &Output, code: i32, says: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for part in says {
        assert!(said.contains(part), "'{part}' is not in:\n{said}");
    }
}

/// Whether any process runs a program below this folder.
pub fn is_running(folder: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    processes
        .filter_map(|entry| fs::read_link(entry.ok()?.path().join("exe")).ok())
        .any(|program| program.starts_with(folder))
}
