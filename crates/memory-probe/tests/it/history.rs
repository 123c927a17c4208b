//! Every layout answers as a plain list of messages does.

use memory_probe::history::{
    Columns, History, HistoryError, Kind, Limit, Message, Ring, Rows, Sealed, Traffic,
};
use proptest::prelude::*;

/// Names that come again, odd ones among them.
const NAMES: [&str; 6] = ["agent-1", "agent-2", "", "Ωmega", "agent-10", "a b"];

fn figure() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-1_000_000..1_000_000_i64).prop_map(|cents| cents as f64 / 100.0),
        Just(-0.0),
        Just(f64::MAX),
    ]
}

prop_compose! {
    /// A message that comes so long after the one before.
    fn message()(
        later in prop_oneof![Just(0), 1..1_000_u64, Just(1 << 40)],
        names in prop::array::uniform3(prop::sample::select(&NAMES[..])),
        kind in prop::sample::select(&Kind::ALL[..]),
        text in ".{0,40}",
        figures in prop::collection::btree_map("[a-cß]{0,2}", figure(), 0..5),
    ) -> Message {
        let [from, to, subject] = names.map(str::to_owned);
        Message { time_ns: later, from, to, kind, subject, text, figures }
    }
}

/// Messages in order: each gives how long it came after the one before.
fn messages(most: usize) -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec(message(), 0..most).prop_map(|mut messages| {
        let mut time_ns = 0;
        for message in &mut messages {
            time_ns += message.time_ns;
            message.time_ns = time_ns;
        }
        messages
    })
}

fn layouts() -> Vec<Box<dyn History>> {
    vec![
        Box::new(Rows::default()),
        Box::new(Rows::new(Limit::Messages(37))),
        Box::new(Rows::new(Limit::Bytes(20_000))),
        Box::new(Ring::new(2_000)),
        Box::new(Columns::default()),
        Box::new(Sealed::default()),
    ]
}

/// By its bits: figures that are not numbers are equal to themselves.
fn bits(message: &Message) -> (Message, Vec<u64>) {
    let figures = message.figures.values().map(|figure| figure.to_bits()).collect();
    let names = message.figures.keys().map(|name| (name.clone(), 0.0)).collect();
    (Message { figures: names, ..message.clone() }, figures)
}

fn listed<'a>(found: impl Iterator<Item = (u64, Message)> + 'a) -> Vec<(u64, (Message, Vec<u64>))> {
    found.map(|(number, message)| (number, bits(&message))).collect()
}

proptest! {
    #[test]
    fn every_layout_answers_as_a_list_does(messages in messages(300), at in any::<prop::sample::Index>()) {
        for mut history in layouts() {
            for (number, message) in messages.iter().enumerate() {
                prop_assert_eq!(history.append(message.clone()).unwrap(), number as u64);
            }
            prop_assert_eq!(history.next(), messages.len() as u64);
            let first = history.first();
            let kept: Vec<(u64, Message)> =
                (0..).zip(messages.iter().cloned()).skip(first as usize).collect();
            prop_assert_eq!(history.len(), kept.len());
            prop_assert_eq!(listed(history.iter()), listed(kept.iter().cloned()));
            for (number, message) in &kept {
                prop_assert_eq!(history.get(*number).as_ref().map(bits), Some(bits(message)));
            }
            prop_assert_eq!(history.get(history.next()), None);
            prop_assert!(first == 0 || history.get(first - 1).is_none());
            for name in NAMES {
                let own = |message: &Message| message.from == name || message.to == name;
                let expected = kept.iter().filter(|(_, message)| own(message)).cloned();
                prop_assert_eq!(listed(history.of_agent(name)), listed(expected));
            }
            prop_assert_eq!(history.of_agent("nobody").count(), 0);
            if messages.is_empty() {
                continue;
            }
            let time = at.get(&messages).time_ns;
            for times in [0..time, time..u64::MAX, time..time + 1, time..time + 500, time + 1..time] {
                let within = |message: &Message| times.contains(&message.time_ns);
                let expected = kept.iter().filter(|(_, message)| within(message)).cloned();
                prop_assert_eq!(listed(history.between(times.clone())), listed(expected));
            }
            let from = at.index(messages.len()) as u64;
            let expected = kept.iter().filter(|(number, _)| *number >= from).cloned();
            prop_assert_eq!(listed(history.iter_from(from)), listed(expected));
        }
    }
}

#[test]
fn what_is_unbounded_keeps_everything() {
    for (layout, mut history) in layouts().into_iter().enumerate() {
        for message in Traffic::new(3).take(1_000) {
            history.append(message).unwrap();
        }
        let bounded = (1..=3).contains(&layout);
        assert_eq!(history.first() > 0, bounded, "layout {layout}");
        assert_eq!(history.next(), 1_000);
    }
}

#[test]
fn bounds_hold_and_are_used() {
    let mut by_count = Rows::new(Limit::Messages(10));
    let mut by_bytes = Rows::new(Limit::Bytes(10_000));
    let mut ring = Ring::new(50_000);
    let largest = |message: &Message| size_of::<Message>() + message.heap_bytes();
    for (number, message) in Traffic::new(5).take(1_000).enumerate() {
        let room = largest(&message);
        by_count.append(message.clone()).unwrap();
        assert_eq!(by_count.len(), (number + 1).min(10));
        by_bytes.append(message.clone()).unwrap();
        let held: usize = by_bytes.iter().map(|(_, kept)| largest(&kept)).sum();
        assert!(held <= 10_000, "{held} bytes are kept");
        assert!(by_bytes.first() == 0 || held > 10_000 - 2 * room, "only {held} bytes are kept");
        ring.append(message).unwrap();
    }
    // A message has about a hundred bytes there.
    assert!((400..625).contains(&ring.len()), "{}", ring.len());
}

#[test]
fn what_cannot_be_kept_is_refused_and_changes_nothing() {
    let mut traffic = Traffic::new(1);
    let (earlier, later) = (traffic.next().unwrap(), traffic.next().unwrap());
    for mut history in layouts() {
        history.append(later.clone()).unwrap();
        let refused = history.append(earlier.clone()).unwrap_err();
        let HistoryError::Earlier { given, last } = refused else { panic!("{refused}") };
        assert_eq!((given, last), (earlier.time_ns, later.time_ns));
        assert_eq!(history.iter().collect::<Vec<_>>(), [(0, later.clone())]);
    }
    let large = Message { text: "x".repeat(3_000), ..later.clone() };
    let small: [Box<dyn History>; 3] = [
        Box::new(Rows::new(Limit::Bytes(2_000))),
        Box::new(Rows::new(Limit::Messages(0))),
        Box::new(Ring::new(2_000)),
    ];
    for mut history in small {
        let before = history.heap_bytes();
        let refused = history.append(large.clone()).unwrap_err();
        assert!(matches!(refused, HistoryError::TooLarge { bytes: 3_000.., .. }), "{refused}");
        assert_eq!((history.len(), history.first(), history.heap_bytes()), (0, 0, before));
    }
}

/// Names that never come again.
fn unheard_of(number: u64) -> Message {
    let [from, to] = ["from", "to"].map(|end| format!("agent {number}, {end}"));
    let figures =
        (0..5).map(|figure| (format!("{number}.{figure}"), 0.1 + number as f64)).collect();
    let subject = format!("subject {number}");
    Message { time_ns: number, from, to, kind: Kind::Inform, subject, text: String::new(), figures }
}

#[test]
fn a_ring_never_grows_whatever_the_names() {
    const BUFFER: usize = 20_000;
    // All names are equally long.
    const FIRST: u64 = 100_000;
    let mut ring = Ring::new(BUFFER as u32);
    let mut most = 0;
    for number in FIRST..FIRST + 20_000 {
        ring.append(unheard_of(number)).unwrap();
        if number == FIRST + 5_000 {
            most = ring.heap_bytes();
            assert!(most < 4 * BUFFER, "{most} bytes");
        }
    }
    assert!(ring.heap_bytes() <= most, "{} bytes, {most} before", ring.heap_bytes());
    let kept: Vec<_> = ring.iter().collect();
    assert!(kept.len() > 30, "{} messages are kept", kept.len());
    for (number, message) in kept {
        assert_eq!(message, unheard_of(FIRST + number));
        assert_eq!(ring.of_agent(&message.from).count(), 1);
    }
    assert_eq!(ring.of_agent("agent 100003, from").count(), 0);
}

#[test]
fn a_refused_message_leaves_no_names_in_a_ring() {
    let mut ring = Ring::new(2_000);
    ring.append(unheard_of(1)).unwrap();
    let before = (ring.heap_bytes(), ring.next());
    let many_names = Message {
        figures: (0..60).map(|figure| (figure.to_string(), 1.0 / 3.0)).collect(),
        ..unheard_of(2)
    };
    let long_name = Message { from: "x".repeat(2_001), ..unheard_of(2) };
    let long_text = Message { text: "x".repeat(2_001), ..unheard_of(2) };
    for message in [many_names, long_name, long_text] {
        let refused = ring.append(message).unwrap_err();
        let HistoryError::TooLarge { bytes, limit: 2_000 } = refused else { panic!("{refused}") };
        assert!(bytes > 2_000);
        assert_eq!((ring.heap_bytes(), ring.next()), before);
        assert_eq!(ring.get(0), Some(unheard_of(1)));
    }
}

#[test]
fn a_message_of_many_short_names_and_figures_fits_where_it_may() {
    let many = Message {
        figures: (0..60).map(|figure| (figure.to_string(), 1.0 / 3.0)).collect(),
        ..unheard_of(2)
    };
    let kept = (2_000..6_000).find_map(|bytes| {
        let mut ring = Ring::new(bytes);
        ring.append(many.clone()).ok().map(|_| ring.get(0))
    });
    assert_eq!(kept, Some(Some(many)));
}

#[test]
fn histories_of_one_thread_do_not_read_each_others_blocks() {
    let mut histories = [Sealed::default(), Sealed::default()];
    for (seed, history) in (1..).zip(&mut histories) {
        for message in Traffic::new(seed).take(300) {
            history.append(message).unwrap();
        }
    }
    let expected: Vec<Vec<Message>> =
        (1..3).map(|seed| Traffic::new(seed).take(300).collect()).collect();
    for number in [0, 5, 70, 71, 200, 5] {
        for (history, expected) in histories.iter().zip(&expected) {
            assert_eq!(history.get(number as u64).as_ref(), Some(&expected[number]));
        }
    }
    let [one, _] = histories;
    let elsewhere =
        std::thread::spawn(move || one.iter().map(|(_, message)| message).collect::<Vec<_>>());
    assert_eq!(elsewhere.join().unwrap(), expected[0]);
}

#[test]
fn traffic_is_as_large_as_it_says() {
    let numbered = |(number, message): (usize, Message)| {
        let mut json = serde_json::to_value(message).unwrap();
        json["number"] = number.into();
        json.to_string().len()
    };
    let bytes: usize = Traffic::new(9).take(2_000).enumerate().map(numbered).sum();
    assert!((279..290).contains(&(bytes / 2_000)), "{} bytes", bytes / 2_000);
    let again: Vec<Message> = Traffic::new(9).take(10).collect();
    assert_eq!(again, Traffic::new(9).take(10).collect::<Vec<_>>());
    assert_ne!(again, Traffic::new(8).take(10).collect::<Vec<_>>());
}
