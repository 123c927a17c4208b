//! Processes that have equally many agents each.
//!
//! A worker is this program, started again with the variable `CONCURRENCY_MODEL_WORKER`. It prepares
//! its agents, says so on its standard output, waits for its standard input to say go, and answers
//! with the parts of the checksum and the times. Notes that cross to another worker go by a Unix socket
//! between the two, in a folder that the parent made. A worker that dies closes its ends, so its
//! neighbours end as well and the parent reads the end of its output: nobody waits for the dead.

use std::env;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::inline::nanoseconds;
use super::traffic::{expected, problem_of};
use super::{Done, Outcome};
use crate::note::{self, Note};
use crate::society::Society;
use crate::{Channel, Fault, Mishap, Plan, RunError, Task};

/// Says which worker this is, of which plan.
pub const VARIABLE: &str = "CONCURRENCY_MODEL_WORKER";

/// What parent and worker say to each other before the answer.
const READY: u8 = b'r';
const CONNECT: u8 = b'c';
const GO: u8 = b'g';

/// Does a worker's work and ends the process, if this process was started as one. Call it first thing
/// in `main` of every program that runs [`super::Way::Processes`].
#[must_use = "with an exit code the program is to end"]
pub fn serve_if_asked() -> Option<ExitCode> {
    let asked = env::var(VARIABLE).ok()?;
    let served = Assignment::parse(&asked)
        .ok_or_else(|| {
            Failed::By(format!("{VARIABLE}={asked}: this variable is for own use; unset it"))
        })
        .and_then(|assignment| assignment.serve());
    Some(match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Gone) => ExitCode::from(NEIGHBOUR_GONE),
        Err(Failed::By(reason)) => {
            eprintln!("worker: {reason}");
            ExitCode::FAILURE
        }
    })
}

/// Why a worker ended early.
enum Failed {
    By(String),
    /// Its parent or a neighbour ended first: there is nothing to add to that.
    Gone,
}

impl From<RunError> for Failed {
    fn from(error: RunError) -> Self {
        Self::By(error.to_string())
    }
}

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// How long a worker that fails is waited for, to hear how it ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The exit code of a worker that found another gone.
const NEIGHBOUR_GONE: u8 = 3;

/// A worker as its parent has it.
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _: io::Result<()> = self.child.kill();
        let _: io::Result<_> = self.child.wait();
    }
}

pub(super) fn run(plan: &Plan, workers: u32) -> Result<Outcome, RunError> {
    let began = Instant::now();
    if plan.agents == 0 {
        return Err(RunError::NoAgents);
    }
    let start = |error| RunError::Start { what: "a worker process", error };
    let folder = tempfile::tempdir().map_err(start)?;
    let workers = workers.min(plan.agents);
    let assignment =
        |worker| Assignment { worker, workers, plan: *plan, folder: folder.path().to_owned() };
    let mut all = (0..workers)
        .map(|worker| assignment(worker).start())
        .collect::<io::Result<Vec<_>>>()
        .map_err(start)?;
    // Every socket is there before anyone connects, and all are connected before anyone goes.
    for say in [CONNECT, GO] {
        each(&mut all, |worker| {
            let mut said = [0];
            worker.output.read_exact(&mut said)?;
            if said == [READY] { Ok(()) } else { Err(io::Error::other("it said something else")) }
        })?;
        if say == CONNECT {
            each(&mut all, |worker| worker.say(say))?;
        }
    }
    let ready = Instant::now();
    each(&mut all, |worker| worker.say(GO))?;
    let mut done = Done::default();
    each(&mut all, |worker| {
        done.add(worker.answer()?);
        Ok(())
    })?;
    let ended = Instant::now();
    each(&mut all, |worker| {
        let status = worker.child.wait()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
    })?;
    drop((all, folder));
    Ok(done.outcome([ready - began, ended - ready, ended.elapsed()]))
}

/// Does something with every worker; if one does not do it, somebody is lost.
fn each(
    workers: &mut [Worker],
    mut what: impl FnMut(&mut Worker) -> io::Result<()>,
) -> Result<(), RunError> {
    for number in 0..workers.len() {
        if let Err(error) = what(&mut workers[number]) {
            return Err(lost(workers, number, &error));
        }
    }
    Ok(())
}

/// Who was lost first: those that end because a neighbour is gone say so by their exit code.
fn lost(workers: &mut [Worker], found: usize, error: &io::Error) -> RunError {
    let because_of_another = ExitStatusExt::from_raw(i32::from(NEIGHBOUR_GONE) << 8);
    let is_first = |status: &Option<ExitStatus>| {
        status.is_some_and(|status| !status.success() && status != because_of_another)
    };
    let deadline = Instant::now() + LAST_WORDS;
    loop {
        let statuses: Vec<Option<ExitStatus>> =
            workers.iter_mut().map(|worker| worker.child.try_wait().ok().flatten()).collect();
        let first = statuses.iter().position(is_first);
        if first.is_some() || Instant::now() > deadline {
            let worker = first.unwrap_or(found);
            let status = statuses[worker].map(|status| status.to_string());
            let reason = status.unwrap_or_else(|| error.to_string());
            return RunError::WorkerLost { worker: worker as u32, reason };
        }
        // Who panics closes its sockets before it has ended.
        thread::sleep(Duration::from_millis(1));
    }
}

impl Worker {
    fn say(&mut self, what: u8) -> io::Result<()> {
        self.input.write_all(&[what])?;
        self.input.flush()
    }

    fn answer(&mut self) -> io::Result<Done> {
        let mut done = Done::default();
        let [sums, times] = [self.number()?, self.number()?];
        for _ in 0..sums {
            done.sums.push(self.number()?);
        }
        for _ in 0..times {
            done.step_ns.push(self.number()? as u32);
        }
        Ok(done)
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.output.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// What one worker is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Assignment {
    worker: u32,
    workers: u32,
    plan: Plan,
    folder: PathBuf,
}

impl Assignment {
    fn text(&self) -> String {
        let Plan { task, agents, steps, seed, channel, timed, fault } = self.plan;
        let fault = match fault {
            None => "-".to_owned(),
            Some(Fault { agent, step, what: Mishap::Panic }) => format!("panic:{agent}:{step}"),
            Some(Fault { agent, step, what: Mishap::Abort }) => format!("abort:{agent}:{step}"),
        };
        let channel = u8::from(channel == Channel::Open);
        let (worker, workers, timed) = (self.worker, self.workers, u8::from(timed));
        let folder = self.folder.display();
        format!(
            "{worker} {workers} {task} {agents} {steps} {seed} {channel} {timed} {fault} {folder}"
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(10, ' ');
        let (worker, workers) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let name = words.next()?;
        let task = Task::ALL.into_iter().find(|task| task.name() == name)?;
        let (agents, steps) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let seed = words.next()?.parse().ok()?;
        let channel = if words.next()? == "1" { Channel::Open } else { Channel::Null };
        let timed = words.next()? == "1";
        let fault = match words.next()? {
            "-" => None,
            fault => Some(fault_of(fault)?),
        };
        let folder = PathBuf::from(words.next()?);
        let plan = Plan { task, agents, steps, seed, channel, timed, fault };
        (worker < workers).then_some(Self { worker, workers, plan, folder })
    }

    fn start(&self) -> io::Result<Worker> {
        let mut child = Command::new(env::current_exe()?)
            .env(VARIABLE, self.text())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let input = input.ok_or_else(|| io::Error::other("it has no standard input"))?;
        let output = output.ok_or_else(|| io::Error::other("it has no standard output"))?;
        Ok(Worker { child, input, output: BufReader::new(output) })
    }

    /// The first agent of a worker.
    fn first_of(&self, worker: u32) -> u32 {
        (u64::from(self.plan.agents) * u64::from(worker) / u64::from(self.workers)) as u32
    }

    fn is_alone(&self) -> bool {
        self.workers == 1 || !self.plan.is_connected()
    }

    /// The worker's side.
    fn serve(&self) -> Result<(), Failed> {
        let society = Society::new(&self.plan)?;
        let agents = self.first_of(self.worker)..self.first_of(self.worker + 1);
        let first = agents.start;
        let mut members = society.members(agents);
        let mut room = society.room();
        let mut done = Done::of(&society, members.len());
        let mut parent = Parent { input: io::stdin(), output: io::stdout() };
        let door = if self.is_alone() { None } else { Some(self.listen()?) };
        parent.ready_for(CONNECT)?;
        let mut links = door.map(|door| self.connect(&door)).transpose()?;
        parent.ready_for(GO)?;

        // By member: what was told to it in the step before.
        let mut heard: Vec<Option<Note>> = vec![None; members.len()];
        let mut told: Vec<Option<Note>> = vec![None; members.len()];
        for step in 0..self.plan.steps {
            for (member, heard) in members.iter_mut().zip(&mut heard) {
                let clock = self.plan.timed.then(Instant::now);
                let heard = heard.take().map(|note| expected(note, member.agent, step));
                let note = member.step(heard.transpose()?.as_ref(), &mut room)?;
                if let Some(clock) = clock {
                    done.step_ns.push(nanoseconds(clock));
                }
                let Some(note) = note.filter(|_| self.plan.is_connected()) else { continue };
                let listener = self.plan.listener_of(note.from);
                let own = listener.checked_sub(first).map(|place| place as usize);
                match (own.and_then(|place| told.get_mut(place)), &mut links) {
                    (Some(place), _) => *place = Some(note),
                    (None, Some(links)) => links.tell(&note)?,
                    (None, None) => {
                        let problem = format!("agent {listener} is nobody's");
                        return Err(problem_of(note.from, step, problem).into());
                    }
                }
            }
            if let (Some(links), Some(last)) = (&mut links, told.last_mut()) {
                // Who comes after the last of these is another's.
                *last = Some(links.hear()?);
            }
            std::mem::swap(&mut heard, &mut told);
        }
        done.sums.extend(members.iter().map(crate::member::Member::sum));
        Ok(parent.answer(&done)?)
    }

    fn socket(&self, worker: u32) -> PathBuf {
        self.folder.join(worker.to_string())
    }

    fn listen(&self) -> io::Result<UnixListener> {
        UnixListener::bind(self.socket(self.worker))
    }

    /// To the worker before this one go its notes; from the one after it come others'.
    fn connect(&self, door: &UnixListener) -> io::Result<Links> {
        let before = self.worker.checked_sub(1).unwrap_or(self.workers - 1);
        let to_before = UnixStream::connect(self.socket(before))?;
        let (from_after, _) = door.accept()?;
        Ok(Links { to_before, from_after: BufReader::new(from_after) })
    }
}

fn fault_of(text: &str) -> Option<Fault> {
    let mut words = text.split(':');
    let what = match words.next()? {
        "panic" => Mishap::Panic,
        "abort" => Mishap::Abort,
        _ => return None,
    };
    Some(Fault { agent: words.next()?.parse().ok()?, step: words.next()?.parse().ok()?, what })
}

/// A worker's ends of the sockets to its neighbours.
struct Links {
    to_before: UnixStream,
    from_after: BufReader<UnixStream>,
}

impl Links {
    fn tell(&mut self, note: &Note) -> io::Result<()> {
        self.to_before.write_all(&note.to_bytes())
    }

    fn hear(&mut self) -> io::Result<Note> {
        let mut bytes = [0; note::BYTES];
        self.from_after.read_exact(&mut bytes)?;
        Ok(Note::from_bytes(&bytes))
    }
}

/// The parent as a worker has it.
struct Parent {
    input: io::Stdin,
    output: io::Stdout,
}

impl Parent {
    /// Says that it is ready, and waits until the parent says this.
    fn ready_for(&mut self, what: u8) -> io::Result<()> {
        self.output.write_all(&[READY])?;
        self.output.flush()?;
        let mut said = [0];
        self.input.read_exact(&mut said)?;
        if said == [what] { Ok(()) } else { Err(io::Error::other("it said something else")) }
    }

    fn answer(&mut self, done: &Done) -> io::Result<()> {
        let lengths = [done.sums.len() as u64, done.step_ns.len() as u64];
        let times = done.step_ns.iter().map(|time| u64::from(*time));
        let numbers = lengths.into_iter().chain(done.sums.iter().copied()).chain(times);
        let bytes: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
        self.output.write_all(&bytes)?;
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_as_it_was_written_and_every_agent_is_somebodys() {
        for task in Task::ALL {
            let fault = Some(Fault { agent: 3, step: 4, what: Mishap::Abort });
            let channel = Channel::Null;
            let plan = Plan { task, channel, timed: true, fault, ..Plan::default() };
            let folder = PathBuf::from("/tmp/a folder of spaces");
            let assignment = Assignment { worker: 2, workers: 3, plan, folder };
            assert_eq!(Assignment::parse(&assignment.text()), Some(assignment.clone()));
            let firsts: Vec<u32> = (0..=3).map(|worker| assignment.first_of(worker)).collect();
            assert_eq!(firsts, [0, 3, 6, 10]);
        }
        for wrong in ["", "1", "3 3 learning 1 1 1 1 1 - /tmp", "0 1 dreaming 1 1 1 1 1 - /tmp"] {
            assert_eq!(Assignment::parse(wrong), None, "{wrong}");
        }
    }
}
