//! From a topic to its subscribers.

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::FixedState;
use router::topics::{Matches, Topic, TopicFilter, Topics};
use router::workload::Random;
use router::{AgentId, MailboxOptions, Router, RouterOptions};

use super::{Job, QUESTIONS, scans};

/// All ways for this many topics and as many subscriptions: of twenty, sixteen to one topic, three
/// with `+` and one with `#`. An agent has two of them.
pub fn jobs(size: usize) -> Vec<Job> {
    let subscriptions: Rc<[(TopicFilter, AgentId)]> = subscriptions(size).into();
    let mut random = Random::new(1);
    let asked: Rc<[String]> = (0..QUESTIONS).map(|_| topic(random.below(size))).collect();

    let mut trie = Trie::default();
    let mut exact_trie = Trie::default();
    let mut hash = Hash::default();
    let mut topics = Topics::default();
    for (filter, agent) in &*subscriptions {
        if filter.is_exact() {
            hash.0.entry(filter.as_str().into()).or_default().push(*agent);
            exact_trie.add(filter.as_str(), *agent);
        }
        trie.add(filter.as_str(), *agent);
        topics.subscribe(filter, *agent);
    }
    // Scans are what the tries are held against, and those are what the others are.
    let few = scans(size);
    let scan = Scan(Rc::clone(&subscriptions));
    let right_of_few = checksum(&asked[..few], |topic, found| scan.find(topic, found));
    assert_eq!(trie.checksum(&asked[..few]), right_of_few, "the trie is wrong");
    let exact_scan = Scan(subscriptions.iter().filter(|(f, _)| f.is_exact()).cloned().collect());
    let of_few = checksum(&asked[..few], |topic, found| exact_scan.find(topic, found));
    assert_eq!(exact_trie.checksum(&asked[..few]), of_few, "the trie of exact filters is wrong");
    let right = trie.checksum(&asked);
    let right_of_exact = exact_trie.checksum(&asked);

    let mut matches = Matches::default();
    let [for_scan, for_hash, for_trie, for_table] = [(); 4].map(|()| Rc::clone(&asked));
    vec![
        Job::new("topics_linear", few, right_of_few, move |count| {
            checksum(&for_scan[..count], |topic, found| scan.find(topic, found))
        }),
        Job::new("topics_hash", QUESTIONS, right_of_exact, move |count| {
            checksum(&for_hash[..count], |topic, found| hash.find(topic, found))
        }),
        Job::new("topics_trie", QUESTIONS, right, move |count| trie.checksum(&for_trie[..count])),
        Job::new("topics_table", QUESTIONS, right, move |count| {
            for_table[..count].iter().fold(0, |sum, text| {
                topics.matches(Topic::parse(text).unwrap(), &mut matches);
                noted(sum, matches.agents())
            })
        }),
    ]
}

/// A hundred cells to a region, one topic to a cell.
fn topic(number: usize) -> String {
    format!("region{}/cell{number}/{}", number / 100, kind(number))
}

fn kind(number: usize) -> &'static str {
    ["position", "belief", "surprise", "action"][number % 4]
}

fn subscriptions(size: usize) -> Vec<(TopicFilter, AgentId)> {
    let router: Router<()> = Router::new(RouterOptions { timed: None, ..RouterOptions::default() });
    let register = |_| router.register(MailboxOptions::default()).unwrap();
    let agents: Vec<AgentId> = (0..size / 2).map(register).collect();
    let filter = |number: usize| match number % 20 {
        16 | 18 => format!("region{}/+/{}", number / 100, kind(number)),
        17 => format!("+/cell{number}/{}", kind(number)),
        19 => format!("region{}/#", number / 100),
        _ => topic(number),
    };
    let subscription =
        |number| (TopicFilter::parse(&filter(number)).unwrap(), agents[number % agents.len()]);
    (0..size).map(subscription).collect()
}

/// A checksum over who is found for each topic, sorted and each once.
fn checksum(asked: &[String], mut find: impl FnMut(Topic<'_>, &mut Vec<AgentId>)) -> u64 {
    let mut found = Vec::new();
    asked.iter().fold(0, |sum, text| {
        found.clear();
        find(Topic::parse(text).unwrap(), &mut found);
        found.sort_unstable();
        found.dedup();
        noted(sum, &found)
    })
}

fn noted(sum: u64, agents: &[AgentId]) -> u64 {
    agents.iter().fold(sum.wrapping_mul(3), |sum, agent| {
        sum.wrapping_mul(3).wrapping_add(u64::from(agent.index()) + 1)
    })
}

struct Scan(Rc<[(TopicFilter, AgentId)]>);

impl Scan {
    fn find(&self, topic: Topic<'_>, found: &mut Vec<AgentId>) {
        let matching = self.0.iter().filter(|(filter, _)| filter.matches(topic));
        found.extend(matching.map(|(_, agent)| agent));
    }
}

/// Exact topics only.
#[derive(Default)]
struct Hash(HashMap<Box<str>, Vec<AgentId>, FixedState>);

impl Hash {
    fn find(&self, topic: Topic<'_>, found: &mut Vec<AgentId>) {
        found.extend(self.0.get(topic.as_str()).into_iter().flatten());
    }
}

/// As in a textbook: every filter is in it, wildcards are levels like others.
#[derive(Default)]
struct Trie {
    children: HashMap<Box<str>, Trie, FixedState>,
    agents: Vec<AgentId>,
}

impl Trie {
    fn add(&mut self, filter: &str, agent: AgentId) {
        let mut node = self;
        for level in filter.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        node.agents.push(agent);
    }

    fn checksum(&self, asked: &[String]) -> u64 {
        checksum(asked, |topic, found| self.walk(Some(topic.as_str()), found))
    }

    /// No topic here begins with `$`.
    fn walk(&self, topic: Option<&str>, found: &mut Vec<AgentId>) {
        if let Some(rest) = self.children.get("#") {
            found.extend(&rest.agents);
        }
        let Some(topic) = topic else { return found.extend(&self.agents) };
        let (level, rest) = match topic.split_once('/') {
            Some((level, rest)) => (level, Some(rest)),
            None => (topic, None),
        };
        for name in [level, "+"] {
            if let Some(child) = self.children.get(name) {
                child.walk(rest, found);
            }
        }
    }
}
