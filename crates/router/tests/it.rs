//! What the router promises, by behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod it {
    mod accounts;
    mod back_pressure;
    mod codecs;
    mod identity;
    mod traffic;
    mod waiting;
    mod wire;
    mod workloads;
}
