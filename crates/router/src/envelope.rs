//! A message on its way.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::AgentId;

/// A message with what a router must know of it: 12 bytes beside the message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<M> {
    /// Who sent it; none for a message from outside.
    pub from: Option<AgentId>,
    expires: Expiry,
    /// The message.
    pub message: M,
}

impl<M> Envelope<M> {
    /// A message that stays worth receiving.
    pub fn new(from: impl Into<Option<AgentId>>, message: M) -> Self {
        Self { from: from.into(), expires: Expiry::NEVER, message }
    }

    /// A message that is dropped instead of received once this much time has passed, to the
    /// millisecond; after 49 days of a process never.
    pub fn expiring(from: impl Into<Option<AgentId>>, message: M, time_to_live: Duration) -> Self {
        Self { from: from.into(), expires: Expiry::after(time_to_live), message }
    }

    /// Whether its time to live is over.
    #[inline]
    pub(crate) fn is_expired(&self) -> bool {
        self.expires != Expiry::NEVER && self.expires.is_past()
    }
}

/// A moment in whole milliseconds since the first was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expiry(u32);

impl Expiry {
    const NEVER: Self = Self(u32::MAX);

    fn after(time_to_live: Duration) -> Self {
        let millis = running().saturating_add(time_to_live).as_millis();
        Self(u32::try_from(millis).unwrap_or(u32::MAX))
    }

    #[cold]
    fn is_past(self) -> bool {
        running().as_millis() > u128::from(self.0)
    }
}

fn running() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}
