//! Ctrl-C in a process that works in somebody's database.

use std::process;

use super::existing::drop_schemas;

/// What a shell reports of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C, SIGTERM and SIGHUP drop our schema from an existing database and then end the
/// process with exit code 130. For the beginning of `main`; a process with a handler of its own calls
/// [`drop_schemas`] there.
///
/// # Errors
/// [`ctrlc::Error`] if there is a handler already, which then stays.
pub fn end_on_interrupt() -> Result<(), ctrlc::Error> {
    ctrlc::try_set_handler(|| {
        drop_schemas();
        process::exit(INTERRUPTED);
    })
}
