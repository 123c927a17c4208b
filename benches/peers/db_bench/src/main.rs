//! pgbench, and SQLite's C interface, with the store's statements: a side of
//! `cargo xtask peers db-bench`.
//!
//! The one argument says which: `pgbench-simple`, `pgbench-prepared` or `sqlite-c`.

mod pgbench;
mod sqlite_c;

use std::io;
use std::path::PathBuf;

use measure::peer::{self, Loaded, Refused};
use serde::Deserialize;

/// What the store's side exports.
#[derive(Deserialize)]
struct Problem {
    job: Job,
    file: Option<PathBuf>,
    server: Option<Server>,
}

/// As on the store's side.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Job {
    Transfers { clients: u32, each: u32 },
    Balances { clients: u32, each: u32 },
    PointReads { count: u32 },
    Inserts { count: u32, durable: bool },
}

#[derive(Deserialize)]
struct Server {
    url: String,
    pgbench: PathBuf,
}

fn main() -> io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let export = |_: &str| Err("only the store's side has problems".into());
    peer::serve(export, |problem| load(&name, serde_json::from_str(problem)?))
}

fn load(name: &str, problem: Problem) -> Result<Loaded, Refused> {
    let Problem { job, file, server } = problem;
    let protocol = name.strip_prefix("pgbench-");
    match (job, protocol, file, server) {
        (Job::Transfers { clients, each }, Some(protocol), _, Some(server)) => {
            pgbench::load(server, "tpcb-like", protocol, clients, each)
        }
        (Job::Balances { clients, each }, Some(protocol), _, Some(server)) => {
            pgbench::load(server, "select-only", protocol, clients, each)
        }
        (Job::PointReads { count }, None, Some(file), _) => sqlite_c::point_reads(&file, count),
        (Job::Inserts { count, durable }, None, Some(file), _) => {
            sqlite_c::inserts(&file, count, durable)
        }
        (job, ..) => Err(format!("there is no '{name}' for {job:?}").into()),
    }
}
