//! What the store and its servers promise, by behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod it {
    mod cluster;
    mod existing;
}
