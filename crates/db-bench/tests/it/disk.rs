//! The disk's own sync time.

use std::fs;

use db_bench::disk;

#[test]
fn syncs_are_timed_in_order_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let times = disk::sync_times(folder.path(), 5).unwrap();
    assert_eq!(times.count, 5);
    // A system call takes time, and the 99th percentile of five is the longest.
    assert!(!times.median.is_zero() && times.median <= times.p99, "{times}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(disk::sync_times(folder.path(), 0).unwrap().count, 1);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    disk::sync_times(&folder.path().join("nowhere"), 1).unwrap_err();
}
