//! Receivers that wait, and give up.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use router::{Envelope, MailboxOptions, ReceiveError, Router};

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

#[test]
fn the_room_of_a_sender_that_gave_up_goes_to_the_next() {
    let router = Router::default();
    let one = std::num::NonZeroU32::MIN;
    let options = MailboxOptions::bounded(one, router::WhenFull::Wait);
    let agent = router.register(options).unwrap();
    router.send(agent, Envelope::new(None, 0)).unwrap();
    let bells = [Arc::new(Bell::default()), Arc::new(Bell::default())];
    let wakers = bells.clone().map(Waker::from);
    let mut contexts = wakers.each_ref().map(Context::from_waker);
    let mut second = pin!(router.send_async(agent, Envelope::new(None, 2)));
    {
        let mut first = pin!(router.send_async(agent, Envelope::new(None, 1)));
        assert!(first.as_mut().poll(&mut contexts[0]).is_pending());
        assert!(second.as_mut().poll(&mut contexts[1]).is_pending());
        assert_eq!(router.try_receive(agent).unwrap().message, 0);
        assert_eq!((bells[0].rung(), bells[1].rung()), (1, 0));
    }
    assert_eq!(bells[1].rung(), 1, "the first was woken and went away");
    assert!(second.poll(&mut contexts[1]).is_ready());
    assert_eq!(router.try_receive(agent).unwrap().message, 2);
}
