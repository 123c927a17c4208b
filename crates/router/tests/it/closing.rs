//! How a router ends.

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use router::{Envelope, MailboxOptions, Reason, ReceiveError, Router, RouterOptions};

fn four_shards() -> Router<u64> {
    let shards = NonZeroUsize::new(4).unwrap();
    Router::new(RouterOptions { shards, ..RouterOptions::default() })
}

fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn a_drain_waits_for_the_last_message() {
    let router = four_shards();
    let agents: Vec<_> =
        (0..8).map(|_| router.register(MailboxOptions::default()).unwrap()).collect();
    let mut outbox = router.outbox();
    for (number, agent) in agents.iter().cycle().take(80).enumerate() {
        outbox.send(*agent, Envelope::new(None, number as u64)).unwrap();
    }
    outbox.flush();
    let deadline = in_time();
    thread::scope(|scope| {
        let draining = scope.spawn(|| router.drain(deadline));
        thread::sleep(Duration::from_millis(20));
        for _ in 0..10 {
            for agent in &agents {
                assert!(!draining.is_finished(), "there is more to receive");
                router.try_receive(*agent).unwrap();
            }
        }
        assert_eq!(draining.join().unwrap(), 0);
    });
    assert!(Instant::now() < deadline, "it was not told, but waited for its deadline");
    assert_eq!(router.try_receive(agents[0]), Err(ReceiveError::Closed(agents[0])));
    assert_eq!(router.accounts().delivered, 80);
}

#[test]
fn several_may_wait_for_the_same_end() {
    let router = four_shards();
    let agent = router.register(MailboxOptions::default()).unwrap();
    router.send(agent, Envelope::new(None, 1)).unwrap();
    let deadline = in_time();
    thread::scope(|scope| {
        let draining = [(); 3].map(|()| scope.spawn(|| router.drain(deadline)));
        thread::sleep(Duration::from_millis(20));
        router.try_receive(agent).unwrap();
        for drained in draining {
            assert_eq!(drained.join().unwrap(), 0);
        }
    });
    assert!(Instant::now() < deadline, "one was not told, but waited for its deadline");
}

#[test]
fn a_shut_down_leaves_nobody_and_accounts_for_all() {
    let router = four_shards();
    for number in 0..8 {
        let agent = router.register(MailboxOptions::default()).unwrap();
        router.send(agent, Envelope::new(None, number)).unwrap();
        router.send(agent, Envelope::new(None, number)).unwrap();
        router.try_receive(agent).unwrap();
    }
    let deadline = Instant::now() + Duration::from_millis(20);
    let accounts = router.shut_down(deadline);
    assert!(Instant::now() >= deadline);
    assert_eq!((accounts.sent, accounts.delivered, accounts.queued), (16, 8, 0));
    assert_eq!(accounts.dead.removed, 8);
    assert!(accounts.balance());
    assert_eq!(router.agents(), 0);
    assert!(router.take_dead_letters().iter().all(|letter| letter.reason == Reason::Removed));
}
