//! Topics, broadcast, content and teams, as the router delivers by them.

use std::collections::BTreeSet;
use std::future::Future as _;
use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use router::content::Filter;
use router::workload::Random;
use router::{
    AgentId, Choice, Envelope, FanoutError, MailboxOptions, Reached, Route, Router, RouterOptions,
    SubscribeError, TeamError, WhenFull,
};

fn four_shards() -> Router<u64> {
    let shards = NonZeroUsize::new(4).unwrap();
    Router::new(RouterOptions { shards, ..RouterOptions::default() })
}

fn agents(router: &Router<u64>, count: usize) -> Vec<AgentId> {
    (0..count).map(|_| router.register(MailboxOptions::default()).unwrap()).collect()
}

/// Everything that an agent has, and how it came.
fn received(router: &Router<u64>, agent: AgentId) -> Vec<(u64, Route)> {
    let next = || router.try_receive(agent).ok();
    std::iter::from_fn(next).map(|envelope| (envelope.message, envelope.route())).collect()
}

fn queued(queued: usize) -> Reached {
    Reached { queued, ..Reached::default() }
}

#[test]
fn a_topic_reaches_its_subscribers_once_each_and_nobody_else() {
    let router = four_shards();
    let agents = agents(&router, 9);
    for agent in &agents[..3] {
        router.subscribe(*agent, "grid/7/north").unwrap();
    }
    for agent in &agents[2..5] {
        assert_eq!(router.subscribe(*agent, "grid/+/north"), Ok(true));
        assert_eq!(router.subscribe(*agent, "grid/#"), Ok(true));
        assert_eq!(router.subscribe(*agent, "grid/#"), Ok(false));
    }
    router.subscribe(agents[5], "grid/8/north").unwrap();
    let sent = router.publish("grid/7/north", Envelope::new(None, 1)).unwrap();
    assert_eq!(sent.wait(), queued(5));
    for (number, agent) in agents.iter().enumerate() {
        let expected = if number < 5 { vec![(1, Route::Topic)] } else { vec![] };
        assert_eq!(received(&router, *agent), expected, "agent {number}");
    }
    assert_eq!(router.unsubscribe(agents[0], "grid/7/north"), Ok(true));
    assert!(router.remove(agents[1]));
    let sent = router.publish("grid/7/north", Envelope::new(None, 2)).unwrap();
    assert_eq!(sent.wait(), queued(3), "those who left get no dead letters");
    assert_eq!(router.subscribe(agents[1], "a"), Err(SubscribeError::NoSuchAgent(agents[1])));
    assert!(router.publish("grid/+", Envelope::new(None, 3)).is_err());
    assert_eq!(router.snapshot().route(Route::Topic).sent, 8);
}

#[test]
fn a_broadcast_reaches_all_but_its_sender() {
    let router = four_shards();
    let agents = agents(&router, 9);
    router.remove(agents[3]);
    let sent = router.broadcast(Envelope::new(agents[4], 7)).unwrap();
    assert_eq!(sent.wait(), queued(7));
    for (number, agent) in agents.iter().enumerate() {
        let expected = if [3, 4].contains(&number) { vec![] } else { vec![(7, Route::Broadcast)] };
        assert_eq!(received(&router, *agent), expected);
    }
    router.close();
    let Err(FanoutError::Closed(envelope)) = router.broadcast(Envelope::new(None, 8)) else {
        panic!("a closed router took a message")
    };
    assert_eq!(envelope.message, 8);
}

/// Agents of one room each, full, with different policies; all are subscribed.
fn full(router: &Router<u64>) -> [AgentId; 4] {
    let policies = [WhenFull::Wait, WhenFull::Reject, WhenFull::DropOldest, WhenFull::DropNewest];
    policies.map(|when_full| {
        let options = MailboxOptions::bounded(NonZeroU32::MIN, when_full);
        let agent = router.register(options).unwrap();
        router.subscribe(agent, "all").unwrap();
        router.send(agent, Envelope::new(None, 0)).unwrap();
        agent
    })
}

#[test]
fn copies_for_full_mailboxes_follow_their_policies() {
    let router = four_shards();
    let [waits, ..] = full(&router);
    let fanout = router.publish("all", Envelope::new(None, 1)).unwrap();
    assert_eq!(fanout.waiting(), 1);
    let given_up = fanout.give_up();
    assert_eq!(given_up, Reached { queued: 1, dropped: 1, dead: 2, unsent: 0 });

    drop(router.publish("all", Envelope::new(None, 2)).unwrap());
    assert_eq!(router.accounts().dead.full, 4);

    let fanout = router.publish("all", Envelope::new(None, 3)).unwrap();
    let reached = thread::scope(|scope| {
        let waiting = scope.spawn(|| fanout.wait());
        assert_eq!(router.try_receive(waits).unwrap().message, 0);
        waiting.join().unwrap()
    });
    assert_eq!(reached, Reached { queued: 2, dropped: 1, dead: 1, unsent: 0 });
    assert_eq!(received(&router, waits), [(3, Route::Topic)]);
    assert!(router.accounts().balance());
}

#[test]
fn room_can_be_awaited_and_given_up() {
    let router = four_shards();
    let [first, ..] = full(&router);
    let [second, ..] = full(&router);
    let mut context = Context::from_waker(Waker::noop());
    {
        let fanout = router.publish("all", Envelope::new(None, 1)).unwrap();
        let mut waiting = pin!(fanout.wait_async());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        router.try_receive(first).unwrap();
        router.try_receive(second).unwrap();
        let Poll::Ready(reached) = waiting.poll(&mut context) else { panic!("there was room") };
        assert_eq!(reached, Reached { queued: 4, dropped: 2, dead: 2, unsent: 0 });
    }
    let fanout = router.publish("all", Envelope::new(None, 2)).unwrap();
    {
        let mut waiting = Box::pin(fanout.wait_async());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    let accounts = router.accounts();
    // What was given up: one was with the mailbox and was not sent, the other is a dead letter.
    assert_eq!(accounts.dead.full, 2 + 2 + 1);
    assert!(accounts.balance());
}

#[test]
fn content_reaches_those_whose_filter_wants_it() {
    let router = four_shards();
    let agents = agents(&router, 3);
    let over = |limit| Filter::new(move |envelope: &Envelope<u64>| envelope.message > limit);
    let high = router.subscribe_by_content(agents[0], over(100)).unwrap();
    router.subscribe_by_content(agents[1], over(10)).unwrap();
    router.subscribe_by_content(agents[1], over(20)).unwrap();
    let broken = Filter::new(|_: &Envelope<u64>| panic!("a filter of this test panics"));
    router.subscribe_by_content(agents[2], broken).unwrap();
    assert_eq!(router.send_by_content(Envelope::new(None, 50)).unwrap().wait(), queued(1));
    assert_eq!(router.send_by_content(Envelope::new(None, 500)).unwrap().wait(), queued(2));
    assert_eq!(received(&router, agents[0]), [(500, Route::Content)]);
    assert_eq!(received(&router, agents[1]), [(50, Route::Content), (500, Route::Content)]);
    assert_eq!(router.filter_panics(), 2);
    assert!(router.unsubscribe_by_content(high));
    assert!(!router.unsubscribe_by_content(high));
    router.remove(agents[1]);
    assert_eq!(router.send_by_content(Envelope::new(None, 500)).unwrap().wait(), queued(0));
}

#[test]
fn a_team_shares_the_work() {
    let router = four_shards();
    let team = router.team();
    let Err(TeamError::Nobody(envelope)) = team.send(Choice::InTurn, Envelope::new(None, 1)) else {
        panic!("nobody got a message")
    };
    assert_eq!(envelope.message, 1);
    let agents = agents(&router, 4);
    for agent in &agents {
        assert_eq!(team.join(*agent), Ok(true));
    }
    let depths = || agents.iter().map(|a| router.depth(*a).unwrap().now).collect::<Vec<_>>();
    for message in 0..12 {
        team.send(Choice::InTurn, Envelope::new(None, message)).unwrap();
    }
    assert_eq!(depths(), [3, 3, 3, 3]);
    received(&router, agents[2]);
    for message in 0..3 {
        team.try_send(Choice::LeastLoaded, Envelope::new(None, message)).unwrap();
    }
    assert_eq!(depths(), [3, 3, 3, 3]);
    let keyed = |key: u64| team.choose(Choice::by_key(key)).unwrap();
    let before: Vec<_> = (0..1_000).map(keyed).collect();
    router.remove(agents[1]);
    for (key, owner) in before.iter().enumerate() {
        let now = keyed(key as u64);
        assert!(now == *owner || *owner == agents[1], "key {key} moved");
        assert_ne!(now, agents[1]);
    }
    for _ in 0..100 {
        assert_ne!(team.choose(Choice::LighterOfTwo), Some(agents[1]));
    }
    assert_eq!(team.members().len(), 3, "who is gone has left");
    assert_eq!(team.join(agents[1]), Err(SubscribeError::NoSuchAgent(agents[1])));
}

#[test]
fn subscriptions_change_while_messages_flow_and_all_is_accounted_for() {
    let router = four_shards();
    let steady = agents(&router, 4);
    for agent in &steady {
        router.subscribe(*agent, "news/#").unwrap();
    }
    let is_over = AtomicBool::new(false);
    const MESSAGES: u64 = 2_000;
    thread::scope(|scope| {
        for seed in 0..2 {
            let (router, is_over) = (&router, &is_over);
            scope.spawn(move || {
                let mut random = Random::new(seed);
                while !is_over.load(Ordering::Relaxed) {
                    let agent = router.register(MailboxOptions::default()).unwrap();
                    let topic = ["news/1", "news/+", "news/#", "other"][random.below(4)];
                    router.subscribe(agent, topic).unwrap();
                    let any = Filter::new(|_: &Envelope<u64>| true);
                    router.subscribe_by_content(agent, any).unwrap();
                    if random.below(2) == 0 {
                        router.unsubscribe(agent, topic).unwrap();
                    }
                    received(router, agent);
                    router.remove(agent);
                }
            });
        }
        let receivers: Vec<_> = steady
            .iter()
            .map(|agent| {
                scope.spawn(|| {
                    let mut seen = Vec::new();
                    while seen.len() < MESSAGES as usize {
                        let got = received(&router, *agent);
                        seen.extend(got.into_iter().filter(|(_, route)| *route == Route::Topic));
                        thread::yield_now();
                    }
                    seen
                })
            })
            .collect();
        for message in 0..MESSAGES {
            router.publish("news/1", Envelope::new(None, message)).unwrap().wait();
            router.send_by_content(Envelope::new(None, message)).unwrap().give_up();
        }
        let expected: Vec<_> = (0..MESSAGES).map(|message| (message, Route::Topic)).collect();
        for receiver in receivers {
            assert_eq!(receiver.join().unwrap(), expected);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(router.accounts().balance());
    let known: BTreeSet<_> = steady.iter().copied().collect();
    assert_eq!(router.agents(), known.len());
    let reached = router.publish("news/1", Envelope::new(None, 0)).unwrap().wait();
    assert_eq!(reached, queued(4), "those who left are forgotten");
    assert_eq!(router.send_by_content(Envelope::new(None, 0)).unwrap().wait(), queued(0));
}
