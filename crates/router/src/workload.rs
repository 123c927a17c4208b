//! The one list of measured jobs: what criterion times, valgrind counts and tests check is this.
//!
//! A job sends 64-byte messages to receivers chosen at random and receives them all. Its answer is a
//! checksum over who received what, in any order: whoever runs a job compares it with
//! [`Workload::expected`], and a wrong answer is an error, never a figure.

mod traffic;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use crate::{
    AgentId, Desk, DeskError, Envelope, MailboxOptions, Outbox, ReceiveError, RegisterError,
    Router, RouterOptions, SendError,
};

pub use traffic::{Message, Random, Sends, Traffic, noted};

/// Messages that are sent before any is received.
pub const BURST: usize = 1_000;

/// A measured job. Once recorded, its name never changes.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// `routing` or `concurrent`.
    pub group: &'static str,
    /// Its name within the group.
    pub name: &'static str,
    /// What it measures and what to look for.
    pub analysis: &'static str,
    /// Messages in one run of the job.
    pub operations: u64,
    /// The checksum that every run must give.
    pub expected: u64,
    agents: u32,
    way: Way,
}

/// How messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One by one, each with the lock of its shard.
    OneByOne,
    /// By the thread that all agents belong to.
    OneShard,
    /// By as many threads, each with a shard of its own, to all agents.
    Shards(usize),
}

/// Every job, in the order they are reported.
pub const WORKLOADS: [Workload; 7] = [
    Workload {
        group: "routing",
        name: "simple",
        analysis: "One thread that 1,000 agents belong to sends and receives: what the table of \
                   agents and the mailboxes cost by themselves.",
        operations: 20_000,
        expected: 0x0000_0017_2970_fab4,
        agents: 1_000,
        way: Way::OneShard,
    },
    Workload {
        group: "routing",
        name: "one_by_one",
        analysis: "The same with a lock taken for each message sent and each received, as by \
                   threads that agents do not belong to. The difference is the locks.",
        operations: 20_000,
        expected: 0x0000_0017_2970_fab4,
        agents: 1_000,
        way: Way::OneByOne,
    },
    Workload {
        group: "routing",
        name: "simple_100000",
        analysis: "As `simple` among 100,000 agents: the table no longer fits the near caches.",
        operations: 20_000,
        expected: 0x0000_0909_e28e_efa8,
        agents: 100_000,
        way: Way::OneShard,
    },
    Workload {
        group: "concurrent",
        name: "threads_2",
        analysis: "Two threads send to 1,000 agents, half of whom belong to the other: batches \
                   between shards.",
        operations: 400_000,
        expected: 0x0000_1245_adb8_b325,
        agents: 1_000,
        way: Way::Shards(2),
    },
    Workload {
        group: "concurrent",
        name: "threads_4",
        analysis: "The same with four threads: on fewer processors they take turns.",
        operations: 400_000,
        expected: 0x0000_091d_6121_e9e9,
        agents: 1_000,
        way: Way::Shards(4),
    },
    Workload {
        group: "concurrent",
        name: "threads_8",
        analysis: "With eight threads seven of eight messages leave their shard.",
        operations: 400_000,
        expected: 0x0000_048d_d779_2f12,
        agents: 1_000,
        way: Way::Shards(8),
    },
    Workload {
        group: "concurrent",
        name: "threads_2_100000",
        analysis: "As `threads_2` among 100,000 agents: what comes by the batch can be fetched \
                   from memory together.",
        operations: 400_000,
        expected: 0x0007_216a_f117_0258,
        agents: 100_000,
        way: Way::Shards(2),
    },
];

/// The jobs of one group.
pub fn of_group(group: &str) -> impl Iterator<Item = &'static Workload> {
    WORKLOADS.iter().filter(move |workload| workload.group == group)
}

/// The job of this group and name.
#[must_use]
pub fn find(group: &str, name: &str) -> Option<&'static Workload> {
    of_group(group).find(|workload| workload.name == name)
}

/// Why a job could not be made or run. Neither happens to the jobs of [`WORKLOADS`].
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// An agent was refused.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A message was refused.
    #[error("{0}")]
    Send(String),
    /// A message did not come.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// A thread of the job panicked.
    #[error("a thread of the job panicked")]
    Panicked,
    /// The answer is wrong.
    #[error("{group}/{name} answered {found:#x} instead of {expected:#x}: its figures are void")]
    Wrong {
        /// The job's group.
        group: &'static str,
        /// The job's name.
        name: &'static str,
        /// What came out.
        found: u64,
        /// What should have.
        expected: u64,
    },
}

impl From<SendError<Message>> for WorkloadError {
    fn from(error: SendError<Message>) -> Self {
        Self::Send(error.to_string())
    }
}

impl From<DeskError<Message>> for WorkloadError {
    fn from(error: DeskError<Message>) -> Self {
        Self::Send(error.to_string())
    }
}

/// A job ready to run: its agents are registered.
#[derive(Debug)]
pub struct Job {
    router: Router<Message>,
    agents: Vec<AgentId>,
    way: Way,
    traffic: Traffic,
    answer: u64,
}

impl Workload {
    /// Everything that comes before the clock.
    ///
    /// # Errors
    /// [`WorkloadError::Register`].
    pub fn start(&self) -> Result<Job, WorkloadError> {
        self.start_in(RouterOptions::default())
    }

    /// The same in a router with other options, but with the job's own number of shards.
    ///
    /// # Errors
    /// [`WorkloadError::Register`].
    pub fn start_in(&self, options: RouterOptions) -> Result<Job, WorkloadError> {
        let shards = match self.way {
            Way::OneByOne | Way::OneShard => NonZeroUsize::MIN,
            Way::Shards(shards) => NonZeroUsize::new(shards).unwrap_or(NonZeroUsize::MIN),
        };
        let router = Router::new(RouterOptions { shards, ..options });
        let agents = (0..self.agents)
            .map(|_| router.register(MailboxOptions::default()))
            .collect::<Result<_, _>>()?;
        Ok(Job { router, agents, way: self.way, traffic: self.traffic(), answer: 0 })
    }

    /// The same job of another size, with the checksum of that. `operations` is to be a multiple of
    /// the threads that send.
    ///
    /// O(`operations`): the messages are gone through.
    #[must_use]
    pub fn resized(self, agents: u32, operations: u64) -> Self {
        let resized = Self { agents, operations, ..self };
        Self { expected: resized.traffic().checksum(), ..resized }
    }

    /// Who sends how much to whom.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let senders = match self.way {
            Way::OneByOne | Way::OneShard => 1,
            Way::Shards(threads) => threads as u32,
        };
        Traffic { agents: self.agents, senders, messages: self.operations }
    }

    /// Compares an answer with the expected one.
    ///
    /// # Errors
    /// [`WorkloadError::Wrong`].
    pub fn verify(&self, found: u64) -> Result<(), WorkloadError> {
        let Self { group, name, expected, .. } = *self;
        if found == expected {
            return Ok(());
        }
        Err(WorkloadError::Wrong { group, name, found, expected })
    }
}

impl Job {
    /// Sends and receives every message.
    ///
    /// # Errors
    /// [`WorkloadError`].
    pub fn run(&mut self) -> Result<(), WorkloadError> {
        self.answer = match self.way {
            Way::OneByOne => self.one_by_one()?,
            Way::OneShard => self.one_shard()?,
            Way::Shards(_) => self.shards()?,
        };
        Ok(())
    }

    /// The checksum of the last run.
    #[must_use]
    pub fn answer(&self) -> u64 {
        self.answer
    }

    fn one_by_one(&self) -> Result<u64, WorkloadError> {
        let mut sends = self.traffic.sends(0);
        let mut to = Vec::with_capacity(BURST);
        let mut sum = 0;
        while sends.len() > 0 {
            to.clear();
            for (agent, message) in sends.by_ref().take(BURST) {
                let agent = self.agents[agent];
                self.router.try_send(agent, Envelope::new(None, message))?;
                to.push(agent);
            }
            for agent in &to {
                sum = noted(sum, agent.index(), self.router.try_receive(*agent)?.message);
            }
        }
        Ok(sum)
    }

    fn one_shard(&self) -> Result<u64, WorkloadError> {
        let mut sends = self.traffic.sends(0);
        let mut sum = 0;
        while sends.len() > 0 {
            self.router.work(0, |desk| {
                for (agent, message) in sends.by_ref().take(BURST) {
                    desk.try_send(self.agents[agent], Envelope::new(None, message))?;
                }
                while let Some((agent, envelope)) = desk.receive_any() {
                    sum = noted(sum, agent.index(), envelope.message);
                }
                Ok::<(), WorkloadError>(())
            })?;
        }
        Ok(sum)
    }

    fn shards(&self) -> Result<u64, WorkloadError> {
        let sent = (0..self.traffic.senders).map(|sender| self.traffic.sends(sender).len());
        let left = AtomicI64::new(sent.sum::<usize>() as i64);
        thread::scope(|scope| {
            let worker = |number: u32| {
                let worker = Worker::new(self, number, &left);
                scope.spawn(move || worker.run())
            };
            let workers: Vec<_> = (0..self.traffic.senders).map(worker).collect();
            workers.into_iter().try_fold(0, |sum: u64, worker| {
                Ok(sum.wrapping_add(worker.join().map_err(|_| WorkloadError::Panicked)??))
            })
        })
    }
}

/// A thread with the agents of one shard.
struct Worker<'a> {
    job: &'a Job,
    shard: usize,
    outbox: Outbox<Message>,
    /// What it is yet to send.
    sends: Sends,
    /// What comes before that, where there was no room for it.
    refused: Option<(AgentId, Envelope<Message>)>,
    /// Messages that nobody received yet.
    left: &'a AtomicI64,
    sum: u64,
}

impl<'a> Worker<'a> {
    fn new(job: &'a Job, number: u32, left: &'a AtomicI64) -> Self {
        Self {
            job,
            shard: number as usize,
            outbox: job.router.outbox(),
            sends: job.traffic.sends(number),
            refused: None,
            left,
            sum: 0,
        }
    }

    fn run(mut self) -> Result<u64, WorkloadError> {
        while self.left.load(Ordering::Relaxed) > 0 {
            let received = self.job.router.work(self.shard, |desk| {
                self.send(desk)?;
                let mut received = 0;
                while let Some((agent, envelope)) = desk.receive_any() {
                    self.sum = noted(self.sum, agent.index(), envelope.message);
                    received += 1;
                }
                Ok::<u64, WorkloadError>(received)
            });
            let received = received.inspect_err(|_| self.left.store(0, Ordering::Relaxed))?;
            if received == 0 {
                thread::yield_now();
            }
            self.left.fetch_sub(received as i64, Ordering::Relaxed);
        }
        Ok(self.sum)
    }

    /// Sends until there is no room, and then receives before it goes on.
    fn send(&mut self, desk: &mut Desk<'_, Message>) -> Result<(), WorkloadError> {
        if let Some((to, envelope)) = self.refused.take() {
            self.send_one(desk, to, envelope)?;
        }
        for _ in 0..BURST {
            if self.refused.is_some() {
                return Ok(());
            }
            let Some((to, message)) = self.sends.next() else {
                self.outbox.flush();
                return Ok(());
            };
            self.send_one(desk, self.job.agents[to], Envelope::new(None, message))?;
        }
        Ok(())
    }

    #[inline(always)]
    fn send_one(
        &mut self,
        desk: &mut Desk<'_, Message>,
        to: AgentId,
        envelope: Envelope<Message>,
    ) -> Result<(), WorkloadError> {
        if desk.holds(to) {
            match desk.try_send(to, envelope) {
                Ok(_) => {}
                Err(DeskError::Full { envelope, .. }) => self.refused = Some((to, envelope)),
                Err(error) => return Err(error.into()),
            }
        } else {
            match self.outbox.send(to, envelope) {
                Ok(()) => {}
                Err(SendError::Full { envelope, .. }) => self.refused = Some((to, envelope)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
