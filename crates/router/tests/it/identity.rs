//! Who is meant by an id and by a name.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use router::{
    AgentId, Envelope, MailboxOptions, Reason, ReceiveError, RegisterError, Router, RouterOptions,
    Sent,
};

#[test]
fn a_message_to_a_removed_agent_does_not_reach_who_has_its_place_now() {
    let options = RouterOptions { shards: NonZeroUsize::MIN, ..RouterOptions::default() };
    let router: Router<&str> = Router::new(options);
    let before = router.register(MailboxOptions::default()).unwrap();
    assert!(router.remove(before));
    let after = router.register(MailboxOptions::default()).unwrap();
    assert_eq!(before.index(), after.index(), "the place is used again");
    assert_ne!(before, after);
    assert_eq!(router.send(before, Envelope::new(None, "for the first")), Ok(Sent::DeadLetter));
    assert_eq!(router.try_receive(after), Err(ReceiveError::Empty(after)));
    assert_eq!(router.try_receive(before), Err(ReceiveError::NoSuchAgent(before)));
    let letters = router.take_dead_letters();
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!((letter.to, letter.reason), (before, Reason::NoSuchAgent));
    assert_eq!(letter.envelope.message, "for the first");
    assert!(!router.remove(before));
}

#[test]
fn ids_are_dense_and_spread_over_the_shards() {
    let options = RouterOptions { shards: NonZeroUsize::new(3).unwrap(), ..Default::default() };
    let router: Router<()> = Router::new(options);
    assert_eq!(router.shards(), 4);
    let ids: Vec<AgentId> =
        (0..4_000).map(|_| router.register(MailboxOptions::default()).unwrap()).collect();
    let places: HashSet<u32> = ids.iter().map(|id| id.index()).collect();
    assert_eq!(places, (0..4_000).collect());
    assert_eq!(router.agents(), 4_000);
    for shard in 0..4 {
        assert_eq!(ids.iter().filter(|id| router.shard_of(**id) == shard).count(), 1_000);
    }
}

#[test]
fn an_id_and_none_take_eight_bytes() {
    assert_eq!(size_of::<AgentId>(), 8);
    assert_eq!(size_of::<Option<AgentId>>(), 8);
    assert_eq!(size_of::<Envelope<[u64; 8]>>(), 80);
}

#[test]
fn names_mean_one_agent_and_are_free_again_after_it() {
    let router: Router<()> = Router::default();
    let scout = router.register_named("scout", MailboxOptions::default()).unwrap();
    assert_eq!(router.find("scout"), Some(scout));
    let taken = router.register_named("scout", MailboxOptions::default());
    assert_eq!(taken, Err(RegisterError::NameTaken { name: "scout".into(), owner: scout }));
    assert_eq!(router.agents(), 1, "a refused agent leaves nothing behind");
    assert!(router.remove(scout));
    assert_eq!(router.find("scout"), None);
    let second = router.register_named("scout", MailboxOptions::default()).unwrap();
    assert_eq!(router.find("scout"), Some(second));
}

#[test]
fn a_dropped_mailbox_takes_its_agent_along() {
    let router: Router<u8> = Router::default();
    let mailbox = router.mailbox(MailboxOptions::default()).unwrap();
    let id = mailbox.id();
    router.send(id, Envelope::new(None, 1)).unwrap();
    drop(mailbox);
    let accounts = router.accounts();
    assert_eq!((accounts.dead.removed, accounts.queued, router.agents()), (1, 0, 0));
    assert_eq!(router.send(id, Envelope::new(None, 2)), Ok(Sent::DeadLetter));
}
