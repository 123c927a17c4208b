//! A message on its way.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::AgentId;

/// A message with what a router must know of it: 12 bytes beside the message itself.
///
/// Serialized (feature `serde`), its time to live is the milliseconds that remain, from which
/// another process counts on; the time between the two is not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Envelope<M> {
    /// Who sent it; none for a message from outside.
    pub from: Option<AgentId>,
    #[cfg_attr(feature = "serde", serde(rename = "time_to_live_ms"))]
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(into = "Option<u32>", from = "Option<u32>")
)]
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

/// The milliseconds that remain; none where it never comes.
#[cfg(feature = "serde")]
impl From<Expiry> for Option<u32> {
    fn from(expiry: Expiry) -> Self {
        let now = u32::try_from(running().as_millis()).unwrap_or(u32::MAX);
        (expiry != Expiry::NEVER).then(|| expiry.0.saturating_sub(now))
    }
}

#[cfg(feature = "serde")]
impl From<Option<u32>> for Expiry {
    fn from(remaining_ms: Option<u32>) -> Self {
        let after = |ms: u32| Self::after(Duration::from_millis(ms.into()));
        remaining_ms.map_or(Self::NEVER, after)
    }
}

fn running() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}
