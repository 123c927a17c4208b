//! Who is chosen of a group.

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;

use proptest::prelude::*;
use router::groups::{Group, Key};
use router::{AgentId, MailboxOptions, Router};

fn agents(count: usize) -> Vec<AgentId> {
    let router: Router<()> = Router::default();
    (0..count).map(|_| router.register(MailboxOptions::default()).unwrap()).collect()
}

fn group(members: &[AgentId]) -> Group {
    let mut group = Group::default();
    for member in members {
        assert!(group.join(*member));
    }
    group
}

/// The most that chance takes a count away from what is expected, once in a million.
fn five_deviations(expected: f64) -> f64 {
    5.0 * expected.sqrt()
}

#[derive(Clone, Debug)]
enum Deed {
    Join(usize),
    Leave(usize),
    Choose,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => (0_usize..8).prop_map(Deed::Join),
        1 => (0_usize..8).prop_map(Deed::Leave),
        6 => Just(Deed::Choose),
    ]
}

proptest! {
    #[test]
    fn in_turn_is_who_waited_longest_while_members_come_and_go(
        deeds in proptest::collection::vec(deed(), 1..300),
    ) {
        let agents = agents(8);
        let mut group = Group::default();
        // Since when each member waits.
        let mut waits: HashMap<AgentId, usize> = HashMap::new();
        for (now, deed) in deeds.into_iter().enumerate() {
            match deed {
                Deed::Join(agent) => {
                    let is_new = !waits.contains_key(&agents[agent]);
                    prop_assert_eq!(group.join(agents[agent]), is_new);
                    waits.entry(agents[agent]).or_insert(now);
                }
                Deed::Leave(agent) => {
                    let was_there = waits.remove(&agents[agent]).is_some();
                    prop_assert_eq!(group.leave(agents[agent]), was_there);
                }
                Deed::Choose => {
                    let longest = waits.iter().min_by_key(|(_, since)| **since);
                    let longest = longest.map(|(agent, _)| *agent);
                    prop_assert_eq!(group.in_turn(), longest);
                    waits.extend(longest.map(|agent| (agent, now)));
                }
            }
            prop_assert_eq!(group.members().len(), waits.len());
        }
    }

    #[test]
    fn least_loaded_is_a_smallest_and_equals_share_equally(
        depths in proptest::collection::vec(0_u32..3, 1..12),
        before in 0_usize..20,
    ) {
        let agents = agents(depths.len());
        let group = group(&agents);
        for _ in 0..before {
            let _ = group.in_turn();
        }
        let depth_of: HashMap<AgentId, u32> = agents.iter().copied().zip(depths).collect();
        let least = *depth_of.values().min().unwrap();
        let equals = depth_of.values().filter(|depth| **depth == least).count();
        let mut shares: HashMap<AgentId, usize> = HashMap::new();
        for _ in 0..3 * equals {
            let chosen = group.least_loaded(|agent| depth_of[&agent]).unwrap();
            prop_assert_eq!(depth_of[&chosen], least);
            *shares.entry(chosen).or_default() += 1;
        }
        prop_assert_eq!(shares.len(), equals);
        prop_assert!(shares.values().all(|share| *share == 3), "{shares:?}");
    }

    #[test]
    fn only_keys_of_who_leaves_or_for_who_joins_move(
        count in 2_usize..40,
        leaver in any::<proptest::sample::Index>(),
        keys in proptest::collection::vec(any::<u64>(), 1..200),
    ) {
        let agents = agents(count);
        let leaver = agents[leaver.index(count)];
        let with = group(&agents);
        let mut without = with.clone();
        without.leave(leaver);
        // In another order and by another history.
        let mut again = without.clone();
        again.join(leaver);
        for key in keys {
            let owner = with.by_key(key).unwrap();
            prop_assert_eq!(again.by_key(key), Some(owner));
            if owner == leaver {
                prop_assert_ne!(without.by_key(key), Some(leaver));
            } else {
                prop_assert_eq!(without.by_key(key), Some(owner));
            }
        }
    }
}

#[test]
fn nobody_is_chosen_of_an_empty_group() {
    let mut group = Group::default();
    let nobody = |group: &Group| {
        let chosen = [
            group.in_turn(),
            group.least_loaded(|_| 0),
            group.lighter_of_two(|_| 0),
            group.by_key(1_u64),
        ];
        chosen == [None; 4]
    };
    assert!(nobody(&group));
    let [agent] = agents(1)[..] else { panic!("one agent") };
    group.join(agent);
    assert_eq!(group.lighter_of_two(|_| 0), Some(agent));
    group.leave(agent);
    assert!(nobody(&group));
}

#[test]
fn turns_taken_on_many_threads_are_still_one_each() {
    let agents = agents(7);
    let group = group(&agents);
    let counts = Mutex::new(HashMap::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let chosen: Vec<_> = (0..7_000).map(|_| group.in_turn().unwrap()).collect();
                let mut counts = counts.lock().unwrap();
                for agent in chosen {
                    *counts.entry(agent).or_insert(0) += 1;
                }
            });
        }
    });
    let counts = counts.into_inner().unwrap();
    assert!(agents.iter().all(|agent| counts[agent] == 4_000), "{counts:?}");
}

#[test]
fn the_lighter_of_two_looks_at_two_and_keeps_queues_even() {
    const MEMBERS: usize = 100;
    const MESSAGES: usize = 200_000;
    let agents = agents(MEMBERS);
    let group = group(&agents);
    let mut queues: HashMap<AgentId, usize> = agents.iter().map(|agent| (*agent, 0)).collect();
    for _ in 0..MESSAGES {
        let mut looked = Vec::new();
        let chosen = group.lighter_of_two(|agent| {
            looked.push(agent);
            queues[&agent]
        });
        let [a, b] = looked[..] else { panic!("looked at {looked:?}") };
        assert_ne!(a, b);
        let chosen = chosen.unwrap();
        assert_eq!(queues[&chosen], queues[&a].min(queues[&b]));
        *queues.get_mut(&chosen).unwrap() += 1;
    }
    let longest = queues.values().max().unwrap() - MESSAGES / MEMBERS;
    // ln ln 100 / ln 2 = 2.2 and a constant; one drawn at random would be 100 above.
    assert!(longest <= 5, "the longest queue is {longest} above the mean");
}

#[test]
fn keys_of_every_kind_are_shared_out_evenly() {
    const KEYS: u32 = 30_000;
    for count in [2, 10, 64] {
        let agents = agents(count);
        let group = group(&agents);
        let expected = f64::from(KEYS) / count as f64;
        let kinds: [&dyn Fn(u32) -> Key; 4] = [
            &|number| Key::from(u64::from(number)),
            &|number| Key::from(u64::from(number) << 32),
            &|number| Key::from(format!("customer {number}").as_str()),
            &|number| Key::from(&number.to_le_bytes()[..]),
        ];
        for (kind, key) in kinds.iter().enumerate() {
            let mut shares: HashMap<AgentId, u32> = HashMap::new();
            for number in 0..KEYS {
                *shares.entry(group.by_key(key(number)).unwrap()).or_default() += 1;
            }
            for agent in &agents {
                let off = (f64::from(shares[agent]) - expected).abs();
                assert!(off < five_deviations(expected), "{count}, kind {kind}: off by {off}");
            }
        }
    }
}

#[test]
fn who_joins_takes_its_share_of_keys_and_no_more() {
    const KEYS: u64 = 100_000;
    let agents = agents(10);
    let before = group(&agents[..9]);
    let after = group(&agents);
    let mut moved = 0_u32;
    for key in 0..KEYS {
        let (old, new) = (before.by_key(key).unwrap(), after.by_key(key).unwrap());
        if old != new {
            assert_eq!(new, agents[9]);
            moved += 1;
        }
    }
    let off = (f64::from(moved) - 10_000.0).abs();
    assert!(off < five_deviations(10_000.0), "{moved} moved");
}

#[test]
fn keys_belong_to_the_same_members_in_every_process_and_version() {
    let agents = agents(10);
    let group = group(&agents);
    let place = |key: Key| {
        let owner = group.by_key(key).unwrap();
        agents.iter().position(|agent| *agent == owner).unwrap()
    };
    // By a second implementation, of FNV-1a and the finalizer as published.
    let texts = ["", "a", "customer 17", "grid/7/north"].map(|text| place(text.into()));
    let numbers = [0_u64, 1, 2, u64::MAX].map(|number| place(number.into()));
    let owners = [agents[0], agents[9]].map(|agent| place(agent.into()));
    assert_eq!((texts, numbers, owners), ([5, 6, 9, 6], [8, 3, 1, 3], [2, 1]));
}
