use std::num::NonZeroUsize;

use memory_probe::{ProbeError, footprint};

#[test]
fn a_program_that_does_not_count_is_told_what_to_add() {
    let refused = footprint(NonZeroUsize::MIN, |_| Box::new(0_u64)).unwrap_err();
    assert_eq!(refused, ProbeError::NotCounting);
    let message = refused.to_string();
    assert!(message.contains("#[global_allocator]\n    static ALLOCATOR: "), "{message}");
}
