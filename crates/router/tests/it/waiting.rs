//! Receivers that wait, and give up.

use std::future::Future as _;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use router::{AgentId, Envelope, MailboxOptions, ReceiveError, Router, SendError, Sent, WhenFull};

/// Counts how often it was woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_waiting_receiver_is_woken_by_a_message_and_only_then() {
    let router = Router::default();
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let id = mailbox.id();
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let mut receiving = pin!(mailbox.receive_async());
    assert!(receiving.as_mut().poll(&mut context).is_pending());
    assert_eq!(bell.rung(), 0);
    router.send(id, Envelope::new(None, 7)).unwrap();
    assert_eq!(bell.rung(), 1);
    let Poll::Ready(Ok(envelope)) = receiving.poll(&mut context) else { panic!("not ready") };
    assert_eq!(envelope.message, 7);
}

#[test]
fn a_batch_wakes_who_waits_for_it() {
    let router = Router::default();
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let id = mailbox.id();
    thread::scope(|scope| {
        let receiver = scope.spawn(move || mailbox.receive().map(|envelope| envelope.message));
        thread::sleep(Duration::from_millis(20));
        let mut outbox = router.outbox();
        outbox.send(id, Envelope::new(None, 7)).unwrap();
        assert_eq!(outbox.flush(), 0);
        assert_eq!(receiver.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_dropped_future_has_taken_nothing_and_wakes_nobody() {
    let router = Router::default();
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let id = mailbox.id();
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    {
        let mut receiving = pin!(mailbox.receive_async());
        assert!(receiving.as_mut().poll(&mut context).is_pending());
    }
    router.send(id, Envelope::new(None, 1)).unwrap();
    assert_eq!(bell.rung(), 0);
    {
        // Woken with a message there, and dropped before it looks again.
        assert_eq!(mailbox.try_receive().unwrap().message, 1);
        let mut receiving = pin!(mailbox.receive_async());
        assert!(receiving.as_mut().poll(&mut context).is_pending());
        router.send(id, Envelope::new(None, 2)).unwrap();
        assert_eq!(bell.rung(), 1);
    }
    assert_eq!(mailbox.try_receive().unwrap().message, 2);
}

#[test]
fn a_deadline_passes_and_loses_nothing() {
    let router = Router::default();
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let deadline = Instant::now() + Duration::from_millis(20);
    assert_eq!(mailbox.receive_until(deadline), Err(ReceiveError::Empty(mailbox.id())));
    assert!(Instant::now() >= deadline);
    router.send(mailbox.id(), Envelope::new(None, 1)).unwrap();
    assert_eq!(mailbox.receive_timeout(Duration::ZERO).unwrap().message, 1);
}

#[test]
fn a_receiver_whose_agent_is_removed_is_told() {
    let router: Router<()> = Router::default();
    let mut mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let id = mailbox.id();
    thread::scope(|scope| {
        let receiver = scope.spawn(move || mailbox.receive());
        thread::sleep(Duration::from_millis(20));
        assert!(router.remove(id));
        assert_eq!(receiver.join().unwrap(), Err(ReceiveError::NoSuchAgent(id)));
    });
}

/// A full mailbox of one message, and wakers that count.
fn full(router: &Router<u64>) -> (AgentId, [Arc<Bell>; 3], [Waker; 3]) {
    let options = MailboxOptions::bounded(NonZeroU32::MIN, WhenFull::Wait);
    let agent = router.register(options).unwrap();
    router.send(agent, Envelope::new(None, 0)).unwrap();
    let bells: [_; 3] = std::array::from_fn(|_| Arc::new(Bell::default()));
    let wakers = bells.clone().map(Waker::from);
    (agent, bells, wakers)
}

#[test]
fn the_turn_of_a_sender_that_gave_up_is_the_next_ones() {
    let router = Router::default();
    let (agent, bells, wakers) = full(&router);
    let mut contexts = wakers.each_ref().map(Context::from_waker);
    let mut second = pin!(router.send_async(agent, Envelope::new(None, 2)));
    {
        let mut first = pin!(router.send_async(agent, Envelope::new(None, 1)));
        assert!(first.as_mut().poll(&mut contexts[0]).is_pending());
        assert!(second.as_mut().poll(&mut contexts[1]).is_pending());
    }
    assert_eq!(router.try_receive(agent).unwrap().message, 0);
    assert_eq!((bells[0].rung(), bells[1].rung()), (0, 1));
    assert!(second.poll(&mut contexts[1]).is_ready());
    assert_eq!(router.try_receive(agent).unwrap().message, 2);
    assert_eq!(router.try_receive(agent), Err(ReceiveError::Empty(agent)));
    assert!(router.accounts().balance());
}

#[test]
fn senders_that_wait_are_served_in_turn_and_before_those_who_come_later() {
    let router = Router::default();
    let (agent, bells, wakers) = full(&router);
    let mut contexts = wakers.each_ref().map(Context::from_waker);
    let mut sends: Vec<_> = (1..4)
        .map(|number| Box::pin(router.send_async(agent, Envelope::new(None, number))))
        .collect();
    for (send, context) in sends.iter_mut().zip(&mut contexts) {
        assert!(send.as_mut().poll(context).is_pending());
    }
    for number in 0..3 {
        assert_eq!(router.try_receive(agent).unwrap().message, number);
        let rung = bells.each_ref().map(|bell| bell.rung());
        let expected = std::array::from_fn(|bell| usize::from(bell as u64 <= number));
        assert_eq!(rung, expected);
        // The room was the waiting sender's before anybody could come in between.
        let refused = router.try_send(agent, Envelope::new(None, 99)).unwrap_err();
        assert_eq!(refused.into_envelope().message, 99);
    }
    for (send, context) in sends.iter_mut().zip(&mut contexts) {
        assert_eq!(send.as_mut().poll(context), Poll::Ready(Ok(Sent::Queued)));
    }
    assert_eq!(router.try_receive(agent).unwrap().message, 3);
}

#[test]
fn a_sender_that_waits_is_told_that_the_router_was_closed_or_the_agent_removed() {
    let router = Router::default();
    let (agent, bells, wakers) = full(&router);
    let mut contexts = wakers.each_ref().map(Context::from_waker);
    let mut removed = pin!(router.send_async(agent, Envelope::new(None, 1)));
    assert!(removed.as_mut().poll(&mut contexts[0]).is_pending());
    router.remove(agent);
    assert_eq!(bells[0].rung(), 1);
    assert_eq!(removed.poll(&mut contexts[0]), Poll::Ready(Ok(Sent::DeadLetter)));

    let (agent, bells, wakers) = full(&router);
    let mut contexts = wakers.each_ref().map(Context::from_waker);
    let mut closed = pin!(router.send_async(agent, Envelope::new(None, 2)));
    assert!(closed.as_mut().poll(&mut contexts[0]).is_pending());
    router.close();
    assert_eq!(bells[0].rung(), 1);
    let Poll::Ready(Err(error)) = closed.poll(&mut contexts[0]) else { panic!("not told") };
    assert_eq!(error, SendError::Closed { to: agent, envelope: Envelope::new(None, 2) });
    assert!(router.accounts().balance());
}
