//! A process that keeps the server, and outlives this one by as long as it takes to remove it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::account::Account;
use super::error::ClusterError;
use super::installation::Installation;

/// What the keeper does; a shell is on every system that PostgreSQL runs on.
const SCRIPT: &str = include_str!("keeper.sh");

/// What the keeper can be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Make the data folder.
    Initialize,
    /// Start the server and wait until it accepts connections.
    Start,
    /// Fast shutdown: sessions are ended, what was committed is in the data files.
    Stop,
    /// SIGKILL to the server.
    Kill,
}

impl Order {
    fn word(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Kill => "kill",
        }
    }
}

/// The keeper. Dropped, it stops the server and removes the folder, and that is waited for.
#[derive(Debug)]
pub(super) struct Keeper {
    process: Child,
    /// When this closes, by a drop or because this process is no more, the keeper cleans up. No
    /// program that this process starts inherits it.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Keeper {
    /// Starts a keeper with a folder of its own in the first of `parents` that it can write to.
    pub(super) fn start(
        installation: &Installation,
        parents: &[PathBuf],
    ) -> Result<Self, ClusterError> {
        let mut command = Account::command("/bin/sh")?;
        command.args(["-c", SCRIPT, "keeper"]);
        command.args([installation.program("initdb"), installation.program("postgres")]);
        command.args(parents);
        for (variable, _) in std::env::vars_os() {
            // They would change what the server does, or where it looks.
            if variable.to_string_lossy().starts_with("PG") {
                command.env_remove(variable);
            }
        }
        command.env("LC_ALL", "C").current_dir("/");
        // A process group of its own: Ctrl-C in a terminal is not for it.
        let mut process = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(ClusterError::Keeper)?;
        let orders = process.stdin.take();
        let Some(answers) = process.stdout.take().map(BufReader::new) else {
            return Err(ClusterError::Keeper(io::ErrorKind::BrokenPipe.into()));
        };
        let mut keeper = Self { process, orders, answers, folder: PathBuf::new() };
        keeper.folder = match keeper.answer()?.as_str() {
            "failed" => return Err(ClusterError::Folder { tried: parents.to_vec() }),
            folder => folder.into(),
        };
        Ok(keeper)
    }

    /// What is kept is in here.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Tells the keeper what to do and waits until it is done; whether it could be.
    pub(super) fn obey(&mut self, order: Order) -> Result<bool, ClusterError> {
        let Some(orders) = &mut self.orders else {
            return Err(ClusterError::Keeper(io::ErrorKind::BrokenPipe.into()));
        };
        writeln!(orders, "{}", order.word()).map_err(ClusterError::Keeper)?;
        Ok(self.answer()? == "done")
    }

    fn answer(&mut self) -> Result<String, ClusterError> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err(ClusterError::Keeper(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(ClusterError::Keeper(error)),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        // A keeper that is gone cannot be waited for, and there is nobody to tell.
        let _: io::Result<_> = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(parents: &[&str]) -> Option<Result<Keeper, ClusterError>> {
        let parents: Vec<PathBuf> = parents.iter().map(PathBuf::from).collect();
        Installation::find().ok().map(|installed| Keeper::start(&installed, &parents))
    }

    #[test]
    fn the_first_folder_that_can_be_written_to_is_taken() {
        let Some(keeper) = start(&["/proc/none", "/tmp"]) else { return };
        let keeper = keeper.unwrap();
        assert_eq!(keeper.folder().parent(), Some(Path::new("/tmp")));
        let folder = keeper.folder().to_path_buf();
        assert!(folder.is_dir());
        drop(keeper);
        assert!(!folder.exists());
    }

    #[test]
    fn where_none_can_be_written_to_all_are_named() {
        let Some(keeper) = start(&["/proc/none", "/proc/nor"]) else { return };
        let message = keeper.unwrap_err().to_string();
        assert!(
            message.contains("/proc/none, /proc/nor") && message.contains("TMPDIR"),
            "{message}"
        );
    }
}
