//! What agents that have nothing to do cost, and what a message allocates, by the allocator's own
//! account.
//!
//! A binary of its own, because it owns the global allocator and its counts.

use std::error::Error;

use dhat::HeapStats;
use router::content::{ContentFilters, Filter};
use router::topics::{Matches, Topic, TopicFilter, Topics};
use router::workload::{self, Job};
use router::{Envelope, MailboxOptions, Router};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const AGENTS: usize = 1_000_000;

/// What a million agents that never had a message may hold.
const MOST_IDLE_BYTES: usize = 100_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let _profiler = dhat::Profiler::builder().testing().build();
    a_million_agents_fit()?;
    a_warm_router_allocates_nothing()?;
    finding_subscribers_allocates_nothing()?;
    println!("a million idle agents fit, and messages allocate nothing");
    Ok(())
}

fn a_million_agents_fit() -> Result<(), Box<dyn Error>> {
    let before = HeapStats::get();
    let router: Router<[u64; 8]> = Router::default();
    for _ in 0..AGENTS {
        router.register(MailboxOptions::default())?;
    }
    let bytes = HeapStats::get().curr_bytes - before.curr_bytes;
    assert!(bytes <= MOST_IDLE_BYTES, "a million idle agents hold {bytes} bytes");
    // All but the last growth of the table is in use.
    assert!(bytes <= AGENTS * 2 * 32 + 100_000, "an idle agent is more than 32 bytes: {bytes}");
    drop(router);
    assert_eq!(HeapStats::get().curr_bytes, before.curr_bytes, "a dropped router leaves memory");
    Ok(())
}

/// Also one with bounded mailboxes that are full, and one that is sent to by the batch.
fn a_warm_router_allocates_nothing() -> Result<(), Box<dyn Error>> {
    for workload in workload::of_group("routing") {
        let mut job = workload.start()?;
        job.run()?;
        allocates_nothing(workload.name, || Ok(Job::run(&mut job)?))?;
    }
    let router = Router::default();
    let agent = router.register(MailboxOptions::default())?;
    let mut outbox = router.outbox();
    let mut round = || -> Result<(), Box<dyn Error>> {
        for number in 0..1_000_u64 {
            outbox.send(agent, Envelope::new(None, number))?;
        }
        outbox.flush();
        for number in 0..1_000 {
            assert_eq!(router.try_receive(agent)?.message, number);
        }
        Ok(())
    };
    for _ in 0..3 {
        round()?;
    }
    allocates_nothing("outbox", round)
}

fn finding_subscribers_allocates_nothing() -> Result<(), Box<dyn Error>> {
    let router: Router<u64> = Router::default();
    let mut topics = Topics::default();
    let mut contents = ContentFilters::default();
    for number in 0..200_u64 {
        let agent = router.register(MailboxOptions::default())?;
        for filter in ["grid/7/north", "grid/+/north", "grid/7/#", "#"] {
            topics.subscribe(&TopicFilter::parse(filter)?, agent);
        }
        contents.subscribe(agent, Filter::new(move |e: &Envelope<u64>| e.message < number));
    }
    let (mut matches, mut out) = (Matches::default(), Vec::new());
    let mut round = || -> Result<(), Box<dyn Error>> {
        topics.matches(Topic::parse("grid/7/north")?, &mut matches);
        contents.matches(&Envelope::new(None, 100), &mut out);
        assert_eq!((matches.agents().len(), out.len()), (200, 99));
        Ok(())
    };
    round()?;
    allocates_nothing("subscribers", round)
}

fn allocates_nothing(
    what: &str,
    mut work: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let before = HeapStats::get();
    work()?;
    let blocks = HeapStats::get().total_blocks - before.total_blocks;
    // The list of receivers that the job itself keeps.
    let own = u64::from(what == "one_by_one");
    assert_eq!(blocks, own, "{what}: a warm run allocates");
    Ok(())
}
