//! A message on its way.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::priority::Rank;
use crate::route::RouteNumber;
use crate::samples::Sample;
use crate::{AgentId, Priority, Route};

/// A message with what a router must know of it: 16 bytes beside the message itself.
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
    #[cfg_attr(feature = "serde", serde(default))]
    priority: Rank,
    #[cfg_attr(feature = "serde", serde(default))]
    route: RouteNumber,
    /// Set while it is in a mailbox.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) sample: Sample,
    /// The message.
    pub message: M,
}

impl<M> Envelope<M> {
    /// A message of normal priority that stays worth receiving.
    #[inline]
    pub fn new(from: impl Into<Option<AgentId>>, message: M) -> Self {
        Self {
            from: from.into(),
            expires: Expiry::NEVER,
            priority: Rank::default(),
            route: RouteNumber::default(),
            sample: Sample::NONE,
            message,
        }
    }

    /// A message that is dropped instead of received once this much time has passed, to the
    /// millisecond; after 49 days of a process never.
    pub fn expiring(from: impl Into<Option<AgentId>>, message: M, time_to_live: Duration) -> Self {
        Self { expires: Expiry::after(time_to_live), ..Self::new(from, message) }
    }

    /// The same message with another priority.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        Self { priority: priority.into(), ..self }
    }

    /// The same message, addressed in another way.
    pub(crate) fn by(self, route: Route) -> Self {
        Self { route: route.into(), ..self }
    }

    /// How urgent it is.
    #[inline]
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority.priority()
    }

    /// How it was addressed.
    #[must_use]
    #[inline]
    pub const fn route(&self) -> Route {
        self.route.route()
    }

    /// The same envelope in another place in memory.
    ///
    /// For calls that seldom happen: what is given to a function must be in memory as a whole, and
    /// then is built there and copied where it stays, instead of built where it stays.
    #[inline]
    pub(crate) fn elsewhere(self) -> Self {
        let Self { from, expires, priority, route, sample, message } = self;
        Self { from, expires, priority, route, sample, message }
    }

    /// Whether it may be handed out without a closer look: it does not expire and is not timed.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.expires == Expiry::NEVER && self.sample == Sample::NONE
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
