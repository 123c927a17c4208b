//! Which message is received first, and what is dropped first.

use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;
use router::{AgentId, Envelope, MailboxOptions, Priority, Router, WhenFull};

fn received(router: &Router<u64>, agent: AgentId) -> Vec<u64> {
    std::iter::from_fn(|| router.try_receive(agent).ok()).map(|e| e.message).collect()
}

fn send(router: &Router<u64>, to: AgentId, priority: Priority, message: u64) {
    router.send(to, Envelope::new(None, message).with_priority(priority)).unwrap();
}

#[test]
fn the_urgent_go_first_and_the_low_do_not_starve() {
    let router = Router::default();
    let agent = router.register(MailboxOptions::UNBOUNDED).unwrap();
    for message in 0..150 {
        for priority in Priority::ALL {
            send(&router, agent, priority, priority as u64 * 1_000 + message);
        }
    }
    let order = received(&router, agent);
    for of_fifteen in order[..150].chunks(15) {
        let count = |priority| of_fifteen.iter().filter(|m| *m / 1_000 == priority as u64).count();
        assert_eq!(Priority::ALL.map(count), [1, 2, 4, 8]);
    }
    assert_eq!(order[0] / 1_000, Priority::Urgent as u64);
}

#[test]
fn a_full_mailbox_drops_what_matters_least() {
    let router = Router::default();
    let three = NonZeroU32::new(3).unwrap();
    let agent = router.register(MailboxOptions::bounded(three, WhenFull::DropOldest)).unwrap();
    for (message, priority) in
        [Priority::High, Priority::Low, Priority::Low, Priority::Normal, Priority::Urgent]
            .into_iter()
            .enumerate()
    {
        send(&router, agent, priority, message as u64);
    }
    // Both low ones made room; of what comes now only the last is worth more than what is there.
    send(&router, agent, Priority::Low, 5);
    send(&router, agent, Priority::High, 6);
    let dropped = router.accounts().dropped;
    assert_eq!((dropped.oldest, dropped.newest), (3, 1));
    assert_eq!(received(&router, agent), [4, 0, 6]);
    assert!(router.accounts().balance());
}

#[test]
fn what_is_too_old_is_passed_over_whatever_its_priority() {
    let router = Router::default();
    let agent = router.register(MailboxOptions::default()).unwrap();
    let old = Envelope::expiring(None, 0, Duration::ZERO).with_priority(Priority::Urgent);
    router.send(agent, old).unwrap();
    send(&router, agent, Priority::Low, 1);
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(received(&router, agent), [1]);
    assert_eq!(router.accounts().dropped.expired, 1);
}

proptest! {
    #[test]
    fn within_a_priority_messages_keep_their_order_and_none_is_lost(
        moves in proptest::collection::vec(proptest::option::weighted(0.6, 0_usize..4), 0..300),
        by_batch in any::<bool>(),
    ) {
        let router = Router::default();
        let agent = router.register(MailboxOptions::UNBOUNDED).unwrap();
        let mut outbox = router.outbox();
        let (mut sent, mut seen) = ([0_u64; 4], [0_u64; 4]);
        for priority in moves {
            let Some(priority) = priority else {
                if let Ok(envelope) = router.try_receive(agent) {
                    let priority = envelope.priority() as usize;
                    prop_assert_eq!(envelope.message, seen[priority]);
                    seen[priority] += 1;
                }
                continue;
            };
            let envelope =
                Envelope::new(None, sent[priority]).with_priority(Priority::ALL[priority]);
            sent[priority] += 1;
            if by_batch {
                outbox.send(agent, envelope).unwrap();
                outbox.flush();
            } else {
                router.send(agent, envelope).unwrap();
            }
        }
        while let Ok(envelope) = router.try_receive(agent) {
            let priority = envelope.priority() as usize;
            prop_assert_eq!(envelope.message, seen[priority]);
            seen[priority] += 1;
        }
        prop_assert_eq!(seen, sent);
        prop_assert!(router.accounts().balance());
    }
}
