//! The ways a message can come.

/// How a message was addressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum Route {
    /// To one agent.
    #[default]
    Direct,
    /// To the subscribers of a topic.
    Topic,
    /// To all agents.
    Broadcast,
    /// To one of a group.
    Group,
    /// To those whose filter it passes.
    Content,
}

impl Route {
    /// All of them, as they are counted.
    pub const ALL: [Self; 5] =
        [Self::Direct, Self::Topic, Self::Broadcast, Self::Group, Self::Content];
}

/// A [`Route`] as a number, for the reason that [`Rank`](crate::priority::Rank) is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Route", into = "Route"))]
pub(crate) struct RouteNumber(u8);

impl RouteNumber {
    #[inline]
    pub(crate) const fn route(self) -> Route {
        match self.0 {
            0 => Route::Direct,
            1 => Route::Topic,
            2 => Route::Broadcast,
            3 => Route::Group,
            _ => Route::Content,
        }
    }
}

impl Default for RouteNumber {
    fn default() -> Self {
        Route::default().into()
    }
}

impl From<Route> for RouteNumber {
    fn from(route: Route) -> Self {
        Self(route as u8)
    }
}

impl From<RouteNumber> for Route {
    fn from(number: RouteNumber) -> Self {
        number.route()
    }
}
