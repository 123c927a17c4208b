//! Who wants what.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use router::content::{ContentFilters, Filter, SubscriptionId};
use router::{AgentId, Envelope, MailboxOptions, Router};

fn agents<const COUNT: usize>() -> [AgentId; COUNT] {
    let router: Router<()> = Router::default();
    std::array::from_fn(|_| router.register(MailboxOptions::default()).unwrap())
}

fn multiples_of(divisor: u32) -> Filter<u32> {
    Filter::new(move |envelope: &Envelope<u32>| envelope.message.is_multiple_of(divisor))
}

#[derive(Clone, Debug)]
enum Deed {
    Subscribe(usize, u32),
    /// Ends the subscription of this number, ended ones included.
    End(usize),
    Remove(usize),
    Send(u32),
}

fn deed() -> impl Strategy<Value = Deed> {
    let agent = 0_usize..6;
    prop_oneof![
        4 => (agent.clone(), 1_u32..8).prop_map(|(agent, of)| Deed::Subscribe(agent, of)),
        2 => any::<usize>().prop_map(Deed::End),
        1 => agent.prop_map(Deed::Remove),
        6 => (0_u32..1_000).prop_map(Deed::Send),
    ]
}

proptest! {
    #[test]
    fn everybody_who_wants_a_message_is_named_once(
        deeds in proptest::collection::vec(deed(), 1..200),
    ) {
        let agents: [AgentId; 6] = agents();
        let mut filters = ContentFilters::default();
        let mut made: Vec<(SubscriptionId, usize, u32, bool)> = Vec::new();
        let mut out = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Subscribe(agent, divisor) => {
                    let id = filters.subscribe(agents[agent], multiples_of(divisor));
                    made.push((id, agent, divisor, true));
                }
                Deed::End(number) => {
                    let number = number % made.len().max(1);
                    let Some((id, .., is_there)) = made.get_mut(number) else { continue };
                    prop_assert_eq!(filters.unsubscribe(*id), std::mem::take(is_there));
                }
                Deed::Remove(agent) => {
                    let mut own = 0;
                    for (_, owner, _, is_there) in &mut made {
                        own += usize::from(*owner == agent && std::mem::take(is_there));
                    }
                    prop_assert_eq!(filters.remove(agents[agent]), own);
                }
                Deed::Send(message) => {
                    let wants = |agent| {
                        made.iter().any(|(_, owner, divisor, is_there)| {
                            *owner == agent && *is_there && message % divisor == 0
                        })
                    };
                    let expected: Vec<AgentId> =
                        (0..6).filter(|agent| wants(*agent)).map(|agent| agents[agent]).collect();
                    filters.matches(&Envelope::new(None, message), &mut out);
                    prop_assert_eq!(&out, &expected);
                }
            }
        }
        prop_assert_eq!(filters.panics(), 0);
        prop_assert_eq!(filters.is_empty(), made.iter().all(|(.., is_there)| !is_there));
    }
}

#[test]
fn a_filter_that_panics_says_no_and_is_counted_and_others_are_asked() {
    let [first, broken, last] = agents();
    let mut filters = ContentFilters::default();
    filters.subscribe(last, multiples_of(1));
    filters.subscribe(first, multiples_of(1));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    filters.subscribe(
        broken,
        Filter::new(move |envelope: &Envelope<u32>| {
            counted.fetch_add(1, Ordering::Relaxed);
            assert_ne!(envelope.message, 13, "a message that it does not expect");
            true
        }),
    );
    let mut out = Vec::new();
    filters.matches(&Envelope::new(None, 13), &mut out);
    assert_eq!((&out[..], filters.panics()), (&[first, last][..], 1));
    filters.matches(&Envelope::new(None, 14), &mut out);
    assert_eq!((&out[..], filters.panics()), (&[first, broken, last][..], 1));
    // Its other filter still has a say.
    filters.subscribe(broken, multiples_of(13));
    filters.matches(&Envelope::new(None, 13), &mut out);
    assert_eq!((&out[..], filters.panics()), (&[first, broken, last][..], 2));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(filters.remove(broken), 2);
    assert_eq!(Arc::strong_count(&calls), 1, "a filter goes with its subscription");
}

#[test]
fn a_filter_sees_who_sent() {
    let [scout, listener] = agents();
    let mut filters = ContentFilters::default();
    let from_scout = Filter::new(move |envelope: &Envelope<u32>| envelope.from == Some(scout));
    assert!(from_scout.clone().wants(&Envelope::new(scout, 1)));
    filters.subscribe(listener, from_scout);
    let mut out = vec![scout];
    filters.matches(&Envelope::new(None, 1), &mut out);
    assert_eq!(out, []);
    filters.matches(&Envelope::new(scout, 1), &mut out);
    assert_eq!(out, [listener]);
}
