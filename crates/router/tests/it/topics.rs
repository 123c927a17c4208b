//! Who hears what, by the sentences of MQTT 5, section 4.7, and by a model that keeps a list.

use std::collections::BTreeSet;

use proptest::prelude::*;
use router::topics::{Matches, Topic, TopicError, TopicFilter, Topics};
use router::{AgentId, MailboxOptions, Router};

/// The specification, level by level.
fn is_matched(filter: &str, topic: &str) -> bool {
    fn levels(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            (["#"], _) | ([], []) => true,
            (["+", filter @ ..], [_, topic @ ..]) => levels(filter, topic),
            ([name, filter @ ..], [level, topic @ ..]) => name == level && levels(filter, topic),
            _ => false,
        }
    }
    let filter: Vec<&str> = filter.split('/').collect();
    let topic: Vec<&str> = topic.split('/').collect();
    let is_hidden = topic[0].starts_with('$') && ["+", "#"].contains(&filter[0]);
    !is_hidden && levels(&filter, &topic)
}

/// What the section itself says by example, and what follows from its words.
const SAID: [(&str, &str, bool); 24] = [
    ("sport/tennis/player1/#", "sport/tennis/player1", true),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
    ("sport/tennis/player1/#", "sport/tennis/player2", false),
    ("sport/#", "sport", true),
    ("sport/#", "sport/", true),
    ("sport/#", "sports", false),
    ("#", "sport/tennis", true),
    ("sport/tennis/+", "sport/tennis/player1", true),
    ("sport/tennis/+", "sport/tennis/player1/ranking", false),
    ("sport/+", "sport", false),
    ("sport/+", "sport/", true),
    ("+", "sport", true),
    ("+/tennis/#", "sport/tennis", true),
    ("+/+", "/finance", true),
    ("/+", "/finance", true),
    ("+", "/finance", false),
    ("#", "$SYS/monitor", false),
    ("+/monitor/Clients", "$SYS/monitor/Clients", false),
    ("$SYS/#", "$SYS/monitor", true),
    ("$SYS/#", "$SYS", true),
    ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
    ("ACCOUNTS", "Accounts", false),
    ("sport/+/$x", "sport/a/$x", true),
];

#[test]
fn what_the_specification_says_by_example_holds() {
    let [agent] = agents();
    for (filter, topic, expected) in SAID {
        assert_eq!(is_matched(filter, topic), expected, "the model: {filter} and {topic}");
        let (filter, topic) = (TopicFilter::parse(filter).unwrap(), Topic::parse(topic).unwrap());
        assert_eq!(filter.matches(topic), expected, "{filter} and {topic}");
        let mut topics = Topics::default();
        topics.subscribe(&filter, agent);
        let mut matches = Matches::default();
        topics.matches(topic, &mut matches);
        assert_eq!(matches.agents().len(), usize::from(expected), "{filter} and {topic}");
    }
}

#[test]
fn text_that_is_no_topic_or_filter_is_told_where_and_what_would_be() {
    let told = |text| TopicFilter::parse(text).unwrap_err().to_string();
    assert_eq!(TopicFilter::parse(""), Err(TopicError::Empty));
    assert_eq!(
        told("sport/tennis#"),
        "filter 'sport/tennis#': the wildcard at byte 12 is not alone in its level; write '#' \
         between slashes, or the whole level without it"
    );
    assert_eq!(
        told("sport/#/ranking"),
        "filter 'sport/#/ranking': levels follow the '#' at byte 6; end the filter there, or write \
         '+' for one level"
    );
    let filter = "é/sport+".into();
    let error = TopicError::NotAlone { filter, at: 8, wildcard: '+' };
    assert_eq!(TopicFilter::parse("é/sport+"), Err(error));
    assert_eq!(TopicFilter::parse("#/").unwrap_err().to_string().matches("byte 0").count(), 1);
    assert_eq!(told("a\0b"), "'a\\0b' has a NUL character at byte 1; leave it out");

    let told = |text| Topic::parse(text).unwrap_err().to_string();
    assert_eq!(
        told("grid/+/north"),
        "topic 'grid/+/north' has a wildcard at byte 5; publish on one topic, without '+' and '#'"
    );
    assert_eq!(Topic::parse(""), Err(TopicError::Empty));
    let long = "x".repeat(65_536);
    assert!(told(&long).ends_with("has 65536 bytes; use at most 65535"));
    assert!(Topic::parse(&long[1..]).is_ok());
}

#[test]
fn the_deepest_filter_and_topic_are_matched() {
    let [agent] = agents();
    let levels = 32_768;
    let filter = TopicFilter::parse(&vec!["+"; levels].join("/")).unwrap();
    let topic = vec!["x"; levels].join("/");
    let mut topics = Topics::default();
    let mut matches = Matches::default();
    assert!(topics.subscribe(&filter, agent));
    topics.matches(Topic::parse(&topic).unwrap(), &mut matches);
    assert_eq!(matches.agents(), [agent]);
    assert!(topics.unsubscribe(&filter, agent));
    topics.matches(Topic::parse(&topic).unwrap(), &mut matches);
    assert_eq!(matches.agents(), []);
}

/// Distinct agents, as only a router makes them.
fn agents<const COUNT: usize>() -> [AgentId; COUNT] {
    let router: Router<()> = Router::default();
    std::array::from_fn(|_| router.register(MailboxOptions::default()).unwrap())
}

/// One thing that is done to the table. Agents are numbers.
#[derive(Clone, Debug)]
enum Deed {
    Subscribe(String, usize),
    Unsubscribe(String, usize),
    /// Ends the subscription that has this number, of those that there are.
    End(usize),
    Remove(usize),
    Publish(String),
}

fn topic() -> impl Strategy<Value = String> {
    let level = prop_oneof![4 => Just("a"), 4 => Just("b"), 1 => Just(""), 1 => Just("$c")];
    let levels = proptest::collection::vec(level, 1..5);
    levels.prop_map(|levels| levels.join("/")).prop_filter("not empty", |text| !text.is_empty())
}

fn filter() -> impl Strategy<Value = String> {
    let level =
        prop_oneof![3 => Just("a"), 3 => Just("b"), 1 => Just(""), 1 => Just("$c"), 4 => Just("+")];
    let levels = proptest::collection::vec(level, 0..5);
    let text = (levels, proptest::bool::weighted(0.3))
        .prop_map(|(levels, is_open)| [levels, vec!["#"; usize::from(is_open)]].concat().join("/"));
    text.prop_filter("not empty", |text| !text.is_empty())
}

fn deed() -> impl Strategy<Value = Deed> {
    let agent = 0_usize..8;
    prop_oneof![
        12 => (filter(), agent.clone()).prop_map(|(filter, agent)| Deed::Subscribe(filter, agent)),
        2 => (filter(), agent.clone()).prop_map(|(filter, agent)| Deed::Unsubscribe(filter, agent)),
        4 => any::<usize>().prop_map(Deed::End),
        1 => agent.prop_map(Deed::Remove),
        12 => topic().prop_map(Deed::Publish),
    ]
}

proptest! {
    #[test]
    fn a_filter_by_itself_agrees_with_the_specification(filter in filter(), topic in topic()) {
        let parsed = TopicFilter::parse(&filter).unwrap();
        prop_assert_eq!(parsed.is_exact(), !filter.contains(['+', '#']));
        prop_assert_eq!(parsed.matches(Topic::parse(&topic).unwrap()), is_matched(&filter, &topic));
    }

    #[test]
    fn the_table_agrees_with_a_list_of_subscriptions(
        deeds in proptest::collection::vec(deed(), 1..300),
    ) {
        let agents: [AgentId; 8] = agents();
        let parse = |filter: &str| TopicFilter::parse(filter).unwrap();
        let mut topics = Topics::default();
        let mut matches = Matches::default();
        let mut model: BTreeSet<(AgentId, String)> = BTreeSet::new();
        for deed in deeds {
            match deed {
                Deed::Subscribe(filter, agent) => {
                    let is_new = topics.subscribe(&parse(&filter), agents[agent]);
                    prop_assert_eq!(is_new, model.insert((agents[agent], filter)));
                }
                Deed::Unsubscribe(filter, agent) => {
                    let was_there = topics.unsubscribe(&parse(&filter), agents[agent]);
                    prop_assert_eq!(was_there, model.remove(&(agents[agent], filter)));
                }
                Deed::End(number) => {
                    let number = number % model.len().max(1);
                    let Some((agent, filter)) = model.iter().nth(number).cloned() else { continue };
                    prop_assert!(topics.unsubscribe(&parse(&filter), agent));
                    model.remove(&(agent, filter));
                }
                Deed::Remove(agent) => {
                    let before = model.len();
                    model.retain(|(owner, _)| *owner != agents[agent]);
                    prop_assert_eq!(topics.remove(agents[agent]), before - model.len());
                }
                Deed::Publish(topic) => {
                    let expected: BTreeSet<AgentId> = model
                        .iter()
                        .filter(|(_, filter)| is_matched(filter, &topic))
                        .map(|(agent, _)| *agent)
                        .collect();
                    topics.matches(Topic::parse(&topic).unwrap(), &mut matches);
                    let expected: Vec<AgentId> = expected.into_iter().collect();
                    prop_assert_eq!(matches.agents(), &expected[..]);
                }
            }
        }
        for agent in agents {
            let mut filters: Vec<&str> = topics.filters_of(agent).map(TopicFilter::as_str).collect();
            filters.sort_unstable();
            let own = model.iter().filter(|(owner, _)| *owner == agent);
            let expected: Vec<&str> = own.map(|(_, filter)| filter.as_str()).collect();
            prop_assert_eq!(filters, expected);
            topics.remove(agent);
        }
        prop_assert!(topics.is_empty());
    }
}
