//! A message on its way.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::samples::Sample;
use crate::{AgentId, Priority, Route};

/// A message with what a router must know of it: 16 bytes beside the message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<M> {
    /// Who sent it; none for a message from outside.
    pub from: Option<AgentId>,
    expires: Expiry,
    /// A [`Priority`] as a number, for an enum in here would serve `Option<Envelope<M>>` as the
    /// mark of none, and such are moved byte by byte.
    priority: u8,
    /// A [`Route`] as a number.
    route: u8,
    /// Set while it is in a mailbox.
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
            priority: Priority::Normal as u8,
            route: Route::Direct as u8,
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
        Self { priority: priority as u8, ..self }
    }

    /// The same message, addressed in another way.
    pub(crate) fn by(self, route: Route) -> Self {
        Self { route: route as u8, ..self }
    }

    /// How urgent it is.
    #[inline]
    #[must_use]
    pub const fn priority(&self) -> Priority {
        match self.priority {
            0 => Priority::Low,
            1 => Priority::Normal,
            2 => Priority::High,
            _ => Priority::Urgent,
        }
    }

    /// How it was addressed.
    #[must_use]
    #[inline]
    pub const fn route(&self) -> Route {
        match self.route {
            0 => Route::Direct,
            1 => Route::Topic,
            2 => Route::Broadcast,
            3 => Route::Group,
            _ => Route::Content,
        }
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
