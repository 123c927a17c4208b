//! One of two revisions, where it is built.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::workspace::Workspace;

/// A checkout, and what it is called.
pub struct Side {
    pub name: String,
    pub workspace: Workspace,
}

impl Side {
    /// A revision in a git worktree of its own, below `target/ab`, which is kept with what is built there:
    /// the next time nothing is built again. Each side has its own, since cargo knows a crate by its place
    /// within a workspace and would take one side's for the other's.
    pub fn of_revision(here: &Workspace, revision: &str) -> Result<Self, Failure> {
        let spec = format!("{revision}^{{commit}}");
        let commit =
            git(&here.root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]);
        let commit = commit.map_err(|_| Failure::usage(format!("'{revision}' is no revision")))?;
        let short = commit.get(..12).unwrap_or(&commit).to_owned();
        let folder = here.target_dir.join("ab").join(&short);
        let tree = folder.join("tree");
        if !tree.join("Cargo.toml").exists() {
            let place = tree.display().to_string();
            git(&here.root, &["worktree", "prune"]).map_err(Failure::environment)?;
            git(&here.root, &["worktree", "add", "--force", "--detach", &place, &commit])
                .map_err(Failure::environment)?;
        }
        let mut workspace = Workspace::at(&tree)?;
        workspace.target_dir = folder.join("build");
        Ok(Self { name: format!("{revision} ({short})"), workspace })
    }

    /// The files as they are, committed or not.
    pub fn of_working_tree(here: &Workspace) -> Result<Self, Failure> {
        Ok(Self { name: "the working tree".to_owned(), workspace: Workspace::at(&here.root)? })
    }
}

/// What git says, or what it complains of.
fn git(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git").args(arguments).current_dir(root).output();
    let output = output.map_err(|error| format!("git could not be started: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!("git {}: {}", arguments.join(" "), text(&output.stderr)))
}
