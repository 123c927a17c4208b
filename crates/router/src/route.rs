//! The ways a message can come.

/// How a message was addressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// Its name in tables and series.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Topic => "topic",
            Self::Broadcast => "broadcast",
            Self::Group => "group",
            Self::Content => "content",
        }
    }
}
