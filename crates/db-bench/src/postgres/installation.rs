//! Where the programs of PostgreSQL are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ClusterError;

/// Where packages put PostgreSQL's programs: folders with one entry for each version, the prefix of
/// those entries, and where in an entry the programs are.
const KEPT_IN: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// A folder with PostgreSQL's programs, at least those of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    folder: PathBuf,
}

impl Installation {
    /// The installed PostgreSQL: in `PATH`, else where `pg_config` says, else where packages of Debian,
    /// PostgreSQL's own, Homebrew and Postgres.app put it, the newest version first.
    ///
    /// # Errors
    /// [`ClusterError::NotInstalled`].
    pub fn find() -> Result<Self, ClusterError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let in_path = std::env::split_paths(&path);
        let packaged = KEPT_IN.iter().flat_map(|(folder, prefix, bin)| {
            versions(Path::new(folder), prefix).into_iter().map(move |version| version.join(bin))
        });
        Self::among(in_path.chain(folder_by_pg_config()).chain(packaged))
    }

    /// The first of these folders that has the programs of a server.
    ///
    /// # Errors
    /// [`ClusterError::NotInstalled`].
    pub fn among(folders: impl IntoIterator<Item = PathBuf>) -> Result<Self, ClusterError> {
        folders.into_iter().find_map(|folder| Self::at(&folder)).ok_or(ClusterError::NotInstalled)
    }

    /// What lies in a folder may be links to where all the programs are.
    fn at(folder: &Path) -> Option<Self> {
        let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
        let folder = initdb.parent()?.to_path_buf();
        folder.join("postgres").is_file().then_some(Self { folder })
    }

    /// Where a program is, such as `psql` or `pgbench`, if it was installed too: some packages have
    /// the server alone.
    #[must_use]
    pub fn bin(&self, program: &str) -> Option<PathBuf> {
        let path = self.program(program);
        path.is_file().then_some(path)
    }

    /// The server's version as it says it, such as `15.10 (Debian 15.10-0+deb12u1)`.
    ///
    /// # Errors
    /// [`ClusterError::Failed`].
    pub fn version(&self) -> Result<String, ClusterError> {
        let output = Command::new(self.program("postgres")).arg("--version").output();
        let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let said = said.map_err(|error| error.to_string()).unwrap_or_else(|error| error);
        match said.trim().strip_prefix("postgres (PostgreSQL) ") {
            Some(version) => Ok(version.to_owned()),
            None => Err(ClusterError::Failed { program: "postgres --version", said }),
        }
    }

    pub(super) fn program(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

fn folder_by_pg_config() -> Option<PathBuf> {
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

    #[test]
    fn a_link_leads_to_the_folder_with_all_programs() {
        let (linked, real) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for program in ["initdb", "postgres", "pgbench"] {
            fs::write(real.path().join(program), "").unwrap();
        }
        std::os::unix::fs::symlink(real.path().join("initdb"), linked.path().join("initdb"))
            .unwrap();
        let found = Installation::among([linked.path().to_path_buf()]).unwrap();
        assert_eq!(found.bin("pgbench"), Some(real.path().canonicalize().unwrap().join("pgbench")));
    }

    #[test]
    fn a_folder_with_clients_alone_is_passed_over() {
        let (clients, server) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(clients.path().join("psql"), "").unwrap();
        for program in ["initdb", "postgres"] {
            fs::write(server.path().join(program), "").unwrap();
        }
        let folders = || [clients.path(), server.path()].map(Path::to_path_buf);
        let found = Installation::among(folders()).unwrap();
        assert_eq!(found.folder, server.path().canonicalize().unwrap());
        assert_eq!(found.bin("psql"), None);
        assert!(Installation::among([clients.path().to_path_buf()]).is_err());
    }
}
