//! What the router promises, by behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod it {
    mod accounts;
    mod back_pressure;
    mod closing;
    mod codecs;
    mod content;
    mod groups;
    mod identity;
    mod observing;
    mod priority;
    mod requests;
    mod routes;
    mod topics;
    mod traffic;
    mod waiting;
    mod wire;
    mod workloads;
}
