//! The jobs of the group `batching`: one thread sends so many messages to an agent, then receives
//! them, over and over.

use router::workload::{Message, Sends, Traffic, noted};
use router::{Envelope, Mailbox, MailboxOptions, Outbox, Router};

/// Messages in one run: a multiple of every size.
pub const MESSAGES: u64 = 10_000;

/// Messages that are handed over together.
pub const SIZES: [usize; 5] = [1, 10, 50, 100, 1_000];

/// To one agent.
const TRAFFIC: Traffic = Traffic { agents: 1, senders: 1, messages: MESSAGES };

/// How messages are handed over and received: sends and receives all, and answers the checksum.
type Way = fn(&mut Job) -> u64;

/// The last sends to a thread that works on the receiver's shard.
pub const JOBS: [(&str, Way); 3] =
    [("send", Job::send), ("outbox", Job::outbox), ("outbox_work", Job::outbox_work)];

/// An agent and who sends to it.
pub struct Job {
    router: Router<Message>,
    mailbox: Mailbox<Message>,
    outbox: Outbox<Message>,
    received: Vec<Envelope<Message>>,
    size: usize,
}

impl Job {
    pub fn new(size: usize) -> Self {
        let router = Router::default();
        let mailbox = router.mailbox(MailboxOptions::default()).unwrap();
        let outbox = router.outbox();
        Self { router, mailbox, outbox, received: Vec::with_capacity(size), size }
    }

    /// A wrong answer ends the bench with an error.
    pub fn verify(&self, found: u64) {
        assert_eq!(found, TRAFFIC.checksum(), "{} at once: the checksum is wrong", self.size);
    }

    fn send(&mut self) -> u64 {
        self.run(Self::send_one_by_one, Self::receive_batch)
    }

    fn outbox(&mut self) -> u64 {
        self.run(Self::flush, Self::receive_batch)
    }

    fn outbox_work(&mut self) -> u64 {
        self.run(Self::flush, Self::work)
    }

    #[inline(always)]
    fn run(
        &mut self,
        send: impl Fn(&mut Self, &mut Sends),
        receive: impl Fn(&mut Self, u64) -> u64,
    ) -> u64 {
        let mut sends = TRAFFIC.sends(0);
        let mut sum = 0;
        while sends.len() > 0 {
            send(self, &mut sends);
            sum = receive(self, sum);
        }
        sum
    }

    #[inline(always)]
    fn send_one_by_one(&mut self, sends: &mut Sends) {
        for (_, message) in sends.take(self.size) {
            self.router.send(self.mailbox.id(), Envelope::new(None, message)).unwrap();
        }
    }

    #[inline(always)]
    fn flush(&mut self, sends: &mut Sends) {
        for (_, message) in sends.take(self.size) {
            self.outbox.send(self.mailbox.id(), Envelope::new(None, message)).unwrap();
        }
        self.outbox.flush();
    }

    #[inline(always)]
    fn receive_batch(&mut self, sum: u64) -> u64 {
        self.mailbox.receive_batch(self.size, &mut self.received).unwrap();
        let agent = self.mailbox.id().index();
        self.received.drain(..).fold(sum, |sum, envelope| noted(sum, agent, envelope.message))
    }

    #[inline(always)]
    fn work(&mut self, mut sum: u64) -> u64 {
        self.router.work(self.router.shard_of(self.mailbox.id()), |desk| {
            while let Some((agent, envelope)) = desk.receive_any() {
                sum = noted(sum, agent.index(), envelope.message);
            }
        });
        sum
    }
}
