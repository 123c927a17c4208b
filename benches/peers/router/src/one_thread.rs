//! One thread sends a thousand messages, then receives them, agent by agent as it sent them.

use std::collections::{HashMap, VecDeque};

use measure::peer::{Refused, Run};
use router::workload::{BURST, Message, Traffic, noted};

use crate::channels::Mailbox;

/// The bare thing: a table of queues, which guarantees nothing.
pub fn queues(traffic: Traffic) -> (String, Run) {
    let mut table: HashMap<u32, VecDeque<Message>> =
        (0..traffic.agents).map(|agent| (agent, VecDeque::new())).collect();
    let run = move || {
        bursts(
            traffic,
            &mut table,
            |table, to, message| table.get_mut(&to).map(|queue| queue.push_back(message)),
            |table, agent| table.get_mut(&agent)?.pop_front(),
        )
    };
    ("std HashMap".to_owned(), Box::new(run))
}

/// A channel for each agent, found by ahash.
pub fn channels<M: Mailbox>(traffic: Traffic) -> (String, Run) {
    let mut table: ahash::HashMap<u32, (M::Sender, M::Receiver)> =
        (0..traffic.agents).map(|agent| (agent, M::open())).collect();
    let run = move || {
        bursts(
            traffic,
            &mut table,
            |table, to, message| M::send(&table.get(&to)?.0, message).then_some(()),
            |table, agent| M::try_receive(&mut table.get_mut(&agent)?.1),
        )
    };
    ("unbounded, by ahash".to_owned(), Box::new(run))
}

fn bursts<T>(
    traffic: Traffic,
    table: &mut T,
    send: impl Fn(&mut T, u32, Message) -> Option<()>,
    receive: impl Fn(&mut T, u32) -> Option<Message>,
) -> Result<u64, Refused> {
    let mut sends = traffic.sends(0);
    let mut sent_to = Vec::with_capacity(BURST);
    let mut sum = 0;
    while sends.len() > 0 {
        sent_to.clear();
        for (to, message) in sends.by_ref().take(BURST) {
            send(table, to as u32, message).ok_or("a message could not be sent")?;
            sent_to.push(to as u32);
        }
        for agent in &sent_to {
            let message = receive(table, *agent).ok_or("a message did not come")?;
            sum = noted(sum, *agent, message);
        }
    }
    Ok(sum)
}
