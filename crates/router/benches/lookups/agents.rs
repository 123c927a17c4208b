//! From an agent's id to its mailbox.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::rc::Rc;

use router::workload::Random;
use router::{AgentId, Envelope, MailboxOptions, Router, RouterOptions};

use super::{Job, QUESTIONS, scans};

/// std's map with std's hash function, but without its random seed, which would move counts of
/// instructions.
type StdHashMap = HashMap<AgentId, u32, BuildHasherDefault<DefaultHasher>>;

/// All ways among this many agents. What is asked for is how many messages a mailbox holds.
pub fn jobs(size: usize) -> Vec<Job> {
    let router: Router<()> = Router::new(RouterOptions { timed: None, ..RouterOptions::default() });
    let mut depths = Vec::with_capacity(size);
    for number in 0..size {
        let agent = router.register(MailboxOptions::default()).unwrap();
        let depth = (number % 4) as u32;
        for _ in 0..depth {
            router.try_send(agent, Envelope::new(None, ())).unwrap();
        }
        depths.push((agent, depth));
    }
    let mut random = Random::new(1);
    let questions = (0..QUESTIONS).map(|_| depths[random.below(size)]);
    let (asked, right): (Vec<AgentId>, Vec<u32>) = questions.unzip();
    let asked: Rc<[AgentId]> = asked.into();

    let all = checksum(right.iter().copied());
    let few = scans(size / 2);
    let [for_scan, for_hash, for_tree, for_router] = [(); 4].map(|()| Rc::clone(&asked));
    let by_hash: StdHashMap = depths.iter().copied().collect();
    let by_tree: BTreeMap<AgentId, u32> = depths.iter().copied().collect();
    vec![
        Job::new("agents_linear", few, checksum(right[..few].iter().copied()), move |count| {
            let depth = |agent| depths.iter().find(|(other, _)| *other == agent).unwrap().1;
            checksum(for_scan[..count].iter().map(|agent| depth(*agent)))
        }),
        Job::new("agents_hash", QUESTIONS, all, move |count| {
            checksum(for_hash[..count].iter().map(|agent| by_hash[agent]))
        }),
        Job::new("agents_btree", QUESTIONS, all, move |count| {
            checksum(for_tree[..count].iter().map(|agent| by_tree[agent]))
        }),
        Job::new("agents_router", QUESTIONS, all, move |count| {
            checksum(for_router[..count].iter().map(|agent| router.depth(*agent).unwrap().now))
        }),
    ]
}

fn checksum(depths: impl Iterator<Item = u32>) -> u64 {
    depths.fold(0, |sum, depth| sum.wrapping_mul(3).wrapping_add(u64::from(depth)))
}
