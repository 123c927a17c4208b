//! Topics, filters, and what makes text one of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Most bytes of a topic or filter: what MQTT's length prefix can say.
const MOST_BYTES: usize = 65_535;

/// What a message is published on: text that was found to be a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic<'a>(&'a str);

/// Which topics are subscribed to. A clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicFilter {
    text: Arc<str>,
    is_exact: bool,
}

/// Why text is no topic or no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// There is no text.
    #[error("a topic or filter has at least one character; this one is empty")]
    Empty,
    /// There is too much.
    #[error(
        "the topic or filter that begins '{start}' has {bytes} bytes; use at most {MOST_BYTES}"
    )]
    TooLong {
        /// Its first characters.
        start: Box<str>,
        /// How many bytes it has.
        bytes: usize,
    },
    /// A NUL character.
    #[error("'{}' has a NUL character at byte {at}; leave it out", text.escape_debug())]
    Nul {
        /// The topic or filter.
        text: Box<str>,
        /// Where it is.
        at: usize,
    },
    /// A wildcard in a topic.
    #[error(
        "topic '{topic}' has a wildcard at byte {at}; publish on one topic, without '+' and '#'"
    )]
    Wildcard {
        /// The topic.
        topic: Box<str>,
        /// Where the wildcard is.
        at: usize,
    },
    /// A wildcard that shares its level with other characters.
    #[error(
        "filter '{filter}': the wildcard at byte {at} is not alone in its level; \
         write '{wildcard}' between slashes, or the whole level without it"
    )]
    NotAlone {
        /// The filter.
        filter: Box<str>,
        /// Where the wildcard is.
        at: usize,
        /// Which it is.
        wildcard: char,
    },
    /// A multi-level wildcard with levels after it.
    #[error(
        "filter '{filter}': levels follow the '#' at byte {at}; \
         end the filter there, or write '+' for one level"
    )]
    NotLast {
        /// The filter.
        filter: Box<str>,
        /// Where the wildcard is.
        at: usize,
    },
}

/// One level of a filter before its `#`, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// This level.
    Level(&'a [u8]),
    /// Any one level, `+`.
    Any,
}

impl<'a> Topic<'a> {
    /// Takes text for a topic, in one pass over it.
    ///
    /// # Errors
    /// [`TopicError`]: it is empty, too long, or has a NUL or a wildcard.
    pub fn parse(text: &'a str) -> Result<Self, TopicError> {
        check_length(text)?;
        match text.bytes().position(|byte| byte == 0 || is_wildcard(byte)) {
            None => Ok(Self(text)),
            Some(at) if text.as_bytes()[at] == 0 => Err(TopicError::Nul { text: text.into(), at }),
            Some(at) => Err(TopicError::Wildcard { topic: text.into(), at }),
        }
    }

    /// Its text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    pub(super) fn levels(self) -> impl Iterator<Item = &'a [u8]> {
        levels(self.0)
    }

    /// Whether only filters that name its first level match it.
    pub(super) fn is_reserved(self) -> bool {
        self.0.starts_with('$')
    }
}

impl TopicFilter {
    /// Takes text for a filter.
    ///
    /// # Errors
    /// [`TopicError`]: it is empty, too long, has a NUL, or a wildcard that is not alone in its level
    /// or not the last.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        check_length(text)?;
        if let Some(at) = text.find('\0') {
            return Err(TopicError::Nul { text: text.into(), at });
        }
        let mut is_exact = true;
        let mut start = 0;
        for level in levels(text) {
            let end = start + level.len();
            if let Some(place) = level.iter().position(|byte| is_wildcard(*byte)) {
                let (at, wildcard) = (start + place, char::from(level[place]));
                if level.len() > 1 {
                    return Err(TopicError::NotAlone { filter: text.into(), at, wildcard });
                }
                if wildcard == '#' && end < text.len() {
                    return Err(TopicError::NotLast { filter: text.into(), at });
                }
                is_exact = false;
            }
            start = end + 1;
        }
        Ok(Self { text: text.into(), is_exact })
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has no wildcard and so matches one topic only.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Whether it matches a topic, in one pass over both. An agent with several filters tells by
    /// this which of them a message came by.
    #[must_use]
    pub fn matches(&self, topic: Topic<'_>) -> bool {
        if self.is_exact {
            return *self.text == *topic.0;
        }
        if topic.is_reserved() && self.text.starts_with(['+', '#']) {
            return false;
        }
        let mut levels = topic.levels();
        for step in self.steps() {
            match (step, levels.next()) {
                (Step::Any, Some(_)) => {}
                (Step::Level(name), Some(level)) if name == level => {}
                _ => return false,
            }
        }
        self.is_open() || levels.next().is_none()
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        levels(&self.text).take_while(|level| *level != b"#").map(|level| match level {
            b"+" => Step::Any,
            name => Step::Level(name),
        })
    }

    /// Whether it ends in `#`.
    pub(super) fn is_open(&self) -> bool {
        self.text.ends_with('#')
    }

    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

/// Levels are short: to go byte by byte is faster than to search.
fn levels(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'/')
}

const fn is_wildcard(byte: u8) -> bool {
    matches!(byte, b'+' | b'#')
}

fn check_length(text: &str) -> Result<(), TopicError> {
    match text.len() {
        0 => Err(TopicError::Empty),
        1..=MOST_BYTES => Ok(()),
        bytes => {
            let start: String = text.chars().take(32).collect();
            Err(TopicError::TooLong { start: start.into(), bytes })
        }
    }
}

impl FromStr for TopicFilter {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Topic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
