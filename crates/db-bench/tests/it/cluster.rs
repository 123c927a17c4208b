//! The throw-away cluster, on the installed PostgreSQL.

use std::fs;
use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use db_bench::postgres::{Cluster, ClusterError, Installation, Settings};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

/// How long what dies may take until it is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Few connections and little memory start sooner.
const SMALL: Settings = Settings { max_connections: 10, shared_buffers_mib: 16 };

/// A cluster, or the line that says why the test was skipped.
pub fn cluster() -> Option<Cluster> {
    cluster_with(SMALL)
}

fn cluster_with(settings: Settings) -> Option<Cluster> {
    installation().map(|installation| Cluster::start(installation, settings).unwrap())
}

fn installation() -> Option<Installation> {
    Installation::find().inspect_err(|missing| eprintln!("skipped: {missing}")).ok()
}

/// A program that is installed beside the server, or the line.
pub fn program(cluster: &Cluster, name: &str) -> Option<PathBuf> {
    let program = cluster.installation().bin(name);
    if program.is_none() {
        eprintln!("skipped: PostgreSQL's {name} is not installed");
    }
    program
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Connects, asks for one value and disconnects.
pub fn ask(options: &PgConnectOptions, question: &'static str) -> String {
    wait(async {
        let mut connection = options.connect().await.unwrap();
        let answer = sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        answer
    })
}

/// Connects, runs statements and disconnects.
pub fn tell(options: &PgConnectOptions, statements: &'static str) {
    wait(async {
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// Processes that name a folder in their command line, as the server does, or work in it, as its
/// children do.
fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap();
    let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let pids = entries.filter(|path| {
        fs::read_to_string(path.join("cmdline")).is_ok_and(|line| line.contains(folder))
            || fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    });
    pids.filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
}

fn assert_runs(folder: &Path) {
    assert!(folder.join("data/PG_VERSION").exists());
    // The server and its children.
    assert!(processes_of(folder).len() > 1, "{:?}", processes_of(folder));
}

fn assert_gone(folder: &Path) {
    assert!(!folder.exists(), "{}", folder.display());
    assert_eq!(processes_of(folder), []);
}

fn assert_soon_gone(folder: &Path) {
    let start = Instant::now();
    while (folder.exists() || !processes_of(folder).is_empty()) && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(20));
    }
    assert_gone(folder);
}

#[test]
fn a_cluster_answers_and_is_gone_when_dropped() {
    let Some(cluster) = cluster_with(Settings { max_connections: 37, shared_buffers_mib: 24 })
    else {
        return;
    };
    let options = cluster.options();
    assert_eq!(ask(&options, "select 'one'"), "one");
    for (question, expected) in [
        ("show max_connections", "37"),
        ("show shared_buffers", "24MB"),
        ("show fsync", "on"),
        ("show synchronous_commit", "on"),
        ("show full_page_writes", "on"),
        ("show listen_addresses", ""),
        ("show server_encoding", "UTF8"),
        ("select datcollate from pg_database where datname = 'postgres'", "C"),
    ] {
        assert_eq!(ask(&options, question), expected, "{question}");
    }
    let folder = cluster.folder().to_path_buf();
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    assert_runs(&folder);
    drop(cluster);
    assert_gone(&folder);
}

#[test]
fn what_was_committed_survives_a_restart_and_a_killed_server() {
    let Some(mut cluster) = cluster() else { return };
    let options = cluster.options();
    let started = "select pg_postmaster_start_time()::text";
    let first = ask(&options, started);
    tell(&options, "create table kept (id int); insert into kept values (1)");
    cluster.restart().unwrap();
    let second = ask(&options, started);
    assert_ne!(first, second);
    tell(&options, "insert into kept values (2)");
    let held: PgConnection = wait(async { options.connect().await.unwrap() });
    cluster.kill_server().unwrap();
    assert_ne!(second, ask(&options, started));
    assert_eq!(ask(&options, "select string_agg(id::text, ' ' order by id) from kept"), "1 2");
    let log = fs::read_to_string(cluster.folder().join("log")).unwrap();
    assert_eq!(log.matches("was not properly shut down").count(), 1, "{log}");
    drop(held);
}

#[test]
fn its_url_is_understood_by_psql_and_its_version_is_that_of_the_server() {
    let Some(cluster) = cluster() else { return };
    let Some(psql) = program(&cluster, "psql") else { return };
    let output =
        Command::new(psql).args([&cluster.url(), "-Atc", "show server_version"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), cluster.installation().version().unwrap());
}

#[test]
fn a_cluster_on_a_disk_is_told_from_one_in_memory() {
    let Some(cluster) = cluster() else { return };
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let of = |mount: &&str| {
        let point = mount.split(' ').nth(1).unwrap();
        cluster.folder().starts_with(point).then_some(point.len())
    };
    let mount = mounts.lines().max_by_key(|line| of(line)).unwrap();
    let expected = matches!(mount.split(' ').nth(2).unwrap(), "tmpfs" | "ramfs");
    assert_eq!(cluster.is_in_memory().unwrap(), expected, "{mount}");
}

#[test]
fn without_programs_one_line_says_how_to_get_them() {
    let empty = tempfile::tempdir().unwrap();
    let error = Installation::among([empty.path().to_path_buf()]).unwrap_err();
    let line = error.to_string();
    assert!(matches!(error, ClusterError::NotInstalled));
    assert_eq!(line.lines().count(), 1);
    for named in ["apt-get install postgresql", "brew install postgresql@17", "DATABASE_URL=postg"]
    {
        assert!(line.contains(named), "{line}");
    }
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let Some(installation) = installation() else { return };
    let absurd = Settings { max_connections: 10_000_000, ..SMALL };
    let error = Cluster::start(installation, absurd).unwrap_err();
    assert!(matches!(error, ClusterError::Failed { program: "postgres", .. }), "{error}");
    assert!(error.to_string().contains("max_connections"), "{error}");
}

/// Makes this binary run one of the tests below as a process that owns a cluster.
const OWNER: &str = "DB_BENCH_TEST_OWNER";

/// A process that owns a cluster, and the cluster's folder.
fn owner(end: &str) -> (Child, PathBuf) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "it::cluster::owns_a_cluster_if_told_to", "--nocapture"])
        .env(OWNER, end)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let folder = lines
        .map(Result::unwrap)
        .find_map(|line| Some(PathBuf::from(line.split_once("folder: ")?.1)));
    (child, folder.unwrap())
}

/// Not a test but the process that the next ones start.
#[test]
fn owns_a_cluster_if_told_to() {
    let Ok(end) = std::env::var(OWNER) else { return };
    let cluster = cluster().unwrap();
    assert_runs(cluster.folder());
    println!("folder: {}", cluster.folder().display());
    if end == "panic" {
        panic!("as it was told to");
    }
    loop {
        thread::park();
    }
}

fn gone_after(signal: Signal) {
    if installation().is_none() {
        return;
    }
    let (mut owner, folder) = owner("signal");
    assert_runs(&folder);
    kill_process(Pid::from_child(&owner), signal).unwrap();
    assert!(!owner.wait().unwrap().success());
    assert_soon_gone(&folder);
}

#[test]
fn nothing_is_left_after_a_panic() {
    if installation().is_none() {
        return;
    }
    let (mut owner, folder) = owner("panic");
    assert!(!owner.wait().unwrap().success());
    assert_gone(&folder);
}

#[test]
fn nothing_is_left_after_ctrl_c() {
    gone_after(Signal::INT);
}

#[test]
fn nothing_is_left_after_a_termination() {
    gone_after(Signal::TERM);
}

#[test]
fn nothing_is_left_after_a_kill() {
    gone_after(Signal::KILL);
}

#[test]
fn a_keeper_that_is_asked_to_end_takes_the_server_with_it() {
    let Some(cluster) = cluster() else { return };
    let server = fs::read_to_string(cluster.folder().join("data/postmaster.pid")).unwrap();
    let server = server.lines().next().unwrap();
    let status = fs::read_to_string(format!("/proc/{server}/status")).unwrap();
    let keeper = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    let keeper = Pid::from_raw(keeper.trim().parse().unwrap()).unwrap();
    // A shell may overlook a signal until the next one, if it comes just before it begins to read.
    let start = Instant::now();
    while cluster.folder().exists() && start.elapsed() < PATIENCE {
        kill_process(keeper, Signal::TERM).unwrap();
        thread::sleep(Duration::from_millis(100));
    }
    assert_soon_gone(cluster.folder());
}
