//! The commit of a checkout, as git tells it.

use std::path::Path;
use std::process::Command;

use measure::run_file::Source;

/// The commit, branch and state of the checkout around `folder`.
pub fn of(folder: &Path) -> Source {
    let git = |arguments: &[&str]| -> Option<String> {
        let output = Command::new("git").args(arguments).current_dir(folder).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    Source {
        commit: git(&["rev-parse", "--verify", "HEAD"]),
        branch: git(&["symbolic-ref", "--short", "-q", "HEAD"]),
        dirty: git(&["status", "--porcelain", "--untracked-files=no"])
            .is_some_and(|s| !s.is_empty()),
    }
}
