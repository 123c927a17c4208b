//! Where the programs of PostgreSQL may be. `cargo xtask doctor` looks with this same file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where packages put PostgreSQL: folders with an entry for each version, named by this prefix and the
/// version. The programs are in its `bin`.
const KEPT_IN: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// Every folder to look in: those of `PATH`, the one that `pg_config` names, and those that packages
/// use, the newest version first.
pub fn all() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let packaged = KEPT_IN.iter().flat_map(|(folder, prefix)| versions(Path::new(folder), prefix));
    let packaged = packaged.map(|version| version.join("bin"));
    in_path.into_iter().chain(by_pg_config()).chain(packaged)
}

/// The first of a program's places.
pub fn program(name: &str) -> Option<PathBuf> {
    all().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().into())
}

/// Entries of a folder that are named by a prefix and a version, the newest first.
fn versions(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.strip_prefix(prefix)?;
            let numbers =
                version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            Some((numbers, path))
        })
        .collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_is_newer_than_nine_and_what_is_no_version_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["pg-9.6", "pg-10", "pg-17", "pg-common", "16"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let found = versions(folder.path(), "pg-");
        let expected = ["pg-17", "pg-10", "pg-9.6"].map(|name| folder.path().join(name));
        assert_eq!(found, expected);
    }
}
