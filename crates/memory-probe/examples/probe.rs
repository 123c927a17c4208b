//! The probe in a program of one's own.
//!
//! `cargo run --release -p memory-probe --example probe`

use std::collections::HashMap;

use memory_probe::{Account, Counting};

#[global_allocator]
static ALLOCATOR: Counting<std::alloc::System> = Counting::new(std::alloc::System);

fn main() {
    let before = Account::now();
    let inboxes = inboxes();
    let account = Account::now().since(&before);
    println!("{} agents' inboxes: {account}", inboxes.len());
}

/// Whatever the program does.
fn inboxes() -> HashMap<u32, Vec<String>> {
    (0..1_000).map(|agent| (agent, vec![format!("hello, agent {agent}"); 3])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use memory_probe::Scope;

    /// Beside other tests a scope tells whose bytes are counted.
    static INBOXES: Scope = Scope::new("inboxes");

    #[test]
    fn what_is_dropped_is_given_back() {
        let inboxes = INBOXES.within(inboxes);
        let account = INBOXES.account();
        assert_eq!(account.live_blocks(), 1 + 1_000 + 3_000);
        INBOXES.within(|| drop(inboxes));
        assert_eq!(INBOXES.account().live_bytes(), 0);
    }
}
