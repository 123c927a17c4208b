//! A task for each agent and for each sender, on as many threads as there are senders.

use std::future::Future;
use std::sync::Arc;

use measure::peer::Refused;
use router::workload::{BURST, Message, Sends, Traffic, noted};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, yield_now};

/// Agents that run as tasks.
pub trait Agents: Send + Sync + Sized + 'static {
    const NOTE: &str;

    fn start(agents: u32) -> impl Future<Output = Result<Self, Refused>>;

    /// Whether it could be sent.
    fn send(&self, to: usize, message: Message) -> impl Future<Output = bool> + Send;

    /// Once all is received: the checksum.
    fn finish(self) -> impl Future<Output = Result<u64, Refused>>;
}

/// A runtime with so many threads.
pub fn runtime(threads: u32) -> Result<Runtime, Refused> {
    Ok(Builder::new_multi_thread().worker_threads(threads as usize).build()?)
}

/// Sends and receives every message. The agents are made anew.
pub fn run<A: Agents>(runtime: &Runtime, traffic: Traffic) -> Result<u64, Refused> {
    runtime.block_on(async {
        let agents = Arc::new(A::start(traffic.agents).await?);
        let senders: Vec<_> = (0..traffic.senders)
            .map(|sender| tokio::spawn(send(Arc::clone(&agents), traffic.sends(sender))))
            .collect();
        for sender in senders {
            sender.await?.ok_or("a message could not be sent")?;
        }
        Arc::into_inner(agents).ok_or("a sender goes on")?.finish().await
    })
}

async fn send<A: Agents>(agents: Arc<A>, mut sends: Sends) -> Option<()> {
    while sends.len() > 0 {
        for (to, message) in sends.by_ref().take(BURST) {
            if !agents.send(to, message).await {
                return None;
            }
        }
        yield_now().await;
    }
    Some(())
}

/// Most messages in a bounded channel.
const CAPACITY: usize = 1_024;

/// The sending end of a channel whose receiver can await.
pub trait Sender: Send + Sync + Sized + 'static {
    type Receiver: Send + 'static;
    const NOTE: &str;

    fn open() -> (Self, Self::Receiver);

    /// Whether it could be sent.
    fn send(&self, message: Message) -> impl Future<Output = bool> + Send;

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message>;

    /// None where nobody can send any more.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<Message>> + Send;
}

/// A channel and a receiving task for each agent.
pub struct AsyncChannels<S> {
    senders: Vec<S>,
    receivers: Vec<JoinHandle<u64>>,
}

impl<S: Sender> Agents for AsyncChannels<S> {
    const NOTE: &str = S::NOTE;

    async fn start(agents: u32) -> Result<Self, Refused> {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..agents).map(|_| S::open()).unzip();
        let tasks = (0..).zip(receivers).map(|(agent, own)| tokio::spawn(receive::<S>(agent, own)));
        Ok(Self { senders, receivers: tasks.collect() })
    }

    #[inline]
    fn send(&self, to: usize, message: Message) -> impl Future<Output = bool> + Send {
        self.senders[to].send(message)
    }

    async fn finish(self) -> Result<u64, Refused> {
        drop(self.senders);
        let mut sum = 0_u64;
        for receiver in self.receivers {
            sum = sum.wrapping_add(receiver.await?);
        }
        Ok(sum)
    }
}

/// All that is there, then the next one whenever it comes.
async fn receive<S: Sender>(agent: u32, mut receiver: S::Receiver) -> u64 {
    let mut sum = 0;
    while let Some(message) = S::receive(&mut receiver).await {
        sum = noted(sum, agent, message);
        while let Some(message) = S::try_receive(&mut receiver) {
            sum = noted(sum, agent, message);
        }
    }
    sum
}

impl Sender for mpsc::UnboundedSender<Message> {
    type Receiver = mpsc::UnboundedReceiver<Message>;
    const NOTE: &str = "unbounded";

    fn open() -> (Self, Self::Receiver) {
        mpsc::unbounded_channel()
    }

    async fn send(&self, message: Message) -> bool {
        self.send(message).is_ok()
    }

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.try_recv().ok()
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<Message>> + Send {
        receiver.recv()
    }
}

impl Sender for mpsc::Sender<Message> {
    type Receiver = mpsc::Receiver<Message>;
    const NOTE: &str = "bounded";

    fn open() -> (Self, Self::Receiver) {
        mpsc::channel(CAPACITY)
    }

    async fn send(&self, message: Message) -> bool {
        self.send(message).await.is_ok()
    }

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.try_recv().ok()
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<Message>> + Send {
        receiver.recv()
    }
}

impl Sender for flume::Sender<Message> {
    type Receiver = flume::Receiver<Message>;
    const NOTE: &str = "unbounded";

    fn open() -> (Self, Self::Receiver) {
        flume::unbounded()
    }

    async fn send(&self, message: Message) -> bool {
        self.send(message).is_ok()
    }

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.try_recv().ok()
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.recv_async().await.ok()
    }
}

impl Sender for kanal::AsyncSender<Message> {
    type Receiver = kanal::AsyncReceiver<Message>;
    const NOTE: &str = "unbounded";

    fn open() -> (Self, Self::Receiver) {
        kanal::unbounded_async()
    }

    async fn send(&self, message: Message) -> bool {
        self.try_send(message).is_ok_and(|sent| sent)
    }

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.try_recv().ok().flatten()
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.recv().await.ok()
    }
}

impl Sender for async_channel::Sender<Message> {
    type Receiver = async_channel::Receiver<Message>;
    const NOTE: &str = "unbounded";

    fn open() -> (Self, Self::Receiver) {
        async_channel::unbounded()
    }

    async fn send(&self, message: Message) -> bool {
        self.try_send(message).is_ok()
    }

    fn try_receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.try_recv().ok()
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<Message> {
        receiver.recv().await.ok()
    }
}
