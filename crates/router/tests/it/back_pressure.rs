//! What full mailboxes do to senders.

use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use router::{
    Envelope, MailboxOptions, Outbox, ReceiveError, RegisterError, Router, SendError, Sent,
    WhenFull,
};

fn bounded(capacity: u32, when_full: WhenFull) -> MailboxOptions {
    MailboxOptions::bounded(NonZeroU32::new(capacity).unwrap(), when_full)
}

fn numbers(
    router: &Router<u32>,
    to: router::AgentId,
    count: u32,
) -> Vec<Result<Sent, SendError<u32>>> {
    (0..count).map(|number| router.try_send(to, Envelope::new(None, number))).collect()
}

fn received(router: &Router<u32>, agent: router::AgentId) -> Vec<u32> {
    let mut batch = Vec::new();
    router.receive_batch(agent, usize::MAX, &mut batch).unwrap();
    batch.into_iter().map(|envelope| envelope.message).collect()
}

#[test]
fn each_policy_does_what_it_is_called() {
    let router = Router::default();
    let full = |to, message| Err(SendError::Full { to, envelope: Envelope::new(None, message) });
    for (policy, third, left) in [
        (WhenFull::Wait, None, [0, 1]),
        (WhenFull::Reject, None, [0, 1]),
        (WhenFull::DropNewest, Some(Sent::Dropped), [0, 1]),
        (WhenFull::DropOldest, Some(Sent::Queued), [1, 2]),
    ] {
        let agent = router.register(bounded(2, policy)).unwrap();
        let sent = numbers(&router, agent, 3);
        assert_eq!(sent[..2], [Ok(Sent::Queued), Ok(Sent::Queued)]);
        assert_eq!(sent[2], third.map_or(full(agent, 2), Ok), "{policy:?}");
        assert_eq!(received(&router, agent), left, "{policy:?}");
        assert_eq!(router.depth(agent).unwrap().most, 2);
    }
    assert!(router.accounts().balance());
}

#[test]
fn a_blocked_sender_goes_on_when_there_is_room() {
    let router = Router::default();
    let mut mailbox = router.mailbox(bounded(1, WhenFull::Wait)).unwrap();
    let id = mailbox.id();
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..1_000 {
                assert_eq!(router.send(id, Envelope::new(None, number)), Ok(Sent::Queued));
            }
        });
        for number in 0..1_000 {
            assert_eq!(mailbox.receive().unwrap().message, number);
            assert!(router.depth(id).unwrap().most <= 1);
        }
    });
}

#[test]
fn a_blocked_sender_goes_on_when_its_receiver_is_gone() {
    let router = Router::default();
    let agent = router.register(bounded(1, WhenFull::Wait)).unwrap();
    router.send(agent, Envelope::new(None, 0)).unwrap();
    thread::scope(|scope| {
        let senders: Vec<_> = (1..4)
            .map(|number| {
                let router = &router;
                scope.spawn(move || router.send(agent, Envelope::new(None, number)))
            })
            .collect();
        thread::sleep(Duration::from_millis(20));
        assert!(router.remove(agent));
        for sender in senders {
            assert_eq!(sender.join().unwrap(), Ok(Sent::DeadLetter));
        }
    });
    let accounts = router.accounts();
    assert_eq!((accounts.dead.removed, accounts.dead.no_such_agent), (1, 3));
    assert!(accounts.balance());
}

#[test]
fn a_sender_that_waits_until_a_deadline_gets_its_message_back() {
    let router = Router::default();
    let agent = router.register(bounded(1, WhenFull::Wait)).unwrap();
    router.send(agent, Envelope::new(None, 0)).unwrap();
    let deadline = Instant::now() + Duration::from_millis(20);
    let result = router.send_until(agent, Envelope::new(None, 1), deadline);
    assert!(Instant::now() >= deadline);
    assert_eq!(result, Err(SendError::Full { to: agent, envelope: Envelope::new(None, 1) }));
    // It no longer stands in the way of the next.
    assert_eq!(received(&router, agent), [0]);
    assert_eq!(router.send(agent, Envelope::new(None, 2)), Ok(Sent::Queued));
    assert_eq!(router.accounts().sent, 2);
}

#[test]
fn a_closed_router_delivers_what_it_has_and_takes_nothing_more() {
    let router = Router::default();
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let full = router.register(bounded(1, WhenFull::Wait)).unwrap();
    router.send(mailbox.id(), Envelope::new(None, 1)).unwrap();
    router.send(full, Envelope::new(None, 2)).unwrap();
    thread::scope(|scope| {
        let blocked = scope.spawn(|| router.send(full, Envelope::new(None, 3)));
        thread::sleep(Duration::from_millis(20));
        router.close();
        let closed = SendError::Closed { to: full, envelope: Envelope::new(None, 3) };
        assert_eq!(blocked.join().unwrap(), Err(closed));
    });
    assert_eq!(mailbox.receive().unwrap().message, 1);
    assert_eq!(mailbox.receive(), Err(ReceiveError::Closed(mailbox.id())));
    let late = router.try_send(mailbox.id(), Envelope::new(None, 4));
    assert!(matches!(late, Err(SendError::Closed { envelope, .. }) if envelope.message == 4));
    assert_eq!(router.register(MailboxOptions::default()), Err(RegisterError::Closed));
    assert!(router.accounts().balance());
}

#[test]
fn an_outbox_is_held_up_by_what_is_in_flight() {
    let options = router::RouterOptions { in_flight: 64, ..Default::default() };
    let router = Router::new(options);
    let agent = router.register(MailboxOptions::UNBOUNDED).unwrap();
    let mut outbox = router.outbox();
    let mut taken = 0;
    let mut send_all = |outbox: &mut Outbox<u32>| loop {
        match outbox.send(agent, Envelope::new(None, taken)) {
            Ok(()) => taken += 1,
            Err(SendError::Full { envelope, .. }) => {
                assert_eq!(envelope.message, taken);
                return taken;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(taken < 1_000, "nothing holds it up");
    };
    // A batch is on the way, and the next one is held back.
    assert_eq!(send_all(&mut outbox), 128);
    assert_eq!(router.try_receive(agent).unwrap().message, 0);
    // One less is in the mailbox than may be.
    assert_eq!(send_all(&mut outbox), 192);
    for number in 1..64 {
        assert_eq!(router.try_receive(agent).unwrap().message, number);
        assert_eq!(send_all(&mut outbox), 192, "64 are in the mailbox");
    }
    assert_eq!(router.try_receive(agent).unwrap().message, 64);
    assert_eq!(send_all(&mut outbox), 256);
    drop(outbox);
    assert_eq!(received(&router, agent), (65..256).collect::<Vec<_>>());
    assert!(router.accounts().balance());
}
