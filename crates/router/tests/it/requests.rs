//! Requests and their replies, and what becomes of those that are late.

use std::future::Future as _;
use std::num::NonZeroU32;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use router::{Envelope, MailboxOptions, ReceiveError, RequestError, Router, SendError, WhenFull};

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(30)
}

fn in_time() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

#[test]
fn a_request_is_replied_to() {
    let router = Router::default();
    let mut doubler = router.mailbox(MailboxOptions::default()).unwrap();
    let id = doubler.id();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..100 {
                let request = doubler.receive().unwrap();
                router.reply(&request, id, request.message * 2).unwrap();
            }
        });
        for number in 0..100 {
            let reply = router.request(id, number, in_time()).unwrap();
            assert_eq!((reply.from, reply.message), (Some(id), number * 2));
        }
    });
    // Those who asked are gone.
    assert_eq!(router.agents(), 1);
    let accounts = router.accounts();
    assert_eq!((accounts.delivered, accounts.dead.total()), (200, 0));
}

#[test]
fn what_comes_after_the_deadline_is_accounted_for() {
    let router = Router::default();
    let mut slow = router.mailbox(MailboxOptions::default()).unwrap();
    let id = slow.id();
    assert_eq!(router.request(id, 1, soon()), Err(RequestError::TimedOut(id)));
    thread::sleep(Duration::from_millis(2));
    assert_eq!(slow.try_receive(), Err(ReceiveError::Empty(id)), "nobody waits for it any more");
    assert_eq!(router.accounts().dropped.expired, 1);

    thread::scope(|scope| {
        let asking = scope.spawn(|| router.request(id, 2, soon()));
        let request = slow.receive().unwrap();
        assert_eq!(asking.join().unwrap(), Err(RequestError::TimedOut(id)));
        router.reply(&request, id, 4).unwrap();
    });
    let letters = router.take_dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].envelope.message, 4);
    assert!(router.accounts().balance());
}

#[test]
fn what_cannot_be_asked_is_said_at_once() {
    let router = Router::default();
    let one = MailboxOptions::bounded(NonZeroU32::MIN, WhenFull::Reject);
    let agent = router.register(one).unwrap();
    router.send(agent, Envelope::new(None, 0)).unwrap();
    let Err(RequestError::NotSent(SendError::Full { envelope, .. })) =
        router.request(agent, 7, in_time())
    else {
        panic!("a full mailbox took a request")
    };
    assert_eq!(envelope.message, 7);
    let outside = router.try_receive(agent).unwrap();
    let Err(RequestError::NobodyAsked(reply)) = router.reply(&outside, agent, 9) else {
        panic!("there is nobody to reply to")
    };
    assert_eq!(reply.message, 9);
    router.remove(agent);
    assert_eq!(router.request(agent, 7, in_time()), Err(RequestError::NoSuchAgent(agent)));
    router.close();
    assert!(matches!(router.request(agent, 7, in_time()), Err(RequestError::NoMailbox(_))));
}

#[test]
fn a_request_in_any_executor_may_be_given_up() {
    let router = Router::default();
    let mut replier = router.mailbox(MailboxOptions::default()).unwrap();
    let id = replier.id();
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut given_up = pin!(router.request_async(id, 1));
        assert!(given_up.as_mut().poll(&mut context).is_pending());
    }
    let request = replier.try_receive().unwrap();
    router.reply(&request, id, 2).unwrap();
    assert_eq!(router.accounts().dead.no_such_agent, 1);

    let mut asking = pin!(router.request_async(id, 3));
    assert!(asking.as_mut().poll(&mut context).is_pending());
    let request = replier.try_receive().unwrap();
    router.reply(&request, id, 6).unwrap();
    let Poll::Ready(Ok(reply)) = asking.poll(&mut context) else { panic!("not replied") };
    assert_eq!(reply.message, 6);
}
