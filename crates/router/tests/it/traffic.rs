//! Many threads at once: order and accounts at the end.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use router::{
    AgentId, Envelope, MailboxOptions, ReceiveError, Router, RouterOptions, SendError, WhenFull,
};

/// Who sent it, and how many it had sent to that receiver before.
type Numbered = (usize, u64);

/// Checks that of every sender the numbers come one after the other, where none are dropped, or at
/// least in order.
#[derive(Default)]
struct InOrder(HashMap<usize, u64>);

impl InOrder {
    fn receive(&mut self, (sender, number): Numbered, may_skip: bool) {
        let next = self.0.entry(sender).or_default();
        assert!(number == *next || may_skip && number > *next, "{number} of {sender}, not {next}");
        *next = number + 1;
    }
}

fn options(shards: usize) -> RouterOptions {
    RouterOptions { shards: NonZeroUsize::new(shards).unwrap(), ..RouterOptions::default() }
}

/// Three senders, one by the batch, to blocking receivers of every policy that waits or drops.
#[test]
fn what_one_sender_sends_to_one_receiver_comes_in_order() {
    const EACH: u64 = 3_000;
    for when_full in [WhenFull::Wait, WhenFull::DropOldest, WhenFull::DropNewest] {
        let router: Router<Numbered> = Router::new(options(2));
        let mailboxes: Vec<_> = (0..4)
            .map(|_| {
                router.mailbox(MailboxOptions::bounded(NonZeroU32::new(8).unwrap(), when_full))
            })
            .map(Result::unwrap)
            .collect();
        let ids: Vec<AgentId> = mailboxes.iter().map(|mailbox| mailbox.id()).collect();
        thread::scope(|scope| {
            let receivers: Vec<_> = mailboxes
                .into_iter()
                .map(|mut mailbox| {
                    scope.spawn(move || {
                        let mut in_order = InOrder::default();
                        while let Ok(envelope) = mailbox.receive() {
                            in_order.receive(envelope.message, when_full != WhenFull::Wait);
                        }
                        let last: u64 = in_order.0.values().sum();
                        if when_full == WhenFull::Wait {
                            assert_eq!(last, 3 * EACH);
                        }
                        // Kept, so that nothing becomes a dead letter.
                        mailbox
                    })
                })
                .collect();
            let senders: Vec<_> = (0..3)
                .map(|sender| {
                    let (router, ids) = (&router, &ids);
                    scope.spawn(move || {
                        let mut outbox = router.outbox();
                        for number in 0..EACH {
                            for id in ids {
                                let mut envelope = Envelope::new(None, (sender, number));
                                if sender > 0 {
                                    router.send(*id, envelope).unwrap();
                                    continue;
                                }
                                while let Err(error) = outbox.send(*id, envelope) {
                                    assert!(matches!(error, SendError::Full { .. }));
                                    envelope = error.into_envelope();
                                    thread::yield_now();
                                }
                            }
                        }
                    })
                })
                .collect();
            for sender in senders {
                sender.join().unwrap();
            }
            router.close();
            let accounts = router.accounts();
            assert_eq!(accounts.sent, 3 * 4 * EACH);
            let kept: Vec<_> = receivers.into_iter().map(|r| r.join().unwrap()).collect();
            let accounts = router.accounts();
            assert!(accounts.balance(), "{accounts:?}");
            assert_eq!((accounts.queued, accounts.dead.total()), (0, 0));
            drop(kept);
        });
    }
}

/// Agents come and go, some by a panic, while four threads send to whoever they know.
#[test]
fn the_accounts_balance_while_agents_come_and_go() {
    const EACH: usize = 20_000;
    let router: Router<u64> = Router::new(options(2));
    let sending = AtomicUsize::new(4);
    let known = Mutex::new(Vec::<AgentId>::new());
    let delivered = thread::scope(|scope| {
        for sender in 0..4 {
            let (router, known, sending) = (&router, &known, &sending);
            scope.spawn(move || {
                let mut outbox = router.outbox();
                let mut sent = 0;
                while sent < EACH {
                    // The last few, of which one or none is still there.
                    let to = {
                        let known = known.lock().unwrap();
                        known.iter().rev().nth(sent % 3 % known.len().max(1)).copied()
                    };
                    let Some(to) = to else {
                        thread::yield_now();
                        continue;
                    };
                    let envelope = Envelope::new(None, sent as u64);
                    sent += match sender % 2 {
                        0 => usize::from(router.send(to, envelope).is_ok()),
                        _ => usize::from(outbox.send(to, envelope).is_ok()),
                    };
                }
                drop(outbox);
                sending.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let mut delivered = 0;
        let mut generation = 0;
        while sending.load(Ordering::SeqCst) > 0 {
            generation += 1;
            let capacity = NonZeroU32::new(4).unwrap();
            let options = MailboxOptions::bounded(capacity, WhenFull::Wait);
            let mailbox = router.mailbox(options).unwrap();
            known.lock().unwrap().push(mailbox.id());
            let sending = &sending;
            let receiver = scope.spawn(move || {
                let mut mailbox = mailbox;
                let mut received = 0_u64;
                loop {
                    match mailbox.receive_timeout(std::time::Duration::from_millis(1)) {
                        Ok(_) => received += 1,
                        Err(ReceiveError::Empty(_)) if received > 0 => break,
                        Err(ReceiveError::Empty(_)) if sending.load(Ordering::SeqCst) == 0 => break,
                        Err(ReceiveError::Empty(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    if received == 500 {
                        break;
                    }
                }
                // Every third goes with its mailbox half read, by a panic.
                if generation % 3 == 0 {
                    std::panic::resume_unwind(Box::new(received));
                }
                received
            });
            delivered += match receiver.join() {
                Ok(received) => received,
                Err(panicked) => *panicked.downcast::<u64>().unwrap(),
            };
        }
        delivered
    });
    let accounts = router.accounts();
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!(accounts.sent, 4 * EACH as u64);
    assert_eq!(accounts.delivered, delivered);
    assert_eq!(accounts.queued, 0);
    assert_eq!(router.agents(), 0);
}

/// A sender leaves batches of one for a receiver that sleeps until they come, while a third holds the
/// shard for a moment in each round. Neither sender nor holder looks at the shard again before the
/// message was received: the holder must not forget a batch that was left in that moment.
#[test]
fn a_batch_that_is_left_while_the_shard_is_held_wakes_its_receiver() {
    const ROUNDS: usize = 20_000;
    let router: Router<usize> = Router::new(options(1));
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let id = mailbox.id();
    // Messages received; ROUNDS also once the receiver gave up.
    let progress = AtomicUsize::new(0);
    let wait_for = |round: usize| {
        while progress.load(Ordering::Relaxed) < round {
            thread::yield_now();
        }
    };
    let received = thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let mut received = 0;
            while received < ROUNDS {
                // Far longer than a round takes: a message that is not told of is a failure.
                let patience = std::time::Duration::from_secs(5);
                if mailbox.receive_timeout(patience).is_err() {
                    break;
                }
                received += 1;
                progress.store(received, Ordering::Relaxed);
            }
            progress.store(ROUNDS, Ordering::Relaxed);
            received
        });
        scope.spawn(|| {
            for round in 0..ROUNDS {
                wait_for(round);
                router.work(0, |_| (0..round % 500).for_each(|_| std::hint::spin_loop()));
            }
        });
        let mut outbox = router.outbox();
        for round in 0..ROUNDS {
            wait_for(round);
            (0..round % 300).for_each(|_| std::hint::spin_loop());
            outbox.send(id, Envelope::new(None, round)).unwrap();
            outbox.flush();
        }
        receiver.join().unwrap()
    });
    assert_eq!(received, ROUNDS, "a message was left in the inbox");
}
