//! The installed PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ClusterError;
use super::folders;

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
        Self::among(folders::all())
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

#[cfg(test)]
mod tests {
    use super::*;

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
