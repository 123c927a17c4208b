//! The tools a machine may lack: whether they are there, and how to get them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The first line a command prints when it runs and succeeds.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// valgrind's version, if it is installed.
pub fn valgrind() -> Option<String> {
    first_line("valgrind", &["--version"])
}

/// The command that installs a tool with this machine's package manager.
pub fn how_to_get(tool: &str) -> String {
    let (manager, package) = if cfg!(target_os = "macos") {
        ("brew install", if tool == "postgresql" { "postgresql@17" } else { tool })
    } else if PathBuf::from("/usr/bin/dnf").exists() {
        ("sudo dnf install", if tool == "postgresql" { "postgresql-server" } else { tool })
    } else if PathBuf::from("/usr/bin/pacman").exists() {
        ("sudo pacman -S", tool)
    } else if PathBuf::from("/sbin/apk").exists() {
        ("sudo apk add", tool)
    } else {
        ("sudo apt-get install", if tool == "perf" { "linux-perf" } else { tool })
    };
    format!("{manager} {package}")
}

/// The compiler flags that cargo will use, from the environment or its configuration files.
pub fn rustflags() -> String {
    if let Ok(encoded) = std::env::var("CARGO_ENCODED_RUSTFLAGS") {
        return encoded.replace('\u{1f}', " ");
    }
    if let Ok(flags) = std::env::var("RUSTFLAGS") {
        return flags;
    }
    let mut files = Vec::new();
    if let Ok(here) = std::env::current_dir() {
        files.extend(here.ancestors().map(|folder| folder.join(".cargo/config.toml")));
    }
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    files.extend(home.map(|folder| folder.join("config.toml")));
    files
        .into_iter()
        .find_map(|file| configured_flags(&fs::read_to_string(file).ok()?))
        .unwrap_or_default()
}

/// `build.rustflags`, or those of any `[target.*]`, of one cargo configuration file.
fn configured_flags(text: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let targets = table.get("target").and_then(toml::Value::as_table);
    let mut sections = vec![table.get("build")];
    sections.extend(targets.into_iter().flat_map(|targets| targets.values()).map(Some));
    sections.into_iter().flatten().find_map(|section| match section.get("rustflags")? {
        toml::Value::String(flags) => Some(flags.clone()),
        toml::Value::Array(flags) => {
            let flags: Vec<&str> = flags.iter().filter_map(toml::Value::as_str).collect();
            Some(flags.join(" "))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_every_place_cargo_reads_them() {
        let build = "[build]\nrustflags = [\"-C\", \"target-cpu=native\"]";
        assert_eq!(configured_flags(build).unwrap(), "-C target-cpu=native");
        let target = "[target.x86_64-unknown-linux-gnu]\nrustflags = \"-C target-cpu=native\"";
        assert_eq!(configured_flags(target).unwrap(), "-C target-cpu=native");
        assert_eq!(configured_flags("[alias]\nx = \"y\""), None);
    }
}
