//! What a router says of itself.

use std::num::{NonZeroU32, NonZeroUsize};
use std::thread;
use std::time::Duration;

use router::{Envelope, MailboxOptions, Route, Router, RouterOptions, WhenFull};

fn one_shard() -> Router<u64> {
    Router::new(RouterOptions { shards: NonZeroUsize::MIN, ..RouterOptions::default() })
}

#[test]
fn a_snapshot_counts_what_was_done() {
    let router = one_shard();
    let options = MailboxOptions::bounded(NonZeroU32::new(5).unwrap(), WhenFull::DropNewest);
    let agent = router.register(options).unwrap();
    let before = router.snapshot();
    for number in 0..7 {
        router.send(agent, Envelope::new(None, number)).unwrap();
    }
    router.try_receive(agent).unwrap();
    let after = router.snapshot();
    assert_eq!(after.agents, 1);
    assert!(after.accounts.balance());
    let direct = after.route(Route::Direct);
    assert_eq!((direct.sent, direct.delivered), (7, 1));
    assert_eq!(after.route(Route::Topic).sent, 0);
    let shard = after.shards[0];
    assert_eq!((shard.queued, shard.deepest), (4, 5));
    assert!(shard.holds - before.shards[0].holds >= 8);
    let usage = after.since(&before);
    assert_eq!((usage.queued, usage.dropped, usage.dead), (4, 2, 0));
}

#[test]
fn waiting_is_timed_from_sending_to_receiving() {
    const WAIT: Duration = Duration::from_millis(20);
    let router = one_shard();
    let agent = router.register(MailboxOptions::UNBOUNDED).unwrap();
    let mut outbox = router.outbox();
    for number in 0..610 {
        router.send(agent, Envelope::new(None, number)).unwrap();
        outbox.send(agent, Envelope::new(None, number)).unwrap();
    }
    outbox.flush();
    thread::sleep(WAIT);
    while router.try_receive(agent).is_ok() {}
    let snapshot = router.snapshot();
    let latency = snapshot.route(Route::Direct).latency.as_ref().unwrap();
    // Of batches at most one message is timed.
    assert!((18..=20).contains(&latency.count()), "{} messages were timed", latency.count());
    assert!(latency.quantile(0.01) >= WAIT.mul_f64(0.98), "{:?}", latency.quantile(0.01));
    assert!(latency.max() < WAIT * 500);
}

#[test]
fn what_is_not_timed_is_counted_all_the_same() {
    let options = RouterOptions { shards: NonZeroUsize::MIN, timed: None, ..Default::default() };
    let router = Router::new(options);
    let agent = router.register(MailboxOptions::UNBOUNDED).unwrap();
    let mut outbox = router.outbox();
    for number in 0..1_000 {
        router.send(agent, Envelope::new(None, number)).unwrap();
        outbox.send(agent, Envelope::new(None, number)).unwrap();
    }
    outbox.flush();
    while router.try_receive(agent).is_ok() {}
    let snapshot = router.snapshot();
    assert!(snapshot.route(Route::Direct).latency.is_none());
    assert_eq!(snapshot.route(Route::Direct).delivered, 2_000);
    assert_eq!(snapshot.shards[0].busy, Duration::ZERO);
}

#[test]
fn a_shard_that_is_held_is_busy() {
    let router = one_shard();
    let before = router.snapshot();
    for _ in 0..610 {
        router.work(0, |_| thread::sleep(Duration::from_micros(100)));
    }
    let usage = router.snapshot().since(&before);
    assert!(usage.utilisation > 0.5, "{usage}");
    let before = router.snapshot();
    thread::sleep(Duration::from_millis(50));
    let usage = router.snapshot().since(&before);
    assert!(usage.utilisation < 0.5, "{usage}");
}

#[test]
fn whoever_waits_for_a_shard_is_counted() {
    let router = one_shard();
    let before = router.snapshot();
    thread::scope(|scope| {
        router.work(0, |_| {
            scope.spawn(|| router.agents());
            thread::sleep(Duration::from_millis(50));
        });
    });
    let after = router.snapshot();
    assert_eq!(after.shards[0].contended - before.shards[0].contended, 1);
    assert!(after.since(&before).contention > 0.0);
}
