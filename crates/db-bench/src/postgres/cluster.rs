//! A throw-away cluster of the installed PostgreSQL.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::account::Account;
use super::error::ClusterError;
use super::installation::Installation;
use super::keeper::{Keeper, Order};

/// Names the socket; nobody listens on TCP.
const PORT: u16 = 5432;

/// Bytes of the longest parent of a cluster's folder: a socket's path has at most 103 on macOS, 107
/// on Linux.
pub(super) const LONGEST_PARENT: usize = 103 - "/db-bench.XXXXXX".len() - "/.s.PGSQL.5432".len();

/// How long a server that was killed may take until another can start: sessions that were at work
/// end when they notice.
const AFTERMATH: Duration = Duration::from_secs(20);

/// What a caller may set. Durability is not among it: a commit that was acknowledged is on the disk
/// (`fsync`, `synchronous_commit` and `full_page_writes` are on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `max_connections`; the user of this cluster is a superuser and may have all of them.
    pub max_connections: u32,
    /// `shared_buffers`, in MiB.
    pub shared_buffers_mib: u32,
}

impl Default for Settings {
    /// Room for 120 connections; PostgreSQL's own 128 MiB.
    fn default() -> Self {
        Self { max_connections: 120, shared_buffers_mib: 128 }
    }
}

/// A PostgreSQL server with a data folder of its own, reachable by a Unix socket in a folder that is
/// closed to other users. As root it runs as `postgres` or `nobody`.
///
/// The server is a child of a small shell process that holds the other end of a pipe to this one.
/// When this end closes, the shell stops the server and removes the folder: after a drop, which
/// waits for it, and just so after a panic, Ctrl-C or `kill -9`, since the system closes what a dead
/// process had open. No signal handler is needed. Only if the shell itself is killed by `kill -9`
/// is anything left.
///
/// ```no_run
/// use db_bench::postgres::{Cluster, Installation, Settings};
///
/// let cluster = Cluster::start(Installation::find()?, Settings::default())?;
/// println!("psql '{}'", cluster.url());
/// # Ok::<(), db_bench::postgres::ClusterError>(())
/// ```
#[derive(Debug)]
pub struct Cluster {
    installation: Installation,
    keeper: Keeper,
}

impl Cluster {
    /// Makes a cluster and starts its server: about a second and a half.
    ///
    /// Its folder is made in `TMPDIR` if set, else in `/var/tmp`, else in `/tmp`: the first that the
    /// user it runs as can write to. `/tmp` comes last because many systems keep it in memory.
    ///
    /// # Errors
    /// [`ClusterError`]; nothing is left behind.
    pub fn start(installation: Installation, settings: Settings) -> Result<Self, ClusterError> {
        let keeper = Keeper::start(&installation, &parents())?;
        let mut cluster = Self { installation, keeper };
        cluster.obey(Order::Initialize)?;
        cluster.configure(settings)?;
        cluster.obey(Order::Start)?;
        Ok(cluster)
    }

    /// How to connect, as a superuser, to the database `postgres`.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder())
            .port(PORT)
            .username("postgres")
            .database("postgres")
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same for programs of PostgreSQL, such as `pgbench`.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = self.options().to_url_lossy();
        // sqlx names parameters there that others refuse.
        url.set_query(None);
        url.into()
    }

    /// A command that will run as the user that the server runs as.
    ///
    /// # Errors
    /// [`ClusterError::Root`].
    pub fn command(&self, program: &str) -> Result<Command, ClusterError> {
        Account::command(program)
    }

    /// Where its programs are.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The folder of its socket and, in `data`, of its data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// Whether its folder is in memory, where a sync costs nothing: durable figures mean nothing
    /// there. Known on Linux; elsewhere false.
    ///
    /// # Errors
    /// [`ClusterError::File`].
    pub fn is_in_memory(&self) -> Result<bool, ClusterError> {
        is_in_memory(self.folder())
    }

    /// Fast shutdown, then a start: connections are lost, what was committed is there.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn restart(&mut self) -> Result<(), ClusterError> {
        self.obey(Order::Stop)?;
        self.obey(Order::Start)
    }

    /// SIGKILL to the server, then a start as soon as it can: it recovers from its log.
    ///
    /// Sessions end by themselves when they notice that the server is gone, those at work only
    /// between two steps. A new server waits for them, for 20 s at most.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub fn kill_server(&mut self) -> Result<(), ClusterError> {
        self.obey(Order::Kill)?;
        let killed = Instant::now();
        while !self.keeper.obey(Order::Start)? {
            if killed.elapsed() > AFTERMATH {
                return Err(self.failed("postgres"));
            }
        }
        Ok(())
    }

    fn obey(&mut self, order: Order) -> Result<(), ClusterError> {
        if self.keeper.obey(order)? {
            return Ok(());
        }
        Err(self.failed(if matches!(order, Order::Initialize) { "initdb" } else { "postgres" }))
    }

    fn failed(&self, program: &'static str) -> ClusterError {
        let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        let mut last: Vec<&str> =
            log.lines().rev().filter(|line| !line.is_empty()).take(4).collect();
        last.reverse();
        let said = if last.is_empty() { "nothing".to_owned() } else { last.join("; ") };
        ClusterError::Failed { program, said }
    }

    fn configure(&self, settings: Settings) -> Result<(), ClusterError> {
        let folder = self.folder().display().to_string().replace('\'', "''");
        let Settings { max_connections, shared_buffers_mib } = settings;
        let lines = format!(
            "listen_addresses = ''\n\
             unix_socket_directories = '{folder}'\n\
             port = {PORT}\n\
             max_connections = {max_connections}\n\
             shared_buffers = {shared_buffers_mib}MB\n\
             fsync = on\n\
             synchronous_commit = on\n\
             full_page_writes = on\n"
        );
        let path = self.folder().join("data/postgresql.conf");
        let written = OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(lines.as_bytes()));
        written.map_err(|source| ClusterError::File { path, source })
    }
}

/// Where a cluster's folder may be made, best first.
fn parents() -> Vec<PathBuf> {
    let asked = std::env::var_os("TMPDIR").map(PathBuf::from);
    let usual = ["/var/tmp", "/tmp"].map(PathBuf::from);
    asked
        .into_iter()
        .chain(usual)
        .filter(|parent| {
            parent.is_absolute() && parent.as_os_str().as_bytes().len() <= LONGEST_PARENT
        })
        .collect()
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &Path) -> Result<bool, ClusterError> {
    /// `TMPFS_MAGIC` and `RAMFS_MAGIC` of statfs(2).
    const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    let found = rustix::fs::statfs(folder)
        .map_err(|error| ClusterError::File { path: folder.into(), source: error.into() })?;
    Ok(IN_MEMORY.contains(&(found.f_type as u64)))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &Path) -> Result<bool, ClusterError> {
    Ok(false)
}
