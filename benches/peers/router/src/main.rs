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
use measure::peer::{self, CheckedJob, Loaded, PacedJob, Refused, Run, Session};
use router::workload::Traffic;
use serde::Deserialize;

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
    if let Shape::Paced { per_second } = shape {
        let arrivals = Arrivals::Constant { per_second: f64::from(per_second) };
        let length = Duration::from_secs_f64(messages as f64 / f64::from(per_second));
        let schedule = arrivals.schedule(length)?;
        let run = match name {
            "crossbeam-channel" => one_to_one::paced::<Crossbeam>,
            "flume" => one_to_one::paced::<Flume>,
            "kanal" => one_to_one::paced::<Kanal>,
            "std-mpsc" => one_to_one::paced::<Std>,
            "tokio-mpsc" => one_to_one::paced::<Tokio>,
            _ => return Err(unknown(name, shape)),
        };
        let session: Box<dyn Session> = Box::new(PacedJob::new(move || run(schedule.clone())));
        return Ok(("unbounded".to_owned(), session));
    }
    let (note, run) = match name {
        "async-channel" => of_tasks::<AsyncChannels<async_channel::Sender<_>>>(shape, traffic)?,
        "crossbeam-channel" => of_threads::<Crossbeam, CrossbeamBounded>(shape, traffic)?,
        "flume" => match shape {
            Shape::Tasks => of_tasks::<AsyncChannels<flume::Sender<_>>>(shape, traffic)?,
            _ => of_threads::<Flume, FlumeBounded>(shape, traffic)?,
        },
        "kameo" => of_tasks::<Kameo>(shape, traffic)?,
        "kanal" => match shape {
            Shape::Tasks => of_tasks::<AsyncChannels<kanal::AsyncSender<_>>>(shape, traffic)?,
            _ => of_threads::<Kanal, KanalBounded>(shape, traffic)?,
        },
        "mutex-vecdeque" => match shape {
            Shape::Threads => threads::<Locked>(traffic),
            _ => return Err(unknown(name, shape)),
        },
        "ractor" => of_tasks::<Ractor>(shape, traffic)?,
        "hashmap+vecdeque" => match shape {
            Shape::OneThread => one_thread::queues(traffic),
            _ => return Err(unknown(name, shape)),
        },
        "std-mpsc" => of_threads::<Std, StdBounded>(shape, traffic)?,
        "tokio-mpsc" => match shape {
            Shape::Tasks => {
                of_tasks::<AsyncChannels<::tokio::sync::mpsc::UnboundedSender<_>>>(shape, traffic)?
            }
            _ => of_threads::<Tokio, TokioBounded>(shape, traffic)?,
        },
        "tokio-mpsc-bounded" => {
            of_tasks::<AsyncChannels<::tokio::sync::mpsc::Sender<_>>>(shape, traffic)?
        }
        _ => return Err(unknown(name, shape)),
    };
    Ok((note, Box::new(CheckedJob::new(messages, traffic.checksum(), run))))
}

fn unknown(name: &str, shape: Shape) -> Refused {
    format!("there is no '{name}' for {shape:?}").into()
}

/// An unbounded channel for each agent, or a bounded one for one receiver.
fn of_threads<C: Channel, Bounded: Channel>(
    shape: Shape,
    traffic: Traffic,
) -> Result<(String, Run), Refused> {
    match shape {
        Shape::OneThread => Ok(one_thread::channels::<C>(traffic)),
        Shape::Threads => Ok(threads::<C>(traffic)),
        Shape::OneToOne { by_batch: false } => {
            let run: Run = Box::new(move || one_to_one::single::<Bounded>(traffic));
            Ok(("bounded, one by one".to_owned(), run))
        }
        Shape::OneToOne { by_batch: true } => {
            let single: Run = Box::new(move || one_to_one::single::<Bounded>(traffic));
            let batches: Run = Box::new(move || one_to_one::batches::<Bounded>(traffic));
            let ways = [("bounded, one by one", single), ("bounded, by the batch", batches)];
            let (note, run) = peer::fastest(ways)?;
            Ok((note.to_owned(), run))
        }
        Shape::Tasks | Shape::Paced { .. } => Err(unknown("channel between threads", shape)),
    }
}

fn threads<M: Mailbox>(traffic: Traffic) -> (String, Run) {
    let mut agents = threads::Agents::<M>::new(traffic);
    ("unbounded, by index".to_owned(), Box::new(move || agents.run(traffic)))
}

fn of_tasks<A: Agents>(shape: Shape, traffic: Traffic) -> Result<(String, Run), Refused> {
    match shape {
        Shape::Tasks => {
            let runtime = tasks::runtime(traffic.senders)?;
            Ok((A::NOTE.to_owned(), Box::new(move || tasks::run::<A>(&runtime, traffic))))
        }
        _ => Err(unknown("tasks", shape)),
    }
}
