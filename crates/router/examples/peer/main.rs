//! The router's side of `cargo xtask peers router`: the workloads of the crate's own list, and
//! those that take more than it has: tasks, one thread to another, and a paced sender.
//!
//! benches/peers/README.md says how it is asked.

mod batches;
mod one_to_one;
mod tasks;

use std::io;
use std::time::Duration;

use measure::pacing::Arrivals;
use measure::peer::{self, CheckedJob, Loaded, PacedJob, Refused, Run};
use router::workload::{self, Traffic, Workload};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A job, and what is other than its list says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// `GROUP/NAME`.
    job: String,
    messages: Option<u64>,
}

/// All that a peer needs to know, and which way of ours it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Problem {
    job: String,
    shape: Shape,
    agents: u32,
    senders: u32,
    messages: u64,
}

/// How messages go.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    /// One thread sends a thousand, then receives them.
    OneThread,
    /// As many threads as senders, with the agents in turn.
    Threads,
    /// A task for each agent and each sender, on as many threads as senders.
    Tasks,
    /// One thread to another, at most 1,024 on the way; by the batch where that is faster, or not.
    OneToOne { by_batch: bool },
    /// One thread to another, so many a second.
    Paced { per_second: u32 },
}

/// Jobs that are not in the crate's list, for it has neither executor nor clock.
const JOBS: [(&str, Shape, Traffic); 4] = [
    ("async/tasks_1000", Shape::Tasks, tasks::TASKS_1000),
    ("one_to_one/batches", Shape::OneToOne { by_batch: true }, LINE),
    ("one_to_one/single", Shape::OneToOne { by_batch: false }, LINE),
    (
        "latency/one_way",
        Shape::Paced { per_second: 20_000 },
        Traffic { agents: 1, senders: 1, messages: 4_000 },
    ),
];

/// From one to another.
const LINE: Traffic = Traffic { agents: 1, senders: 1, messages: 2_000_000 };

fn main() -> io::Result<()> {
    peer::serve(export, load)
}

fn export(request: &str) -> Result<Value, Refused> {
    let request: Request = serde_json::from_str(request)?;
    let (shape, mut traffic) = found(&request.job)?;
    traffic.messages = request.messages.unwrap_or(traffic.messages);
    let Traffic { agents, senders, messages } = traffic;
    let problem = Problem { job: request.job, shape, agents, senders, messages };
    Ok(serde_json::to_value(problem)?)
}

fn found(job: &str) -> Result<(Shape, Traffic), Refused> {
    if let Some((_, shape, traffic)) = JOBS.iter().find(|(name, ..)| *name == job) {
        return Ok((*shape, *traffic));
    }
    let traffic = listed(job)?.traffic();
    let shape = if traffic.senders == 1 { Shape::OneThread } else { Shape::Threads };
    Ok((shape, traffic))
}

fn listed(job: &str) -> Result<Workload, Refused> {
    let found = job.split_once('/').and_then(|(group, name)| workload::find(group, name));
    Ok(*found.ok_or_else(|| format!("there is no job '{job}'"))?)
}

fn load(problem: &str) -> Result<Loaded, Refused> {
    let Problem { job, shape, agents, senders, messages } = serde_json::from_str(problem)?;
    let traffic = Traffic { agents, senders, messages };
    let checked = |run: Run| Box::new(CheckedJob::new(messages, traffic.checksum(), run));
    let session: Box<dyn peer::Session> = match shape {
        Shape::OneThread | Shape::Threads => {
            let mut workload = listed(&job)?;
            workload.operations = messages;
            let mut ready = workload.start()?;
            checked(Box::new(move || {
                ready.run()?;
                Ok(ready.answer())
            }))
        }
        Shape::Tasks => {
            let runtime = tasks::runtime(senders)?;
            checked(Box::new(move || tasks::run(&runtime, traffic)))
        }
        Shape::OneToOne { by_batch: true } => {
            let batches: Run = Box::new(move || one_to_one::by_batch(traffic));
            let on_the_shard: Run = Box::new(move || one_to_one::on_the_shard(traffic));
            let ways = [("receive_batch", batches), ("work", on_the_shard)];
            let (way, run) = peer::fastest(ways)?;
            return Ok((way.to_owned(), checked(run)));
        }
        Shape::OneToOne { by_batch: false } => {
            checked(Box::new(move || one_to_one::single(traffic)))
        }
        Shape::Paced { per_second } => {
            let arrivals = Arrivals::Constant { per_second: f64::from(per_second) };
            let seconds = messages as f64 / f64::from(per_second);
            let schedule = arrivals.schedule(Duration::from_secs_f64(seconds))?;
            Box::new(PacedJob::new(move || one_to_one::paced(schedule.clone())))
        }
    };
    Ok((job, session))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_gives_the_answer_of_its_traffic() {
        let listed = workload::WORKLOADS.iter().map(|job| format!("{}/{}", job.group, job.name));
        for job in JOBS.iter().map(|(name, ..)| (*name).to_owned()).chain(listed) {
            let request = format!(r#"{{ "job": "{job}", "messages": 10000 }}"#);
            let problem = export(&request).unwrap();
            let mut session = load(&problem.to_string()).unwrap().1;
            let Problem { shape, agents, senders, messages, .. } =
                serde_json::from_value(problem).unwrap();
            let expected = match shape {
                Shape::Paced { .. } => messages,
                _ => Traffic { agents, senders, messages }.checksum(),
            };
            assert_eq!(session.answer().unwrap(), peer::Answer::checksum(expected), "{job}");
            session.measure(2).unwrap();
        }
    }

    #[test]
    fn a_job_that_is_not_there_is_refused_by_its_name() {
        let refused = export(r#"{ "job": "routing/complex" }"#).unwrap_err();
        assert_eq!(refused.to_string(), "there is no job 'routing/complex'");
    }
}
