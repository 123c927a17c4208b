//! Channels and actor systems with the router's traffic: a side of `cargo xtask peers router`.
//!
//! The one argument says which. What is sent to whom, and the checksum over who received it, are
//! the router's own.

mod actors;
mod channels;
mod one_thread;
mod one_to_one;
mod tasks;
mod threads;

use std::io;
use std::time::Duration;

use measure::pacing::Arrivals;
use measure::peer::{self, CheckedJob, Loaded, PacedJob, Refused, Run};
use router::workload::Traffic;
use serde::Deserialize;
use tokio::sync::mpsc;

use actors::{Kameo, Ractor};
use channels::{
    Channel, Crossbeam, CrossbeamBounded, Flume, FlumeBounded, Kanal, KanalBounded, Locked,
    Mailbox, Std, StdBounded, Tokio, TokioBounded,
};
use tasks::{Agents, AsyncChannels};

/// What the router's side exports; which job of its own that is, is not for us.
#[derive(Deserialize)]
struct Problem {
    shape: Shape,
    agents: u32,
    senders: u32,
    messages: u64,
}

/// As in the router's side.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    OneThread,
    Threads,
    Tasks,
    OneToOne { by_batch: bool },
    Paced { per_second: u32 },
}

fn main() -> io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let export = |_: &str| Err("only the router's side has problems".into());
    peer::serve(export, |problem| load(&name, &serde_json::from_str(problem)?))
}

fn load(name: &str, problem: &Problem) -> Result<Loaded, Refused> {
    let Problem { shape, agents, senders, messages } = *problem;
    let traffic = Traffic { agents, senders, messages };
    match (shape, name) {
        (Shape::OneThread, "hashmap+vecdeque") => Ok(checked(traffic, one_thread::queues(traffic))),
        (Shape::Threads, "mutex-vecdeque") => Ok(checked(traffic, threads::<Locked>(traffic))),
        (Shape::Tasks, "async-channel") => {
            tasks::<AsyncChannels<async_channel::Sender<_>>>(traffic)
        }
        (Shape::Tasks, "flume") => tasks::<AsyncChannels<flume::Sender<_>>>(traffic),
        (Shape::Tasks, "kameo") => tasks::<Kameo>(traffic),
        (Shape::Tasks, "kanal") => tasks::<AsyncChannels<kanal::AsyncSender<_>>>(traffic),
        (Shape::Tasks, "ractor") => tasks::<Ractor>(traffic),
        (Shape::Tasks, "tokio-mpsc") => tasks::<AsyncChannels<mpsc::UnboundedSender<_>>>(traffic),
        (Shape::Tasks, "tokio-mpsc-bounded") => tasks::<AsyncChannels<mpsc::Sender<_>>>(traffic),
        (_, "crossbeam-channel") => channels::<Crossbeam, CrossbeamBounded>(shape, traffic),
        (_, "flume") => channels::<Flume, FlumeBounded>(shape, traffic),
        (_, "kanal") => channels::<Kanal, KanalBounded>(shape, traffic),
        (_, "std-mpsc") => channels::<Std, StdBounded>(shape, traffic),
        (_, "tokio-mpsc") => channels::<Tokio, TokioBounded>(shape, traffic),
        _ => Err(format!("there is no '{name}' for {shape:?}").into()),
    }
}

/// Loaded, with a checksum to hold against.
fn checked(traffic: Traffic, (note, run): (String, Run)) -> Loaded {
    (note, Box::new(CheckedJob::new(traffic.messages, traffic.checksum(), run)))
}

/// An unbounded channel for each agent, or a bounded one for one receiver.
fn channels<C: Channel, Bounded: Channel>(
    shape: Shape,
    traffic: Traffic,
) -> Result<Loaded, Refused> {
    let single: Run = Box::new(move || one_to_one::single::<Bounded>(traffic));
    let batches: Run = Box::new(move || one_to_one::batches::<Bounded>(traffic));
    let way = match shape {
        Shape::OneThread => one_thread::channels::<C>(traffic),
        Shape::Threads => threads::<C>(traffic),
        Shape::Tasks => return Err("this channel is between threads".into()),
        Shape::OneToOne { by_batch: false } => ("bounded, one by one".to_owned(), single),
        Shape::OneToOne { by_batch: true } => {
            let ways = [("bounded, one by one", single), ("bounded, by the batch", batches)];
            let (note, run) = peer::fastest(ways)?;
            (note.to_owned(), run)
        }
        Shape::Paced { per_second } => {
            let arrivals = Arrivals::Constant { per_second: f64::from(per_second) };
            let seconds = traffic.messages as f64 / f64::from(per_second);
            let schedule = arrivals.schedule(Duration::from_secs_f64(seconds))?;
            let job = PacedJob::new(move || one_to_one::paced::<C>(schedule.clone()));
            return Ok(("unbounded".to_owned(), Box::new(job)));
        }
    };
    Ok(checked(traffic, way))
}

fn threads<M: Mailbox>(traffic: Traffic) -> (String, Run) {
    let mut agents = threads::Agents::<M>::new(traffic);
    ("unbounded, by index".to_owned(), Box::new(move || agents.run(traffic)))
}

fn tasks<A: Agents>(traffic: Traffic) -> Result<Loaded, Refused> {
    let runtime = tasks::runtime(traffic.senders)?;
    let run: Run = Box::new(move || tasks::run::<A>(&runtime, traffic));
    Ok(checked(traffic, (A::NOTE.to_owned(), run)))
}
