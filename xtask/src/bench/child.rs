//! Running one bench process: its lines as they come, its log, and its end on Ctrl-C.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How often the interrupt flag is looked at while the child is silent.
const LOOK: Duration = Duration::from_millis(100);

/// Set by Ctrl-C or a termination signal.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Installs the handler; once per process.
    pub fn install() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        let flag = interrupt.clone();
        ctrlc::set_handler(move || flag.0.store(true, Ordering::SeqCst))
            .context("the handler for Ctrl-C could not be installed")?;
        Ok(interrupt)
    }

    /// Whether somebody asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Exit code 0.
    Well,
    /// Another exit code.
    Code(i32),
    /// Killed by a signal that was not ours.
    Signal(i32),
    /// Stopped by us because of an interrupt.
    Interrupted,
}

/// A line of a child's output.
pub enum Line {
    Stdout(String),
    Stderr(String),
}

/// Runs a command to its end. All its output goes to `log` and, line by line, to `on_line`.
///
/// The child leads a process group of its own, so that an interrupt also ends what it started
/// (valgrind, worker processes) and a Ctrl-C in the terminal reaches us first.
pub fn run(
    command: &mut Command,
    log: &Path,
    interrupt: &Interrupt,
    mut on_line: impl FnMut(&Line),
) -> anyhow::Result<Ended> {
    // A log that cannot be written (a full disk) is no reason to lose the figures.
    let mut log_file = File::create(log).ok();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("{} could not be started", command.get_program().display()))?;
    let lines = read_lines(&mut child)?;
    let mut stopping: Option<Instant> = None;
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => {
                let (Line::Stdout(text) | Line::Stderr(text)) = &line;
                log_file =
                    log_file.and_then(|mut file| writeln!(file, "{text}").ok().map(|()| file));
                on_line(&line);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if interrupt.is_set() {
            let asked = *stopping.get_or_insert_with(|| {
                signal_group(&child, Signal::TERM);
                Instant::now()
            });
            if asked.elapsed() > GRACE {
                signal_group(&child, Signal::KILL);
            }
        }
    }
    let status = child.wait().context("the child was lost")?;
    Ok(if stopping.is_some() { Ended::Interrupted } else { Ended::of(status) })
}

impl Ended {
    fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(0), _) => Self::Well,
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => f.write_str("exit code 0"),
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// One thread per pipe, both into one channel, which closes when both pipes do.
fn read_lines(child: &mut Child) -> anyhow::Result<mpsc::Receiver<Line>> {
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take().ok_or_else(|| anyhow!("standard output was not captured"))?;
    let stderr = child.stderr.take().ok_or_else(|| anyhow!("standard error was not captured"))?;
    forward(stdout, sender.clone(), Line::Stdout);
    forward(stderr, sender, Line::Stderr);
    Ok(receiver)
}

fn forward(
    pipe: impl Read + Send + 'static,
    sender: mpsc::Sender<Line>,
    wrap: impl Fn(String) -> Line + Send + 'static,
) {
    thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut bytes) {
            let text = String::from_utf8_lossy(&bytes);
            if sender.send(wrap(text.trim_end_matches(['\n', '\r']).to_owned())).is_err() {
                break;
            }
            bytes.clear();
        }
    });
}

fn signal_group(child: &Child, signal: Signal) {
    // A group that is already gone is what we want: there is nothing to report.
    let _: Result<(), io::Error> =
        kill_process_group(Pid::from_child(child), signal).map_err(Into::into);
}
