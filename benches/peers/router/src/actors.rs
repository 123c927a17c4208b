//! Actor systems: an actor for each agent, which adds what it received to the sum when it stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kameo::actor::{Spawn as _, WeakActorRef};
use kameo::error::ActorStopReason;
use kameo::message::Context;
use measure::peer::Refused;
use ractor::ActorProcessingErr;
use router::workload::{Message, noted};
use tokio::task::JoinHandle;

use crate::tasks::Agents;

/// What one actor received, and where that goes in the end.
struct Received {
    agent: u32,
    sum: u64,
    total: Arc<AtomicU64>,
}

impl Received {
    fn note(&mut self, message: Message) {
        self.sum = noted(self.sum, self.agent, message);
    }

    fn end(&self) {
        self.total.fetch_add(self.sum, Ordering::Relaxed);
    }
}

/// Actors of ractor.
pub struct Ractor {
    actors: Vec<(ractor::ActorRef<Message>, JoinHandle<()>)>,
    total: Arc<AtomicU64>,
}

struct RactorAgent;

impl ractor::Actor for RactorAgent {
    type Msg = Message;
    type State = Received;
    type Arguments = Received;

    async fn pre_start(
        &self,
        _myself: ractor::ActorRef<Message>,
        received: Received,
    ) -> Result<Received, ActorProcessingErr> {
        Ok(received)
    }

    async fn handle(
        &self,
        _myself: ractor::ActorRef<Message>,
        message: Message,
        received: &mut Received,
    ) -> Result<(), ActorProcessingErr> {
        received.note(message);
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ractor::ActorRef<Message>,
        received: &mut Received,
    ) -> Result<(), ActorProcessingErr> {
        received.end();
        Ok(())
    }
}

impl Agents for Ractor {
    const NOTE: &str = "cast";

    async fn start(agents: u32) -> Result<Self, Refused> {
        let total = Arc::new(AtomicU64::new(0));
        let mut actors = Vec::new();
        for agent in 0..agents {
            let received = Received { agent, sum: 0, total: Arc::clone(&total) };
            actors.push(ractor::Actor::spawn(None, RactorAgent, received).await?);
        }
        Ok(Self { actors, total })
    }

    async fn send(&self, to: usize, message: Message) -> bool {
        self.actors[to].0.cast(message).is_ok()
    }

    async fn finish(self) -> Result<u64, Refused> {
        for (actor, _) in &self.actors {
            // Stops it after what was sent before.
            actor.drain()?;
        }
        for (_, task) in self.actors {
            task.await?;
        }
        Ok(self.total.load(Ordering::Relaxed))
    }
}

/// Actors of kameo.
pub struct Kameo {
    actors: Vec<kameo::actor::ActorRef<KameoAgent>>,
    total: Arc<AtomicU64>,
}

pub struct KameoAgent(Received);

impl kameo::Actor for KameoAgent {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(
        agent: Self,
        _myself: kameo::actor::ActorRef<Self>,
    ) -> Result<Self, Infallible> {
        Ok(agent)
    }

    async fn on_stop(
        &mut self,
        _myself: WeakActorRef<Self>,
        _reason: ActorStopReason,
    ) -> Result<(), Infallible> {
        self.0.end();
        Ok(())
    }
}

impl kameo::message::Message<Message> for KameoAgent {
    type Reply = ();

    async fn handle(&mut self, message: Message, _context: &mut Context<Self, ()>) {
        self.0.note(message);
    }
}

impl Agents for Kameo {
    const NOTE: &str = "tell, unbounded";

    async fn start(agents: u32) -> Result<Self, Refused> {
        let total = Arc::new(AtomicU64::new(0));
        let spawn = |agent| {
            let received = Received { agent, sum: 0, total: Arc::clone(&total) };
            KameoAgent::spawn_with_mailbox(KameoAgent(received), kameo::mailbox::unbounded())
        };
        Ok(Self { actors: (0..agents).map(spawn).collect(), total: Arc::clone(&total) })
    }

    async fn send(&self, to: usize, message: Message) -> bool {
        self.actors[to].tell(message).try_send().is_ok()
    }

    async fn finish(self) -> Result<u64, Refused> {
        for actor in &self.actors {
            // After what was sent before.
            actor.stop_gracefully().await?;
        }
        for actor in &self.actors {
            actor.wait_for_shutdown_result().await?;
        }
        Ok(self.total.load(Ordering::Relaxed))
    }
}
