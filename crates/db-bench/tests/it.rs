//! What the store and its servers promise, on real databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod it {
    mod cluster;
    mod disk;
    mod existing;
    mod group_commit;
    mod log;
    mod stores;
    mod temporary;
    mod threads;
    mod usage;
}
