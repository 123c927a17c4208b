//! Whom the server runs as: PostgreSQL refuses to run as root.

use std::process::Command;

use super::error::ClusterError;

/// Who is taken instead of root, the first that exists: the one packages make for the server, or
/// the one that owns nothing.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user of this system and its group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// Another user if this process is root's, else none.
    pub(super) fn to_run_as() -> Result<Option<Self>, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let found = NAMES.into_iter().find_map(Self::named);
        found.map(Some).ok_or(ClusterError::Root { tried: NAMES })
    }

    fn named(name: &str) -> Option<Self> {
        Some(Self { uid: number("-u", name)?, gid: number("-g", name)? })
    }
}

/// `id` asks whatever the system keeps its users in.
fn number(flag: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([flag, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
