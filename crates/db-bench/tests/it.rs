//! The store, on real databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod it {
    mod disk;
    mod group_commit;
    mod killed;
    mod stores;
    mod temporary;
    mod threads;
}
