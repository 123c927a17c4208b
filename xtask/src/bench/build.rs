//! Building bench targets and the runner of the instruction counts.
//!
//! All is built with the features that the whole workspace turns on, not those of one suite: then what
//! suites share is compiled once, and a count does not depend on which suites were asked for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow, bail};
use cargo_metadata::Message;

use crate::workspace::{BenchTarget, Suite, Workspace};

/// The package and binary that drives valgrind.
pub const RUNNER: &str = "instruction-runner";

/// Its integration test.
const RUNNER_TEST: &str = "runner";

/// Tells an instruction bench, through `.cargo/instruction-runner`, where that binary is.
pub const RUNNER_VARIABLE: &str = "INSTRUCTION_RUNNER";

/// What was built of one suite, by target name.
pub type Executables = BTreeMap<String, PathBuf>;

/// Builds the instruction runner and says where it is.
pub fn build_runner(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let mut cargo = cargo(workspace);
    // With a test of it, it has the features that it was tested with.
    cargo.args(["build", "--workspace", "--bin", RUNNER, "--test", RUNNER_TEST]);
    executables(cargo, None)?
        .remove(RUNNER)
        .with_context(|| format!("cargo built no binary named '{RUNNER}'"))
}

/// Builds these targets of one suite.
pub fn build_targets<'a>(
    workspace: &Workspace,
    suite: &Suite,
    targets: impl IntoIterator<Item = &'a BenchTarget>,
) -> anyhow::Result<Executables> {
    let mut cargo = cargo(workspace);
    // Another suite may have a target of the same name, and may not build.
    cargo.args(["bench", "--no-run", "--no-fail-fast", "--workspace"]);
    let names: Vec<String> = targets.into_iter().map(ToString::to_string).collect();
    for name in &names {
        cargo.args(["--bench", name]);
    }
    let Built { executables, is_complete } = built(cargo, Some(&suite.folder))?;
    if is_complete || names.iter().all(|name| executables.contains_key(name)) {
        return Ok(executables);
    }
    bail!(DOES_NOT_BUILD);
}

/// Builds an example of a suite, as its benches are built, and says where it is.
pub fn build_example(
    workspace: &Workspace,
    suite: &Suite,
    example: &str,
) -> anyhow::Result<PathBuf> {
    let mut cargo = cargo(workspace);
    cargo.args(["build", "--release", "--package", &suite.name, "--example", example]);
    executables(cargo, Some(&suite.folder))?
        .remove(example)
        .with_context(|| format!("cargo built no example named '{example}'"))
}

/// Builds a package that is no member of the workspace, at the versions of its own `Cargo.lock`,
/// and says where its one executable is.
pub fn build_apart(
    workspace: &Workspace,
    manifest: &Path,
    target_dir: &Path,
) -> anyhow::Result<PathBuf> {
    let mut cargo = cargo(workspace);
    cargo.args(["build", "--release", "--locked", "--bins", "--manifest-path"]).arg(manifest);
    cargo.env("CARGO_TARGET_DIR", target_dir);
    let built: Vec<_> = executables(cargo, None)
        .with_context(|| format!("{}", manifest.display()))?
        .into_values()
        .collect();
    match <[PathBuf; 1]>::try_from(built) {
        Ok([executable]) => Ok(executable),
        Err(several) => {
            bail!("{}: has {} executables instead of one", manifest.display(), several.len())
        }
    }
}

fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target_dir);
    command
}

/// What cargo made.
struct Built {
    executables: Executables,
    /// Whether that is all it was asked for.
    is_complete: bool,
}

const DOES_NOT_BUILD: &str = "it does not build; cargo's own messages stand above";

/// The executables of a build in which nothing may fail.
fn executables(cargo: Command, folder: Option<&Path>) -> anyhow::Result<Executables> {
    match built(cargo, folder)? {
        Built { executables, is_complete: true } => Ok(executables),
        _ => bail!(DOES_NOT_BUILD),
    }
}

/// Runs cargo, its progress on our standard error, and lists the executables it made, of sources in
/// that folder if one is given.
fn built(mut cargo: Command, folder: Option<&Path>) -> anyhow::Result<Built> {
    let mut child = cargo
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started")?;
    let stdout = child.stdout.take().ok_or_else(|| anyhow!("cargo's output was not captured"))?;
    let mut executables = Executables::new();
    for message in Message::parse_stream(std::io::BufReader::new(stdout)) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo's output broke off")?
            && let Some(executable) = artifact.executable
            && folder.is_none_or(|folder| artifact.target.src_path.starts_with(folder))
        {
            executables.insert(artifact.target.name, executable.into());
        }
    }
    let is_complete = child.wait().context("cargo was lost")?.success();
    Ok(Built { executables, is_complete })
}
