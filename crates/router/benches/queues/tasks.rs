//! Queues between tasks, which await.

use std::sync::LazyLock;
use std::time::Instant;

use router::workload::{Message, Traffic, noted};
use router::{AgentId, Envelope, Mailbox, MailboxOptions, Router};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::CAPACITY;
use super::run::{Ran, received};
use super::threads::{BOUNDED, open, router_for};

/// Two threads, whatever the job.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).build().unwrap());

/// The sending end of a queue.
trait Sender: Clone + Send + Sync + 'static {
    fn send(&self, message: Message) -> impl Future<Output = ()> + Send;
}

/// The receiving end.
trait Receiver: Send + 'static {
    fn receive(&mut self) -> impl Future<Output = Message> + Send;
}

/// One message at a time, by a queue for each receiver.
fn run<S: Sender, R: Receiver>(traffic: Traffic, open: impl FnMut() -> (S, R)) -> Ran {
    let (ends, queues): (Vec<S>, Vec<R>) =
        std::iter::repeat_with(open).take(traffic.agents as usize).unzip();
    let counts = received(traffic);
    RUNTIME.block_on(async {
        let receiver = |((mut queue, messages), agent): ((R, u64), u32)| {
            RUNTIME.spawn(async move {
                let mut sum = 0;
                for _ in 0..messages {
                    sum = noted(sum, agent, queue.receive().await);
                }
                (sum, Instant::now())
            })
        };
        let receivers: Vec<_> = queues.into_iter().zip(counts).zip(0..).map(receiver).collect();
        let sender = |number| {
            let ends = ends.clone();
            RUNTIME.spawn(async move {
                let began = Instant::now();
                for (to, message) in traffic.sends(number) {
                    ends[to].send(message).await;
                }
                began
            })
        };
        let senders: Vec<_> = (0..traffic.senders).map(sender).collect();
        let (mut began, mut received) = (Vec::new(), Vec::new());
        for sender in senders {
            began.push(sender.await.unwrap());
        }
        for receiver in receivers {
            received.push(receiver.await.unwrap());
        }
        Ran::of(&began, &received)
    })
}

pub fn router_bounded(traffic: Traffic) -> Ran {
    let router = router_for(traffic);
    run(traffic, || open(&router, BOUNDED))
}

pub fn router_unbounded(traffic: Traffic) -> Ran {
    let router = router_for(traffic);
    run(traffic, || open(&router, MailboxOptions::UNBOUNDED))
}

pub fn flume_bounded(traffic: Traffic) -> Ran {
    run(traffic, || flume::bounded(CAPACITY))
}

pub fn flume_unbounded(traffic: Traffic) -> Ran {
    run(traffic, flume::unbounded)
}

pub fn tokio_bounded(traffic: Traffic) -> Ran {
    run(traffic, || mpsc::channel(CAPACITY))
}

pub fn tokio_unbounded(traffic: Traffic) -> Ran {
    run(traffic, mpsc::unbounded_channel)
}

impl Sender for (Router<Message>, AgentId) {
    async fn send(&self, message: Message) {
        self.0.send_async(self.1, Envelope::new(None, message)).await.unwrap();
    }
}

impl Receiver for Mailbox<Message> {
    async fn receive(&mut self) -> Message {
        self.receive_async().await.unwrap().message
    }
}

impl Sender for flume::Sender<Message> {
    async fn send(&self, message: Message) {
        self.send_async(message).await.unwrap();
    }
}

impl Receiver for flume::Receiver<Message> {
    async fn receive(&mut self) -> Message {
        self.recv_async().await.unwrap()
    }
}

impl Sender for mpsc::Sender<Message> {
    async fn send(&self, message: Message) {
        self.send(message).await.unwrap();
    }
}

impl Receiver for mpsc::Receiver<Message> {
    async fn receive(&mut self) -> Message {
        self.recv().await.unwrap()
    }
}

impl Sender for mpsc::UnboundedSender<Message> {
    /// Does not await: there is always room.
    async fn send(&self, message: Message) {
        self.send(message).unwrap();
    }
}

impl Receiver for mpsc::UnboundedReceiver<Message> {
    async fn receive(&mut self) -> Message {
        self.recv().await.unwrap()
    }
}
