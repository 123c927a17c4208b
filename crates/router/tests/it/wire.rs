//! What travels between processes: ids, envelopes and accounts, as text and as bytes.

use std::fmt::Debug;
use std::thread::sleep;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use router::{
    Accounts, AgentId, DeadCounts, Dropped, Envelope, MailboxOptions, ReceiveError, Router, Sent,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};

/// An id of any agent, as another process would write it.
fn id(index: u32, generation: u32) -> AgentId {
    from_value(json!({ "node": null, "index": index, "generation": generation })).unwrap()
}

/// What comes back of a value in a format that names its fields, and in one that does not.
fn there_and_back<T: Serialize + DeserializeOwned>(value: &T) -> [T; 2] {
    let text = serde_json::to_string(value).unwrap();
    let bytes = postcard::to_allocvec(value).unwrap();
    [serde_json::from_str(&text).unwrap(), postcard::from_bytes(&bytes).unwrap()]
}

/// Why a value cannot be read from JSON.
fn refusal<T: DeserializeOwned + Debug>(value: Value) -> String {
    from_value::<T>(value).unwrap_err().to_string()
}

/// The milliseconds that an envelope says remain.
fn remaining_ms(envelope: &Envelope<u8>) -> u64 {
    to_value(envelope).unwrap()["time_to_live_ms"].as_u64().unwrap()
}

fn ids() -> impl Strategy<Value = AgentId> {
    (any::<u32>(), 1..=u32::MAX).prop_map(|(index, generation)| id(index, generation))
}

fn envelopes() -> impl Strategy<Value = Envelope<(String, Vec<i64>)>> {
    (proptest::option::of(ids()), any::<(String, Vec<i64>)>())
        .prop_map(|(from, message)| Envelope::new(from, message))
}

proptest! {
    #[test]
    fn an_id_comes_back_as_it_went(index in any::<u32>(), generation in 1..=u32::MAX) {
        let id = id(index, generation);
        prop_assert_eq!((id.index(), id.generation()), (index, generation));
        prop_assert_eq!(there_and_back(&id), [id, id]);
    }

    #[test]
    fn an_envelope_comes_back_as_it_went(envelope in envelopes()) {
        for back in there_and_back(&envelope) {
            prop_assert_eq!(&back, &envelope);
        }
    }

    #[test]
    fn an_envelope_that_is_cut_short_is_refused(envelope in envelopes()) {
        let bytes = postcard::to_allocvec(&envelope).unwrap();
        for length in 0..bytes.len() {
            let read = postcard::from_bytes::<Envelope<(String, Vec<i64>)>>(&bytes[..length]);
            prop_assert!(read.is_err(), "{length} of {} bytes are an envelope", bytes.len());
        }
    }

    /// Noise may happen to be an envelope; then it is one like any other.
    #[test]
    fn noise_is_refused_or_sound(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(envelope) = postcard::from_bytes::<Envelope<Option<u8>>>(&bytes) {
            prop_assert!(envelope.from.is_none_or(|from| from.generation() > 0));
            prop_assert!(postcard::to_allocvec(&envelope).is_ok());
        }
    }

    /// Of the three ids that are there, those that are not met by chance.
    #[test]
    fn an_id_from_elsewhere_is_an_agent_that_is_not_there(stranger in ids()) {
        let router = Router::default();
        let agents: Vec<AgentId> =
            (0..3).map(|_| router.register(MailboxOptions::default()).unwrap()).collect();
        prop_assume!(!agents.contains(&stranger));
        prop_assert_eq!(router.send(stranger, Envelope::new(None, ())), Ok(Sent::DeadLetter));
        prop_assert_eq!(router.try_receive(stranger), Err(ReceiveError::NoSuchAgent(stranger)));
        prop_assert!(!router.remove(stranger));
    }
}

#[test]
fn an_id_that_no_agent_can_have_is_refused_and_why() {
    let forged = json!({ "node": null, "index": 7, "generation": 0 });
    let why = "agent id 7.0 has generation 0, which no agent has: generations are counted from 1";
    assert_eq!(refusal::<AgentId>(forged.clone()), why);
    let envelope = json!({ "from": forged, "time_to_live_ms": null, "message": "hello" });
    assert_eq!(refusal::<Envelope<String>>(envelope), why);
    // No node, place 7, generation 0.
    assert!(postcard::from_bytes::<AgentId>(&[0, 7, 0]).is_err());
    assert_eq!(postcard::from_bytes::<AgentId>(&[0, 7, 1]), Ok(id(7, 1)));
}

#[test]
fn an_id_of_another_node_is_not_taken_for_one_of_here() {
    let elsewhere = refusal::<AgentId>(json!({ "node": 3, "index": 7, "generation": 1 }));
    assert!(elsewhere.starts_with("agent id 7.1 is of node 3;"), "{elsewhere}");
    let here: AgentId = from_value(json!({ "index": 7, "generation": 1 })).unwrap();
    assert_eq!(here, id(7, 1));
}

#[test]
fn what_is_no_envelope_is_refused() {
    let sound = json!({ "from": null, "time_to_live_ms": 5, "message": 1 });
    assert!(from_value::<Envelope<u8>>(sound.clone()).is_ok());
    for (field, broken) in [
        ("from", json!("7.1")),
        ("from", json!({ "index": 7 })),
        ("from", json!({ "index": -1, "generation": 1 })),
        ("time_to_live_ms", json!(-1)),
        ("time_to_live_ms", json!(1_u64 << 32)),
        ("time_to_live_ms", json!("soon")),
        ("message", json!(300)),
        ("message", Value::Null),
    ] {
        let mut envelope = sound.clone();
        envelope[field] = broken.clone();
        assert!(from_value::<Envelope<u8>>(envelope).is_err(), "{field}: {broken} is taken");
    }
    let nothing = refusal::<Envelope<u8>>(json!({ "from": null, "time_to_live_ms": 5 }));
    assert_eq!(nothing, "missing field `message`");
    let least: Envelope<u8> = from_value(json!({ "message": 1 })).unwrap();
    assert_eq!(least, Envelope::new(None, 1));
}

#[test]
fn a_time_to_live_travels_as_what_remains_of_it() {
    let began = Instant::now();
    let lifetime = Duration::from_secs(3_600);
    let sent = Envelope::expiring(None, 1, lifetime);
    sleep(Duration::from_millis(20));
    let at_most = lifetime.as_millis() as u64 - 20;
    let remains = remaining_ms(&sent);
    let elapsed = began.elapsed().as_millis() as u64;
    assert!(remains <= at_most, "{remains}");
    assert!(remains + elapsed + 1 >= lifetime.as_millis() as u64, "{remains} after {elapsed}");
    for back in there_and_back(&sent) {
        assert!(remaining_ms(&back) <= remains);
        assert!(remaining_ms(&back) + began.elapsed().as_millis() as u64 + 1 >= remains);
    }
    let forever = to_value(Envelope::new(None, 1_u8)).unwrap();
    let plain = json!({
        "from": null,
        "time_to_live_ms": null,
        "priority": "Normal",
        "route": "Direct",
        "message": 1
    });
    assert_eq!(forever, plain);
}

#[test]
fn who_reads_a_time_to_live_counts_on() {
    let router = Router::default();
    let agent = router.register(MailboxOptions::default()).unwrap();
    let read = |milliseconds: u32, message: u8| -> Envelope<u8> {
        from_value(json!({ "from": null, "time_to_live_ms": milliseconds, "message": message }))
            .unwrap()
    };
    let _starts_the_clock = Envelope::expiring(None, 0_u8, Duration::ZERO);
    sleep(Duration::from_millis(20));
    for envelope in [read(0, 1), read(5, 2), read(3_600_000, 3)] {
        router.send(agent, envelope).unwrap();
    }
    sleep(Duration::from_millis(10));
    assert_eq!(router.try_receive(agent).map(|envelope| envelope.message), Ok(3));
    assert_eq!(router.accounts().dropped.expired, 2);
    // It counts from now, not from when the process's clock began: by that, 15 would be over. Again
    // and again, for this thread may be stopped for as long.
    assert!((0..1_000).any(|_| remaining_ms(&read(15, 4)) > 0));
}

#[test]
fn accounts_can_be_printed_and_read() {
    let accounts = Accounts {
        sent: 45,
        delivered: 9,
        queued: 8,
        dropped: Dropped { oldest: 7, newest: 6, expired: 5 },
        dead: DeadCounts { no_such_agent: 4, removed: 3, full: 3 },
    };
    let text = json!({
        "sent": 45,
        "delivered": 9,
        "queued": 8,
        "dropped": { "oldest": 7, "newest": 6, "expired": 5 },
        "dead": { "no_such_agent": 4, "removed": 3, "full": 3 },
    });
    assert_eq!(to_value(accounts).unwrap(), text);
    assert_eq!(there_and_back(&accounts), [accounts; 2]);
}
