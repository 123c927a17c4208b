//! What it costs to make bytes of a message and a message of bytes, and what it costs not to.
//!
//! One list of jobs for wall time, instruction counts, the report and the test. A job works on the
//! same hundred messages in every run; its answer is compared afterwards, off the clock.

pub mod format;
pub mod message;

use format::{Codec, Format};
use message::AgentMessage;
use rkyv::util::AlignedVec;
use router::workload::Random;
use router::{AgentId, Envelope, MailboxOptions, Router, RouterOptions};

/// Messages in one run of a job.
pub const MESSAGES: usize = 100;

/// The checksums of all of them together.
const CHECKSUM: u64 = 0x3044_2ff2_5bd4_0979;

/// Every job by its name, which never changes once recorded.
pub fn jobs() -> impl Iterator<Item = (String, Act)> {
    let of_format = |format: Format| {
        let name = format.name();
        [
            (format!("{name}_encode"), Act::Encode(format)),
            (format!("{name}_decode"), Act::Decode(format)),
        ]
    };
    let others =
        [("rkyv_access", Act::Access), ("in_process", Act::InProcess), ("clone", Act::Clone)];
    let others = others.map(|(name, act)| (name.to_owned(), act));
    Format::ALL.into_iter().flat_map(of_format).chain(others)
}

/// What is done with every message.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Written over the bytes of the one before.
    Encode(Format),
    /// Made of its bytes, in the place of an older one that is dropped.
    Decode(Format),
    /// Checked in rkyv's bytes and read where it is: to whom it goes.
    Access,
    /// Sent to an agent of the same process, which has it as it was.
    InProcess,
    /// Copied, in the place of an older one that is dropped.
    Clone,
}

/// The messages that every job works on.
pub fn batch() -> Vec<AgentMessage> {
    let mut random = Random::new(1);
    (0..MESSAGES).map(|_| AgentMessage::next(&mut random)).collect()
}

/// A job ready to run.
pub struct Job {
    messages: Vec<AgentMessage>,
    work: Work,
}

enum Work {
    Encode { format: Format, codec: Box<dyn Codec>, bytes: usize },
    Decode { codec: Box<dyn Codec>, encoded: Vec<AlignedVec>, decoded: Vec<AgentMessage> },
    Access { encoded: Vec<AlignedVec>, read: u64 },
    InProcess { router: Router<AgentMessage>, receiver: AgentId },
    Clone { copies: Vec<AgentMessage> },
}

impl Act {
    /// Everything that comes before the clock; the job ran once, so that it has its memory.
    pub fn start(self) -> Job {
        let messages = batch();
        let copies = vec![AgentMessage::default(); MESSAGES];
        let work = match self {
            Self::Encode(format) => Work::Encode { format, codec: format.codec(), bytes: 0 },
            Self::Decode(format) => {
                let encoded = encoded(format, &messages);
                Work::Decode { codec: format.codec(), encoded, decoded: copies }
            }
            Self::Access => Work::Access { encoded: encoded(Format::Rkyv, &messages), read: 0 },
            Self::InProcess => {
                let router = Router::new(RouterOptions { timed: None, ..RouterOptions::default() });
                let receiver = router.register(MailboxOptions::default()).unwrap();
                Work::InProcess { router, receiver }
            }
            Self::Clone => Work::Clone { copies },
        };
        let mut job = Job { messages, work };
        job.run();
        job.verify();
        job
    }
}

/// The messages' bytes, aligned as rkyv wants those that arrive.
pub fn encoded(format: Format, messages: &[AgentMessage]) -> Vec<AlignedVec> {
    let mut codec = format.codec();
    let aligned = |message| {
        let mut bytes = AlignedVec::new();
        bytes.extend_from_slice(codec.encode(message));
        bytes
    };
    messages.iter().map(aligned).collect()
}

impl Job {
    /// Does it with every message.
    pub fn run(&mut self) {
        let messages = &mut self.messages;
        match &mut self.work {
            Work::Encode { codec, bytes, .. } => {
                *bytes = messages.iter().map(|message| codec.encode(message).len()).sum();
            }
            Work::Decode { codec, encoded, decoded } => {
                for (message, bytes) in decoded.iter_mut().zip(encoded) {
                    *message = codec.decode(bytes).unwrap();
                }
            }
            Work::Access { encoded, read } => {
                let receiver = |bytes| format::access(bytes).receiver.index.to_native();
                *read = encoded.iter().map(|bytes| u64::from(receiver(bytes))).sum();
            }
            Work::InProcess { router, receiver } => {
                for message in messages.drain(..) {
                    router.try_send(*receiver, Envelope::new(None, message)).unwrap();
                }
                for _ in 0..MESSAGES {
                    messages.push(router.try_receive(*receiver).unwrap().message);
                }
            }
            Work::Clone { copies } => {
                for (copy, message) in copies.iter_mut().zip(messages) {
                    *copy = message.clone();
                }
            }
        }
    }

    /// Compares what the last run left with what it should have: a wrong answer ends the bench.
    pub fn verify(&self) {
        let sent = batch();
        let whole = |messages: &[AgentMessage]| {
            assert_eq!(messages, sent, "other messages came out: the job's figures are void");
            let checksum = messages.iter().fold(0, |sum: u64, m| sum.wrapping_add(m.checksum()));
            assert_eq!(checksum, CHECKSUM, "{checksum:#x} is no checksum of the job's messages");
        };
        match &self.work {
            Work::Encode { format, bytes, .. } => {
                assert_eq!(*bytes, format.expected_bytes(), "bytes of {format:?}");
                let mut codec = format.codec();
                let encoded = encoded(*format, &self.messages);
                let decoded: Vec<_> =
                    encoded.iter().map(|bytes| codec.decode(bytes).unwrap()).collect();
                whole(&decoded);
            }
            Work::Decode { decoded, .. } => whole(decoded),
            Work::Access { encoded, read } => {
                let each = || encoded.iter().zip(&sent);
                assert!(each().all(|(bytes, message)| format::access(bytes) == message));
                assert_eq!(*read, sent.iter().map(|m| u64::from(m.receiver.index)).sum::<u64>());
                whole(&self.messages);
            }
            Work::InProcess { .. } => whole(&self.messages),
            Work::Clone { copies } => whole(copies),
        }
    }
}
