//! Whom the server runs as: PostgreSQL refuses to run as root.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::error::ClusterError;

/// Who is taken instead of root, the first that exists: the one packages make for the server, or
/// the one that owns nothing.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user of this system and its group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Another user if this process is root's, else none.
    fn to_run_as() -> Result<Option<Self>, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let found = NAMES.into_iter().find_map(Self::named);
        found.map(Some).ok_or(ClusterError::Root { tried: NAMES })
    }

    /// A command that will run as this other user, if there has to be one.
    pub(super) fn command(program: &str) -> Result<Command, ClusterError> {
        let mut command = Command::new(program);
        if let Some(Self { uid, gid }) = Self::to_run_as()? {
            command.uid(uid).gid(gid);
        }
        Ok(command)
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
