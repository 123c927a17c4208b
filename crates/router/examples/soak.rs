//! Real traffic with agents that come and go, and a check of every promise at its end.
//!
//! `cargo run --release -p router --example soak -- --agents 1000 --messages 10000000`
//!
//! Senders choose receivers at random, every second one by the batch. Prints one line of JSON; exits
//! with 1 if a message is not accounted for or came out of order.

use std::collections::HashMap;
use std::error::Error;
use std::num::{NonZeroU32, NonZeroUsize};
use std::process::ExitCode;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use router::workload::Random;
use router::{AgentId, Envelope, MailboxOptions, Router, RouterOptions, SendError, WhenFull};
use serde_json::json;

/// Send messages between agents that come and go, and check that none is lost
#[derive(Parser)]
struct Arguments {
    /// Agents at any time
    #[arg(long, default_value = "1000")]
    agents: NonZeroU32,
    /// Threads that send
    #[arg(long, default_value = "2")]
    senders: NonZeroUsize,
    /// Threads that receive
    #[arg(long, default_value = "2")]
    receivers: NonZeroUsize,
    /// Messages of all senders together
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Most messages in a mailbox; without it there is no bound
    #[arg(long)]
    capacity: Option<NonZeroU32>,
    /// What a full mailbox does
    #[arg(long, value_enum, default_value_t = Policy::Wait)]
    policy: Policy,
    /// Agents that are replaced by others meanwhile
    #[arg(long, default_value_t = 0)]
    churn: u64,
    /// What decides who is sent to
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Policy {
    Wait,
    Reject,
    DropOldest,
    DropNewest,
}

/// 64 bytes.
struct Message {
    sender: usize,
    /// How many this sender had sent before, to anybody.
    number: u64,
    _content: [u64; 6],
}

/// What all threads share.
struct Soak {
    router: Router<Message>,
    arguments: Arguments,
    agents: RwLock<Vec<AgentId>>,
    /// Threads that still send.
    sending: AtomicUsize,
    /// Messages that were sent or came back, counted by the hundred.
    progress: AtomicU64,
}

/// How often senders say how far they are, in messages.
const STRIDE: u64 = 100;

/// What one receiving thread saw.
#[derive(Default)]
struct Received {
    messages: u64,
    out_of_order: u64,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let shards = arguments.receivers;
    let router = Router::new(RouterOptions { shards, ..RouterOptions::default() });
    let soak = Soak {
        agents: RwLock::default(),
        sending: AtomicUsize::new(arguments.senders.get()),
        progress: AtomicU64::new(0),
        router,
        arguments,
    };
    let began = Instant::now();
    for _ in 0..soak.arguments.agents.get() {
        let id = soak.register()?;
        soak.agents.write().map_err(|_| "a thread panicked")?.push(id);
    }
    let registered = began.elapsed();
    let began = Instant::now();
    let (rejected, received) = thread::scope(|scope| {
        let receivers: Vec<_> = (0..soak.arguments.receivers.get())
            .map(|number| {
                scope.spawn({
                    let soak = &soak;
                    move || soak.receive(number)
                })
            })
            .collect();
        let senders: Vec<_> = (0..soak.arguments.senders.get())
            .map(|number| {
                scope.spawn({
                    let soak = &soak;
                    move || soak.send(number)
                })
            })
            .collect();
        let churned = soak.churn();
        let rejected: u64 = senders.into_iter().filter_map(|sender| sender.join().ok()).sum();
        let received: Vec<Received> =
            receivers.into_iter().filter_map(|receiver| receiver.join().ok()).collect();
        churned.map(|()| (rejected, received))
    })?;
    let seconds = began.elapsed().as_secs_f64();

    let accounts = soak.router.accounts();
    let messages: u64 = received.iter().map(|received| received.messages).sum();
    let out_of_order: u64 = received.iter().map(|received| received.out_of_order).sum();
    let mut wrong = Vec::new();
    if !accounts.balance() {
        wrong.push("sent is not the sum of delivered, queued, dropped and dead".to_owned());
    }
    if accounts.sent + rejected != soak.arguments.messages {
        wrong.push(format!("{} messages were to be sent", soak.arguments.messages));
    }
    if accounts.delivered != messages {
        wrong.push(format!("receivers saw {messages} messages"));
    }
    if accounts.queued != 0 {
        wrong.push(format!("{} messages are left", accounts.queued));
    }
    if out_of_order > 0 {
        wrong.push(format!("{out_of_order} messages overtook others of their sender"));
    }
    let report = json!({
        "agents": soak.router.agents(),
        "registered_per_second": f64::from(soak.arguments.agents.get()) / registered.as_secs_f64(),
        "seconds": seconds,
        "messages_per_second": messages as f64 / seconds,
        "sent": accounts.sent,
        "delivered": accounts.delivered,
        "queued": accounts.queued,
        "rejected": rejected,
        "dropped_oldest": accounts.dropped.oldest,
        "dropped_newest": accounts.dropped.newest,
        "dropped_expired": accounts.dropped.expired,
        "dead_no_such_agent": accounts.dead.no_such_agent,
        "dead_removed": accounts.dead.removed,
        "dead_full": accounts.dead.full,
        "out_of_order": out_of_order,
        "wrong": wrong,
    });
    println!("{report}");
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Soak {
    fn register(&self) -> Result<AgentId, router::RegisterError> {
        let when_full = match self.arguments.policy {
            Policy::Wait => WhenFull::Wait,
            Policy::Reject => WhenFull::Reject,
            Policy::DropOldest => WhenFull::DropOldest,
            Policy::DropNewest => WhenFull::DropNewest,
        };
        self.router.register(MailboxOptions { capacity: self.arguments.capacity, when_full })
    }

    fn known(&self) -> Vec<AgentId> {
        self.agents.read().map(|agents| agents.clone()).unwrap_or_default()
    }

    /// Sends this sender's share; returns how many messages came back.
    fn send(&self, sender: usize) -> u64 {
        let senders = self.arguments.senders.get() as u64;
        let share = self.arguments.messages / senders
            + u64::from((sender as u64) < self.arguments.messages % senders);
        let mut random = Random::new(self.arguments.seed ^ (sender as u64 + 1).rotate_left(32));
        let mut outbox = self.router.outbox();
        let mut agents = self.known();
        let mut rejected = 0;
        for number in 0..share {
            if number % STRIDE == 0 {
                self.progress.fetch_add(STRIDE, Ordering::Relaxed);
                if self.arguments.churn > 0 && number % 1_000 == 0 {
                    agents = self.known();
                }
            }
            let to = agents[random.below(agents.len())];
            let mut envelope =
                Envelope::new(None, Message { sender, number, _content: [number; 6] });
            if sender.is_multiple_of(2) {
                rejected += u64::from(self.router.send(to, envelope).is_err());
                continue;
            }
            while let Err(error) = outbox.send(to, envelope) {
                if let SendError::Closed { .. } = error {
                    rejected += 1;
                    break;
                }
                envelope = error.into_envelope();
                thread::yield_now();
            }
        }
        drop(outbox);
        self.sending.fetch_sub(1, Ordering::SeqCst);
        rejected
    }

    /// Receives what comes to the agents of this receiver's shards until nothing is left.
    fn receive(&self, receiver: usize) -> Received {
        let mut received = Received::default();
        let mut next: HashMap<(AgentId, usize), u64> = HashMap::new();
        loop {
            // Looked at before the round: what was sent before it ended is received in it.
            let is_last = self.sending.load(Ordering::SeqCst) == 0;
            let before = received.messages;
            for shard in (receiver..self.router.shards()).step_by(self.arguments.receivers.get()) {
                self.router.work(shard, |desk| {
                    while let Some((agent, envelope)) = desk.receive_any() {
                        let Message { sender, number, .. } = envelope.message;
                        let next = next.entry((agent, sender)).or_default();
                        received.out_of_order += u64::from(number < *next);
                        *next = number + 1;
                        received.messages += 1;
                    }
                });
            }
            if is_last {
                return received;
            }
            if received.messages == before {
                thread::yield_now();
            }
        }
    }

    /// Replaces agents by others, one after the other, as the traffic goes on.
    fn churn(&self) -> Result<(), Box<dyn Error>> {
        let mut random = Random::new(self.arguments.seed);
        let Arguments { churn, messages, .. } = self.arguments;
        for number in 0..churn {
            let due = (u128::from(number) * u128::from(messages) / u128::from(churn)) as u64;
            while self.progress.load(Ordering::Relaxed) < due
                && self.sending.load(Ordering::SeqCst) > 0
            {
                thread::yield_now();
            }
            let new = self.register()?;
            let mut agents = self.agents.write().map_err(|_| "a thread panicked")?;
            let place = random.below(agents.len());
            let old = std::mem::replace(&mut agents[place], new);
            drop(agents);
            self.router.remove(old);
        }
        Ok(())
    }
}
