//! Virtual environments for peers in Python: made once, at pinned versions, and used again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::Context as _;

use crate::failure::Failure;
use crate::tools;

/// The interpreter of an environment below `folder` that has exactly these packages.
pub fn python(requirements: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let wanted = fs::read_to_string(requirements).map_err(|error| {
        Failure::usage(format!("{}: cannot be read: {error}", requirements.display()))
    })?;
    let home = folder.join(requirements.file_stem().unwrap_or(requirements.as_os_str()));
    let python = home.join("bin").join("python");
    // Written last: without it the environment was never finished.
    let installed = home.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    eprintln!("installing {} into {}, once", requirements.display(), home.display());
    if home.exists() {
        fs::remove_dir_all(&home)
            .with_context(|| format!("{}: cannot be removed", home.display()))?;
    }
    let made = output(Command::new("python3").args(["-m", "venv"]).arg(&home));
    let made = made.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing("python3 is not installed", "python3"),
        _ => Failure::environment(format!("python3 could not be started: {error}")),
    })?;
    if !made.status.success() {
        let how = format!("python3 cannot make a virtual environment ({})", last_line(&made));
        return Err(missing(&how, "python3-venv"));
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
    let filled = output(Command::new(&python).args(pip).arg(requirements))
        .with_context(|| format!("{} could not be started", python.display()))?;
    if !filled.status.success() {
        return Err(Failure::environment(format!(
            "pip could not install {}: {}; it needs the network once: connect and run this again",
            requirements.display(),
            last_line(&filled)
        )));
    }
    fs::write(&installed, wanted)
        .with_context(|| format!("{}: cannot be written", installed.display()))?;
    Ok(python)
}

fn output(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).output()
}

fn missing(what: &str, package: &str) -> Failure {
    Failure::environment(format!(
        "{what}, and peers in Python cannot run without it ({})",
        tools::how_to_get(package)
    ))
}

/// What a program said last; ensurepip's hint stands on standard output, pip's on the other.
fn last_line(output: &Output) -> String {
    let said = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes));
    let lines = said.iter().flat_map(|text| text.lines().rev());
    lines.map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing").to_owned()
}
