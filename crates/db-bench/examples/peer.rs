//! The store's side of `cargo xtask peers db-bench`: pgbench's transactions on a throw-away cluster, and
//! statements on a SQLite file.
//!
//! benches/peers/README.md says how it is asked.

use std::cell::OnceCell;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use db_bench::data::{self, DataSet, Random, SMALL};
use db_bench::postgres::{Cluster, Installation, SCHEMA, Settings};
use db_bench::rows::Transfer;
use db_bench::sqlite::{self, Place};
use db_bench::{Durability, Operation, Requests, SqlxPostgres, Store as _};
use measure::peer::{self, CheckedJob, Loaded, Refused, Run};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// pgbench's tables at its scale of ten, and no messages.
const SCALE_10: DataSet =
    DataSet { name: "scale_10", agents: 10, messages: 0, branches: 10, ..SMALL };

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Job {
    /// TPC-B's transaction, by so many clients, so often each.
    Transfers { clients: u32, each: u32 },
    /// Reads of an account's balance.
    Balances { clients: u32, each: u32 },
    /// Reads of an agent by its key, on one connection.
    PointReads { count: u32 },
    /// Messages, each in a transaction of its own, on one connection.
    Inserts { count: u32, durable: bool },
}

/// A job and where it is to be done.
#[derive(Deserialize, Serialize)]
struct Problem {
    job: Job,
    /// A SQLite file; each side works on a copy.
    file: Option<PathBuf>,
    server: Option<Server>,
}

#[derive(Deserialize, Serialize)]
struct Server {
    url: String,
    /// The program.
    pgbench: PathBuf,
}

/// What is made once for all problems, and is gone when this process ends.
struct Site {
    folder: TempDir,
    cluster: OnceCell<Cluster>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let site = Site { folder: tempfile::tempdir()?, cluster: OnceCell::new() };
    Ok(peer::serve(|request| site.export(request), load)?)
}

impl Site {
    fn export(&self, request: &str) -> Result<Value, Refused> {
        let job: Job = serde_json::from_str(request)?;
        let (mut file, mut server) = (None, None);
        match job {
            Job::Transfers { .. } | Job::Balances { .. } => server = Some(self.server()?),
            Job::PointReads { .. } | Job::Inserts { .. } => file = Some(self.file()?),
        }
        Ok(serde_json::to_value(Problem { job, file, server })?)
    }

    fn file(&self) -> Result<PathBuf, Refused> {
        let path = self.folder.path().join("small.db");
        if !path.exists() {
            let mut connection = sqlite::open(Place::File(&path), Durability::Relaxed)?;
            data::fill_sqlite(&SMALL, &mut connection)?;
        }
        Ok(path)
    }

    fn server(&self) -> Result<Server, Refused> {
        if self.cluster.get().is_none() {
            let cluster = Cluster::start(Installation::find()?, Settings::default())?;
            // Its tables go where pgbench looks for them.
            Runtime::new()?.block_on(async {
                let store = open(&cluster.url(), 1).await?;
                data::fill_postgres(&SCALE_10, &mut *store.lease().await?).await?;
                store.close().await;
                Ok::<(), Refused>(())
            })?;
            drop(self.cluster.set(cluster));
        }
        let cluster = self.cluster.get().ok_or("there is no cluster")?;
        let pgbench = cluster.installation().bin("pgbench");
        let pgbench = pgbench.ok_or("pgbench is missing: apt-get install postgresql-contrib")?;
        let joint = "?options=-csearch_path%3D";
        Ok(Server { url: format!("{}{joint}{SCHEMA}", cluster.url()), pgbench })
    }
}

async fn open(url: &str, connections: u32) -> Result<SqlxPostgres, Refused> {
    let options = PgConnectOptions::from_str(url)?;
    Ok(SqlxPostgres::open(options, SCHEMA, Durability::Durable, connections).await?)
}

fn load(problem: &str) -> Result<Loaded, Refused> {
    let Problem { job, file, server } = serde_json::from_str(problem)?;
    let file = || file.as_deref().ok_or("the problem has no file");
    let url =
        || server.as_ref().map(|server| server.url.as_str()).ok_or("the problem has no server");
    Ok(match job {
        Job::Transfers { clients, each } => of_clients(url()?, clients, each, Ask::Transfer)?,
        Job::Balances { clients, each } => of_clients(url()?, clients, each, Ask::Balance)?,
        Job::PointReads { count } => point_reads(file()?, count)?,
        Job::Inserts { count, durable } => inserts(file()?, count, durable)?,
    })
}

/// What a client asks.
#[derive(Clone, Copy)]
enum Ask {
    Transfer,
    Balance,
}

/// Clients that ask one transaction after the other, each on a connection of its own; the checksum is
/// how many were answered.
fn of_clients(url: &str, clients: u32, each: u32, ask: Ask) -> Result<Loaded, Refused> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let store = runtime.block_on(open(url, clients))?;
    let all = u64::from(clients) * u64::from(each);
    let mut round = 0;
    let run: Run = Box::new(move || {
        round += 1;
        runtime.block_on(async {
            let mut callers = JoinSet::new();
            for client in 0..u64::from(clients) {
                let random = Random::of(round, client);
                callers.spawn(asks(store.clone(), ask, each, random));
            }
            let mut answered = 0;
            while let Some(one) = callers.join_next().await {
                answered += one??;
            }
            Ok(answered)
        })
    });
    let note = format!("{clients} connections of sqlx, prepared");
    Ok((note, Box::new(CheckedJob::new(all, all, run))))
}

async fn asks(
    store: SqlxPostgres,
    ask: Ask,
    each: u32,
    mut random: Random,
) -> Result<u64, db_bench::StoreError> {
    let mut answered = 0;
    for _ in 0..each {
        let mut below = |bound: u64| 1 + random.below(bound) as i64;
        let account = below(SCALE_10.branches * SCALE_10.accounts);
        answered += u64::from(match ask {
            Ask::Balance => store.balance(account).await?.is_some(),
            Ask::Transfer => {
                let teller = below(SCALE_10.branches * data::TELLERS);
                let branch = below(SCALE_10.branches);
                let amount = below(10_001) - 5_001;
                store.transfer(Transfer { account, teller, branch, amount }).await?;
                true
            }
        });
    }
    Ok(answered)
}

/// A copy of a file, with nothing in a log beside it.
fn copy(file: &Path) -> io::Result<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir_in(file.parent().unwrap_or(Path::new(".")))?;
    let path = folder.path().join("copy.db");
    std::fs::copy(file, &path)?;
    Ok((folder, path))
}

fn point_reads(file: &Path, count: u32) -> Result<Loaded, Refused> {
    let (folder, path) = copy(file)?;
    let mut connection = sqlite::open(Place::File(&path), Durability::Relaxed)?;
    let requests = read_requests(count);
    let mut run = move || -> Result<u64, Refused> {
        let _: &TempDir = &folder;
        requests.iter().try_fold(0_u64, |sum, request| {
            Ok(sum.wrapping_add(request.clone().ask_sqlite(&mut connection)?))
        })
    };
    let checksum = run()?;
    let job = CheckedJob::new(count.into(), checksum, Box::new(run));
    Ok(("rusqlite, prepared".to_owned(), Box::new(job)))
}

fn read_requests(count: u32) -> Vec<db_bench::Request> {
    let mut requests = Requests::new(&SMALL, 1);
    (0..count).map(|_| requests.next(Operation::PointRead)).collect()
}

fn inserts(file: &Path, count: u32, durable: bool) -> Result<Loaded, Refused> {
    let (folder, path) = copy(file)?;
    let durability = if durable { Durability::Durable } else { Durability::Relaxed };
    let connection = sqlite::open(Place::File(&path), durability)?;
    let messages: Vec<_> =
        (0..u64::from(count)).map(|number| SMALL.message(SMALL.messages + number)).collect();
    let run = move || -> Result<u64, Refused> {
        let _: &TempDir = &folder;
        let before = sqlite::count_messages(&connection)?;
        for message in &messages {
            sqlite::add_message(&connection, message)?;
        }
        Ok((sqlite::count_messages(&connection)? - before).cast_unsigned())
    };
    let job = CheckedJob::new(count.into(), count.into(), Box::new(run));
    Ok((format!("rusqlite, prepared, synchronous={}", durability.synchronous()), Box::new(job)))
}
