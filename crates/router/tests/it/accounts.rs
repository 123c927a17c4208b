//! Every message is somewhere, by a model that keeps each of them.

use std::collections::{HashMap, VecDeque};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use proptest::prelude::*;
use router::{
    AgentId, Envelope, MailboxOptions, Outbox, Reason, ReceiveError, Router, RouterOptions,
    SendError, Sent, WhenFull,
};

/// Messages to one shard that an outbox holds back before it hands them over by itself.
const BATCH: usize = 64;

/// One thing that is done to a router.
#[derive(Clone, Debug)]
enum Deed {
    Register {
        capacity: Option<u32>,
        when_full: WhenFull,
    },
    Remove(usize),
    Send(usize),
    /// A message that is too old at once.
    SendExpired(usize),
    Hold(usize),
    Flush,
    Receive(usize),
    ReceiveBatch(usize, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let when_full = prop_oneof![
        Just(WhenFull::Wait),
        Just(WhenFull::Reject),
        Just(WhenFull::DropOldest),
        Just(WhenFull::DropNewest),
    ];
    let agent = 0_usize..12;
    prop_oneof![
        1 => (proptest::option::of(1_u32..4), when_full)
            .prop_map(|(capacity, when_full)| Deed::Register { capacity, when_full }),
        1 => agent.clone().prop_map(Deed::Remove),
        12 => agent.clone().prop_map(Deed::Send),
        1 => agent.clone().prop_map(Deed::SendExpired),
        24 => agent.clone().prop_map(Deed::Hold),
        // Seldom, so that some batches fill up.
        1 => Just(Deed::Flush),
        12 => agent.clone().prop_map(Deed::Receive),
        1 => (agent, 0_usize..5).prop_map(|(agent, most)| Deed::ReceiveBatch(agent, most)),
    ]
}

/// What a mailbox should hold: messages, and whether each is expired.
struct Expected {
    options: MailboxOptions,
    messages: VecDeque<(u64, bool)>,
}

#[derive(Default)]
struct Model {
    mailboxes: HashMap<AgentId, Expected>,
    held: Vec<(AgentId, u64)>,
    sent: u64,
    delivered: u64,
    oldest: u64,
    newest: u64,
    expired: u64,
    dead: Vec<(AgentId, u64, Reason)>,
}

impl Model {
    fn is_full(&self, agent: AgentId) -> Option<WhenFull> {
        let expected = self.mailboxes.get(&agent)?;
        let capacity = expected.options.capacity?.get() as usize;
        (expected.messages.len() >= capacity).then_some(expected.options.when_full)
    }

    /// Puts a message where it belongs; `may_wait` as for a sender that stays.
    fn send(
        &mut self,
        to: AgentId,
        message: u64,
        is_expired: bool,
        may_wait: bool,
    ) -> Option<Sent> {
        let full = self.is_full(to);
        let Some(expected) = self.mailboxes.get_mut(&to) else {
            self.sent += 1;
            self.dead.push((to, message, Reason::NoSuchAgent));
            return Some(Sent::DeadLetter);
        };
        match full {
            Some(WhenFull::Wait | WhenFull::Reject) if may_wait => return None,
            Some(WhenFull::Reject) => {
                self.sent += 1;
                self.dead.push((to, message, Reason::Full));
                return Some(Sent::DeadLetter);
            }
            Some(WhenFull::DropNewest) => {
                self.sent += 1;
                self.newest += 1;
                return Some(Sent::Dropped);
            }
            Some(WhenFull::DropOldest) => {
                expected.messages.pop_front();
                self.oldest += 1;
            }
            Some(WhenFull::Wait) | None => {}
        }
        self.sent += 1;
        expected.messages.push_back((message, is_expired));
        Some(Sent::Queued)
    }

    /// Hands over what is held back for agents that `is_due` says yes to.
    fn flush(&mut self, is_due: impl Fn(AgentId) -> bool) {
        let (due, held) =
            std::mem::take(&mut self.held).into_iter().partition(|(to, _)| is_due(*to));
        self.held = held;
        let due: Vec<(AgentId, u64)> = due;
        for (to, message) in due {
            self.send(to, message, false, false);
        }
    }

    fn receive(&mut self, agent: AgentId) -> Option<u64> {
        let expected = self.mailboxes.get_mut(&agent)?;
        while let Some((message, is_expired)) = expected.messages.pop_front() {
            if !is_expired {
                self.delivered += 1;
                return Some(message);
            }
            self.expired += 1;
        }
        None
    }
}

fn check(router: &Router<u64>, model: &Model) -> Result<(), TestCaseError> {
    let accounts = router.accounts();
    prop_assert!(accounts.balance(), "{accounts:?}");
    let queued: usize = model.mailboxes.values().map(|expected| expected.messages.len()).sum();
    prop_assert_eq!(accounts.sent, model.sent);
    prop_assert_eq!(accounts.delivered, model.delivered);
    prop_assert_eq!(accounts.queued, queued as u64);
    prop_assert_eq!(accounts.dropped.oldest, model.oldest);
    prop_assert_eq!(accounts.dropped.newest, model.newest);
    prop_assert_eq!(accounts.dropped.expired, model.expired);
    prop_assert_eq!(accounts.dead.total(), model.dead.len() as u64);
    Ok(())
}

proptest! {
    #[test]
    fn every_message_is_where_the_model_has_it(
        shards in 1_usize..5,
        deeds in proptest::collection::vec(deed(), 1..400),
    ) {
        let options = RouterOptions {
            shards: NonZeroUsize::new(shards).unwrap(),
            dead_letters: usize::MAX,
            ..RouterOptions::default()
        };
        let router = Router::new(options);
        let mut outbox: Outbox<u64> = router.outbox();
        let mut model = Model::default();
        // Those that were removed among them: their ids are used on purpose.
        let mut agents: Vec<AgentId> = Vec::new();
        for (number, deed) in (0_u64..).zip(deeds) {
            let agent = |place: usize| agents.get(place % agents.len().max(1)).copied();
            match deed {
                Deed::Register { capacity, when_full } => {
                    let capacity = capacity.and_then(NonZeroU32::new);
                    let options = MailboxOptions { capacity, when_full };
                    let id = router.register(options).unwrap();
                    prop_assert!(!agents.contains(&id), "{id} was given out twice");
                    agents.push(id);
                    model.mailboxes.insert(id, Expected { options, messages: VecDeque::new() });
                }
                Deed::Remove(place) => {
                    let Some(id) = agent(place) else { continue };
                    // What the outbox handed over is in the mailbox before.
                    let expected = model.mailboxes.remove(&id);
                    prop_assert_eq!(router.remove(id), expected.is_some());
                    for (message, _) in expected.into_iter().flat_map(|e| e.messages) {
                        model.dead.push((id, message, Reason::Removed));
                    }
                }
                Deed::Send(place) | Deed::SendExpired(place) => {
                    let Some(id) = agent(place) else { continue };
                    let is_expired = matches!(deed, Deed::SendExpired(_));
                    let envelope = match is_expired {
                        true => Envelope::expiring(None, number, Duration::ZERO),
                        false => Envelope::new(None, number),
                    };
                    let expected = model.send(id, number, is_expired, true);
                    match router.try_send(id, envelope) {
                        Ok(sent) => prop_assert_eq!(Some(sent), expected),
                        Err(SendError::Full { to, envelope }) => {
                            prop_assert_eq!((to, envelope.message, expected), (id, number, None));
                        }
                        Err(error) => prop_assert!(false, "{error}"),
                    }
                }
                Deed::Hold(place) => {
                    let Some(id) = agent(place) else { continue };
                    outbox.send(id, Envelope::new(None, number)).unwrap();
                    let is_near = |other: AgentId| router.shard_of(other) == router.shard_of(id);
                    if model.held.iter().filter(|(to, _)| is_near(*to)).count() == BATCH {
                        model.flush(is_near);
                    }
                    model.held.push((id, number));
                }
                Deed::Flush => {
                    prop_assert_eq!(outbox.flush(), 0);
                    model.flush(|_| true);
                }
                Deed::Receive(place) => {
                    let Some(id) = agent(place) else { continue };
                    // The clock of expiry counts in milliseconds.
                    if model.mailboxes.get(&id).is_some_and(|e| e.messages.iter().any(|m| m.1)) {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    let expected = model.receive(id);
                    match router.try_receive(id) {
                        Ok(envelope) => prop_assert_eq!(Some(envelope.message), expected),
                        Err(ReceiveError::Empty(_)) => {
                            prop_assert_eq!((expected, model.mailboxes.contains_key(&id)), (None, true));
                        }
                        Err(ReceiveError::NoSuchAgent(_)) => {
                            prop_assert!(!model.mailboxes.contains_key(&id));
                        }
                        Err(error) => prop_assert!(false, "{error}"),
                    }
                }
                Deed::ReceiveBatch(place, most) => {
                    let Some(id) = agent(place) else { continue };
                    if model.mailboxes.get(&id).is_some_and(|e| e.messages.iter().any(|m| m.1)) {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    let mut batch = Vec::new();
                    match router.receive_batch(id, most, &mut batch) {
                        Ok(count) => {
                            let expected: Vec<u64> =
                                (0..most).map_while(|_| model.receive(id)).collect();
                            let got: Vec<u64> = batch.iter().map(|e| e.message).collect();
                            prop_assert_eq!((count, &got), (expected.len(), &expected));
                        }
                        Err(_) => prop_assert!(!model.mailboxes.contains_key(&id)),
                    }
                }
            }
            check(&router, &model)?;
        }
        drop(outbox);
        model.flush(|_| true);
        check(&router, &model)?;
        let mut dead: Vec<(AgentId, u64, Reason)> = router
            .take_dead_letters()
            .into_iter()
            .map(|letter| (letter.to, letter.envelope.message, letter.reason))
            .collect();
        dead.sort_unstable_by_key(|letter| letter.1);
        model.dead.sort_unstable_by_key(|letter| letter.1);
        prop_assert_eq!(dead, model.dead);
    }
}
