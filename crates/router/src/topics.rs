//! Who hears what is published on a topic.
//!
//! A topic is levels between slashes, `grid/7/north`. Agents subscribe by filters: a topic itself, or
//! one with wildcards. `+` stands for one level, a final `#` for any number of levels. The rules are
//! those of MQTT 5, section 4.7:
//!
//! - A wildcard is alone in its level, and `#` in the last: `grid/+/north`, `grid/#`.
//! - `#` also matches the level above it: `grid/#` matches `grid`. `+` does not: `grid/+` matches
//!   `grid/7` and `grid/`, but neither `grid` nor `grid/7/north`.
//! - An empty level is a level: `/grid` has two and is matched by `+/+` and `/+`, not by `+`.
//! - A topic that begins with `$` is not matched by a filter that begins with a wildcard: `$SYS/load`
//!   is matched by `$SYS/#` and `$SYS/+`, but neither by `#` nor by `+/load`.
//! - Topics and filters have at least one character, at most 65,535 bytes and no NUL; case matters.
//!
//! One rule is not kept: `$share/` before a filter, MQTT's way to share messages out among
//! subscribers, means nothing here. [`Group`](crate::groups::Group) does that.
//!
//! ```
//! use router::topics::{Matches, Topic, TopicFilter, Topics};
//! use router::{MailboxOptions, Router};
//!
//! let router: Router<&str> = Router::default();
//! let scout = router.register(MailboxOptions::default())?;
//! let monitor = router.register(MailboxOptions::default())?;
//!
//! let mut topics = Topics::default();
//! topics.subscribe(&TopicFilter::parse("grid/7/north")?, scout);
//! topics.subscribe(&TopicFilter::parse("grid/+/north")?, monitor);
//! topics.subscribe(&TopicFilter::parse("grid/#")?, monitor);
//!
//! let mut heard_by = Matches::default();
//! topics.matches(Topic::parse("grid/7/north")?, &mut heard_by);
//! assert_eq!(heard_by.agents(), [scout, monitor]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod filter;
mod matches;
mod subscribers;
mod table;
mod trie;

pub use filter::{Topic, TopicError, TopicFilter};
pub use matches::Matches;
pub use table::Topics;
