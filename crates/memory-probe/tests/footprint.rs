//! What known objects and agents hold, by the probe.
//!
//! A binary of its own with no test harness, because it owns the global allocator and its counts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::alloc::System;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use agent_core::workload;
use agent_core::{Agent, Population, Real};
use memory_probe::{Counting, Footprint, footprint};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

const OBJECTS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

fn main() {
    let tests: &[(&str, fn())] = &[
        ("known objects have their size", known_objects_have_their_size),
        ("nested maps are the sum of their parts", nested_maps_are_the_sum_of_their_parts),
        ("what is given back is transient", what_is_given_back_is_transient),
        ("what is shared is no part", what_is_shared_is_no_part),
        ("what only the first makes is no part", what_only_the_first_makes_is_no_part),
        ("what is not given back is told", what_is_not_given_back_is_told),
        ("spare capacity is told", spare_capacity_is_told),
        ("agents hold what they account for", agents_hold_what_they_account_for),
        ("a population holds what it accounts for", a_population_holds_what_it_accounts_for),
    ];
    for (name, test) in tests {
        test();
        println!("ok: {name}");
    }
}

fn of<T>(make: impl FnMut(usize) -> T) -> Footprint {
    footprint(OBJECTS, make).unwrap()
}

fn known_objects_have_their_size() {
    let expected = Footprint {
        objects: OBJECTS,
        inline_bytes: 24,
        heap_bytes: 300_000,
        heap_blocks: 1_000,
        allocated_bytes: 300_000,
        allocated_blocks: 1_000,
        container_bytes: 24_000,
        left_bytes: 0,
    };
    assert_eq!(of(|_| Vec::<u8>::with_capacity(300)), expected);
    let boxed = of(|number| Box::new([number; 7]));
    assert_eq!((boxed.bytes(), boxed.blocks()), (8.0 + 56.0, 1.0));
    let number = of(|number| number as u32);
    assert_eq!((number.bytes(), number.blocks(), number.transient_percent()), (4.0, 0.0, 0.0));
    // On average: half of them have 10 bytes and the others none.
    let halves = of(|number| vec![0_u8; 10 * (number % 2)]);
    assert_eq!((halves.bytes(), halves.blocks()), (24.0 + 5.0, 0.5));
    let nothing = of(|_| ());
    assert_eq!(
        (nothing.bytes(), nothing.container_bytes, nothing.spare_percent(0.0)),
        (0.0, 0, 0.0)
    );
}

/// Each leaf of a small `BTreeMap` is one block, whose size std does not tell but a single map does.
fn nested_maps_are_the_sum_of_their_parts() {
    let leaf = of(|_| BTreeMap::from([(1_u64, 1_u64)]));
    assert_eq!(leaf.blocks(), 1.0);
    let inner = |number: usize| (number as u64, BTreeMap::from([(1_u64, 1_u64)]));
    let outer = of(|_| BTreeMap::from([(1_u64, Vec::<()>::new())]));
    let nested = of(|_| BTreeMap::from_iter((0..3).map(inner)));
    assert_eq!(size_of::<Vec<()>>(), size_of::<BTreeMap<u64, u64>>());
    assert_eq!(nested.blocks(), 4.0);
    assert_eq!(nested.heap_bytes, outer.heap_bytes + 3 * leaf.heap_bytes);
}

fn what_is_given_back_is_transient() {
    let grown = of(|_| {
        let room = vec![0_u8; 300];
        room[..100].to_vec()
    });
    assert_eq!(grown.bytes(), 24.0 + 100.0);
    assert_eq!((grown.transient_bytes(), grown.transient_percent()), (300.0, 75.0));
    assert_eq!((grown.allocated_blocks, grown.heap_blocks), (2_000, 1_000));
}

fn what_is_shared_is_no_part() {
    let shared = Arc::new([0_u8; 4096]);
    assert_eq!(of(|_| Arc::clone(&shared)).bytes(), 8.0);
    let copied = of(|_| Arc::new(*shared));
    assert_eq!(copied.bytes(), 8.0 + 16.0 + 4096.0);
}

fn what_only_the_first_makes_is_no_part() {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    let made = of(|_| vec![TABLE.get_or_init(|| vec![7; 1 << 20])[0]; 8]);
    assert_eq!((made.bytes(), made.left_bytes), (24.0 + 8.0, 0));
}

fn what_is_not_given_back_is_told() {
    let leaking = of(|_| std::mem::forget(std::hint::black_box(Box::new(0_u64))));
    assert_eq!((leaking.left_bytes, leaking.heap_bytes), (8_000, 8_000));
}

fn spare_capacity_is_told() {
    let roomy = of(|_| {
        let mut roomy = Vec::<u8>::with_capacity(76);
        roomy.extend([0; 26]);
        roomy
    });
    assert_eq!(roomy.spare_percent(24.0 + 26.0), 50.0);
    assert_eq!(roomy.spare_percent(24.0 + 76.0), 0.0);
    assert_eq!(roomy.spare_percent(200.0), -100.0);
}

/// The engine's own account, the sum of an agent's parts by the model's shapes, and the allocator.
fn agents_hold_what_they_account_for() {
    for job in workload::of_group("spawn") {
        let states = job.generative_model().num_states().iter().sum();
        let model = job.model().unwrap();
        agent_is(of(|_| Agent::new(&model)), states, &Agent::new(&model));
        let model = job.model_in_f32().unwrap();
        agent_is(of(|_| Agent::new(&model)), states, &Agent::new(&model));
    }
}

fn agent_is<R: Real>(found: Footprint, states: usize, agent: &Agent<R>) {
    let by_shapes = size_of::<Agent<R>>() + states * size_of::<R>();
    assert_eq!(found.bytes(), by_shapes as f64);
    assert_eq!(found.bytes(), agent.bytes() as f64);
    assert_eq!((found.blocks(), found.transient_bytes(), found.left_bytes), (1.0, 0.0, 0));
}

fn a_population_holds_what_it_accounts_for() {
    let model = workload::find("spawn", "grid10").unwrap().model().unwrap();
    let many = |agents| {
        let mut population = Population::new(&model);
        (0..agents).for_each(|seed| {
            population.spawn(seed);
        });
        population
    };
    for agents in [1, 100, 1_001] {
        let found = footprint(NonZeroUsize::MIN, |_| many(agents)).unwrap();
        assert_eq!(found.heap_bytes, many(agents).bytes() as i64, "{agents} agents");
    }
}
