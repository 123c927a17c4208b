//! One side of a comparison: a process that answers each line with a line of JSON.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use measure::peer::Refusal;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::de::DeserializeOwned;

use super::affinity;
use crate::bench::Interrupt;

/// How often the interrupt flag is looked at while a worker is silent.
const LOOK: Duration = Duration::from_millis(100);

/// A process that is asked and answers.
pub struct Worker {
    name: String,
    child: Child,
    requests: ChildStdin,
    replies: Receiver<String>,
    /// Where its standard error goes.
    log: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Somebody asked us to stop.
    #[error("interrupted")]
    Interrupted,
    /// It took too long.
    #[error("{name} did not {request} within {} s", patience.as_secs())]
    Late { name: String, request: String, patience: Duration },
    /// It said that it cannot.
    #[error("{name} cannot {request}: {reason}")]
    Refused { name: String, request: String, reason: String },
    /// It answers what was not asked.
    #[error("{name} answers '{request}' with what cannot be understood: {reason}")]
    Unclear { name: String, request: String, reason: String },
    /// It is gone.
    #[error("{name} ended when it should {request}: {last}")]
    Gone { name: String, request: String, last: String },
}

impl Worker {
    /// Starts a process on these processors; on any if there are none.
    pub fn start(
        name: &str,
        command: &mut Command,
        cpus: &[usize],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let stderr = File::create(log).with_context(|| format!("{}", log.display()))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            // Of its own, so that a Ctrl-C in the terminal reaches us first.
            .process_group(0);
        let mut child = affinity::tied(cpus, || command.spawn())
            .with_context(|| format!("{} could not be started", command.get_program().display()))?;
        let requests = child.stdin.take().ok_or_else(|| anyhow!("no standard input"))?;
        let stdout = child.stdout.take().ok_or_else(|| anyhow!("no standard output"))?;
        let (sender, replies) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { name: name.to_owned(), child, requests, replies, log: log.to_owned() })
    }

    /// Asks for something and waits for it, but no longer than `patience`.
    pub fn ask<T: DeserializeOwned>(
        &mut self,
        request: &str,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<T, Trouble> {
        let line = self.exchange(request, patience, interrupt)?;
        if let Ok(Refusal { error: reason }) = serde_json::from_str(&line) {
            let (name, request) = self.asked(request);
            return Err(Trouble::Refused { name, request, reason });
        }
        serde_json::from_str(&line).map_err(|error| {
            let (name, request) = self.asked(request);
            Trouble::Unclear { name, request, reason: error.to_string() }
        })
    }

    fn exchange(
        &mut self,
        request: &str,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<String, Trouble> {
        let asked = Instant::now();
        if writeln!(self.requests, "{request}").and_then(|()| self.requests.flush()).is_err() {
            return Err(self.gone(request));
        }
        loop {
            match self.replies.recv_timeout(LOOK) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => return Err(self.gone(request)),
                Err(RecvTimeoutError::Timeout) if interrupt.is_set() => {
                    return Err(Trouble::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) if asked.elapsed() > patience => {
                    let (name, request) = self.asked(request);
                    return Err(Trouble::Late { name, request, patience });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// For messages: who was asked for what, without what it was given.
    fn asked(&self, request: &str) -> (String, String) {
        let verb = request.split(' ').next().unwrap_or(request);
        (self.name.clone(), verb.to_owned())
    }

    fn gone(&self, request: &str) -> Trouble {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or("it said nothing").trim().to_owned();
        let (name, request) = self.asked(request);
        Trouble::Gone { name, request, last }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A group that is already gone is what we want: there is nothing to report.
        let _: rustix::io::Result<()> =
            kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _: std::io::Result<_> = self.child.wait();
    }
}
