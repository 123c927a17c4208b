//! The formats, each as its library writes it best: into memory that is kept from message to message.

use std::error::Error;
use std::mem::take;

use rkyv::api::low;
use rkyv::rancor;
use rkyv::ser::allocator::Arena;
use rkyv::util::AlignedVec;

use super::message::{AgentMessage, ArchivedAgentMessage};

/// What a message is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text that names its fields. Figures are read to the last bit (`float_roundtrip`).
    Json,
    /// Bytes that tell their types, as a list: fields are not named.
    MessagePack,
    /// Bytes without types or names; integers as long as they are.
    Postcard,
    /// As few bits as the values need, by field.
    Bitcode,
    /// The message as it lies in memory, to be read where it is. Written and read by rkyv's lower
    /// functions, which do not look for parts that are shared: a message has none.
    Rkyv,
}

/// A writer and reader with the memory that it keeps.
pub trait Codec {
    /// The message's bytes, good until the next.
    fn encode(&mut self, message: &AgentMessage) -> &[u8];

    /// The message that these bytes are; rkyv wants them aligned to 16.
    fn decode(&mut self, bytes: &[u8]) -> Result<AgentMessage, Box<dyn Error>>;
}

impl Format {
    pub const ALL: [Self; 5] =
        [Self::Json, Self::MessagePack, Self::Postcard, Self::Bitcode, Self::Rkyv];

    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
            Self::Postcard => "postcard",
            Self::Bitcode => "bitcode",
            Self::Rkyv => "rkyv",
        }
    }

    /// How long the messages of [`batch`](super::batch) are together.
    pub fn expected_bytes(self) -> usize {
        match self {
            Self::Json => 270_494,
            Self::MessagePack => 121_683,
            Self::Postcard => 109_299,
            Self::Bitcode => 109_932,
            Self::Rkyv => 125_408,
        }
    }

    pub fn codec(self) -> Box<dyn Codec> {
        match self {
            Self::Json => Box::new(Json::default()),
            Self::MessagePack => Box::new(MessagePack::default()),
            Self::Postcard => Box::new(Postcard::default()),
            Self::Bitcode => Box::new(Bitcode::default()),
            Self::Rkyv => Box::new(Rkyv::default()),
        }
    }
}

#[derive(Default)]
struct Json(Vec<u8>);

impl Codec for Json {
    fn encode(&mut self, message: &AgentMessage) -> &[u8] {
        self.0.clear();
        serde_json::to_writer(&mut self.0, message).unwrap();
        &self.0
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<AgentMessage, Box<dyn Error>> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

#[derive(Default)]
struct MessagePack(Vec<u8>);

impl Codec for MessagePack {
    fn encode(&mut self, message: &AgentMessage) -> &[u8] {
        self.0.clear();
        rmp_serde::encode::write(&mut self.0, message).unwrap();
        &self.0
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<AgentMessage, Box<dyn Error>> {
        Ok(rmp_serde::from_slice(bytes)?)
    }
}

#[derive(Default)]
struct Postcard(Vec<u8>);

impl Codec for Postcard {
    fn encode(&mut self, message: &AgentMessage) -> &[u8] {
        // Into a slice it copies; what can grow it feeds byte by byte, at 1.6 times the instructions.
        let length = loop {
            match postcard::to_slice(message, &mut self.0) {
                Err(postcard::Error::SerializeBufferFull) => {
                    self.0.resize(2 * self.0.len() + 64, 0)
                }
                written => break written.unwrap().len(),
            }
        };
        &self.0[..length]
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<AgentMessage, Box<dyn Error>> {
        Ok(postcard::from_bytes(bytes)?)
    }
}

#[derive(Default)]
struct Bitcode(bitcode::Buffer);

impl Codec for Bitcode {
    fn encode(&mut self, message: &AgentMessage) -> &[u8] {
        self.0.encode(message)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<AgentMessage, Box<dyn Error>> {
        // Without bitcode's feature `std` its error is none of the standard library's.
        Ok(self.0.decode(bytes).map_err(|error| error.to_string())?)
    }
}

#[derive(Default)]
struct Rkyv {
    bytes: AlignedVec,
    /// What it notes while it writes.
    arena: Arena,
}

impl Codec for Rkyv {
    fn encode(&mut self, message: &AgentMessage) -> &[u8] {
        let mut bytes = take(&mut self.bytes);
        bytes.clear();
        let arena = self.arena.acquire();
        self.bytes =
            low::to_bytes_in_with_alloc::<_, _, rancor::Error>(message, bytes, arena).unwrap();
        &self.bytes
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<AgentMessage, Box<dyn Error>> {
        Ok(low::from_bytes::<_, rancor::Error>(bytes)?)
    }
}

/// The message in its bytes, which are checked and not copied.
pub fn access(bytes: &[u8]) -> &ArchivedAgentMessage {
    low::access::<_, rancor::Error>(bytes).unwrap()
}
