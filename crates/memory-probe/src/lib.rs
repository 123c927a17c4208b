//! Exact memory evidence, by the allocator's own account.
//!
//! What the operating system says of a process's memory (resident bytes) is what its allocator has
//! not given back, and says little of what the program holds. This crate counts where the bytes are
//! asked for: [`Counting`] wraps any allocator, adds up per thread, and [`Account`] reads the sums.
//!
//! ```
//! use memory_probe::{Account, Counting, Scope};
//!
//! #[global_allocator]
//! static ALLOCATOR: Counting<std::alloc::System> = Counting::new(std::alloc::System);
//! static BELIEFS: Scope = Scope::new("beliefs");
//!
//! # fn main() {
//! let before = Account::now();
//! let beliefs = BELIEFS.within(|| vec![0.25_f64; 100]);
//! assert_eq!(Account::now().since(&before).live_bytes(), 800);
//! assert_eq!(BELIEFS.account().live_blocks(), 1);
//! # drop(beliefs);
//! # }
//! ```
//!
//! [`leaks`] tells whether something that is done again and again leaves memory behind, and the
//! feature `history` has layouts for messages that are kept. [`footprint`] is what one object of many
//! costs, [`Formula`] how that depends on its parameters, and [`ProcessMemory`] what the system says of
//! the whole process.

#![warn(missing_docs)]

mod account;
mod counting;
mod error;
mod footprint;
mod formula;
#[cfg(feature = "history")]
pub mod history;
pub mod leaks;
mod least_squares;
mod overhead;
mod process;
mod scope;
mod tally;
pub mod workload;

pub use account::{Account, SizeClasses};
pub use counting::{Counting, ensure_counting};
pub use error::ProbeError;
pub use footprint::{Footprint, footprint};
pub use formula::{Coefficient, FitError, Formula, Term};
pub use overhead::Overhead;
pub use process::{ProcessError, ProcessMemory};
pub use scope::{Entered, Scope, scopes};
