//! Fresh processes that make something and are looked at from outside.
//!
//! This binary starts itself again with the variable `MEMORY_PROBE_CHILD`, which says what to make.
//! The child says when it has begun, makes what it was told when a line comes, says so, and keeps
//! it until its input ends; in between its parent reads what the system counts for it.

use std::env;
use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{self, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use agent_core::Agent;
use memmap2::Mmap;
use memory_probe::{ProcessError, ProcessMemory};

use super::job;

const VARIABLE: &str = "MEMORY_PROBE_CHILD";

/// What a child makes.
#[derive(Clone, Copy, Debug)]
pub enum Load<'a> {
    /// Agents that share a model of this kind.
    Shared { kind: &'a str, agents: usize },
    /// Agents that have each a model of its own.
    Copied { kind: &'a str, agents: usize },
    /// What a file holds, in memory of its own.
    Read { path: &'a str },
    /// The same, mapped and looked at.
    Mapped { path: &'a str },
}

/// As [`Load::parse`] reads it.
impl fmt::Display for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared { kind, agents } => write!(f, "shared {agents} {kind}"),
            Self::Copied { kind, agents } => write!(f, "copied {agents} {kind}"),
            Self::Read { path } => write!(f, "read 1 {path}"),
            Self::Mapped { path } => write!(f, "mapped 1 {path}"),
        }
    }
}

impl<'a> Load<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.splitn(3, ' ');
        let (load, count, of) = (words.next()?, words.next()?, words.next()?);
        let agents = count.parse().ok()?;
        match load {
            "shared" => Some(Self::Shared { kind: of, agents }),
            "copied" => Some(Self::Copied { kind: of, agents }),
            "read" => Some(Self::Read { path: of }),
            "mapped" => Some(Self::Mapped { path: of }),
            _ => None,
        }
    }

    /// Makes it and keeps it while `then` runs.
    fn keep(self, then: impl FnOnce() -> io::Result<()>) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Shared { kind, agents } => {
                let model = job(kind)?.model()?;
                let mut team = Vec::with_capacity(agents);
                team.extend((0..agents).map(|_| Agent::new(&model)));
                then()?;
                drop(black_box(team));
            }
            Self::Copied { kind, agents } => {
                let job = job(kind)?;
                let mut team = Vec::with_capacity(agents);
                for _ in 0..agents {
                    team.push(Agent::new(&job.model()?));
                }
                then()?;
                drop(black_box(team));
            }
            Self::Read { path } => {
                let own = fs::read(path)?;
                then()?;
                drop(black_box(own));
            }
            Self::Mapped { path } => {
                let mapped = map(path)?;
                let sum = mapped.iter().fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(*byte)));
                black_box(sum);
                then()?;
                drop(mapped);
            }
        }
        Ok(())
    }
}

#[expect(unsafe_code, reason = "a mapping is only as constant as its file")]
fn map(path: &str) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the file is in a temporary folder that the parent made for this; it was written whole
    // before any child was started, and is neither written nor truncated while one lives.
    unsafe { Mmap::map(&file) }
}

/// What this process is to make, if it is such a child.
pub fn load() -> Option<String> {
    env::var(VARIABLE).ok()
}

/// The child's side.
pub fn main(load: &str) -> ExitCode {
    let Some(parsed) = Load::parse(load) else {
        eprintln!("{VARIABLE}={load}: this variable is for the report's own use; unset it");
        return ExitCode::from(2);
    };
    let run = || -> Result<(), Box<dyn Error>> {
        say("begun")?;
        wait()?;
        parsed.keep(|| {
            say("made")?;
            wait()
        })
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("child that makes {load}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(word: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{word}")?;
    out.flush()
}

/// Until a line comes, or the end.
fn wait() -> io::Result<()> {
    io::stdin().lock().read_line(&mut String::new()).map(drop)
}

/// The parent's side of one child.
struct Child {
    process: process::Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Child {
    fn start(load: Load<'_>) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(env::current_exe()?)
            .env(VARIABLE, load.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().ok_or("a child has no output")?);
        let mut child = Self { process, input, output };
        child.hear("begun")?;
        Ok(child)
    }

    fn make(&mut self) -> Result<(), Box<dyn Error>> {
        let input = self.input.as_mut().ok_or("a child has no input")?;
        input.write_all(b"\n")?;
        self.hear("made")
    }

    fn hear(&mut self, expected: &str) -> Result<(), Box<dyn Error>> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.trim_end() == expected {
            return Ok(());
        }
        Err(format!("a child said '{}' instead of '{expected}'", line.trim_end()).into())
    }

    fn end(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.input.take());
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a child ended with {status}").into()) }
    }
}

/// No child outlives a failure.
impl Drop for Child {
    fn drop(&mut self) {
        drop(self.input.take());
        let _: io::Result<()> = self.process.kill();
        let _: io::Result<process::ExitStatus> = self.process.wait();
    }
}

/// What the system counts for something, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Outside {
    pub pss: f64,
    pub uss: f64,
}

/// What so many processes that live at a time, and each make this, hold more than before. Nothing on
/// a system that does not tell; it is said why.
pub fn together(load: Load<'_>, processes: usize) -> Result<Option<Outside>, Box<dyn Error>> {
    if let Err(missing) = ProcessMemory::own() {
        eprintln!("no outside view: {missing}");
        return Ok(None);
    }
    let children = (0..processes).map(|_| Child::start(load)).collect::<Result<Vec<_>, _>>();
    let mut children = children?;
    let before = sum(&children)?;
    children.iter_mut().try_for_each(Child::make)?;
    let after = sum(&children)?;
    children.into_iter().try_for_each(Child::end)?;
    Ok(Some(Outside { pss: after.pss - before.pss, uss: after.uss - before.uss }))
}

fn sum(children: &[Child]) -> Result<Outside, ProcessError> {
    children.iter().try_fold(Outside { pss: 0.0, uss: 0.0 }, |sum, child| {
        let memory = ProcessMemory::of(child.process.id())?;
        let (pss, uss) = (memory.pss_bytes as f64, memory.uss_bytes as f64);
        Ok(Outside { pss: sum.pss + pss, uss: sum.uss + uss })
    })
}

/// What one object costs a fresh process: the difference between one that makes many and one that
/// makes few, by their number. What does not grow with the objects cancels.
pub fn each<'a>(
    load: impl Fn(usize) -> Load<'a>,
    [few, many]: [usize; 2],
) -> Result<Option<Outside>, Box<dyn Error>> {
    let Some(less) = together(load(few), 1)? else { return Ok(None) };
    let Some(more) = together(load(many), 1)? else { return Ok(None) };
    let objects = (many - few) as f64;
    let each = |more: f64, less: f64| (more - less) / objects;
    Ok(Some(Outside { pss: each(more.pss, less.pss), uss: each(more.uss, less.uss) }))
}
