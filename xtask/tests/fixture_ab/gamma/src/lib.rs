//! What an operation takes, for the bench to say.

/// Nanoseconds.
pub const TIME: f64 = 100.0;
