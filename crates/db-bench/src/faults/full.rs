//! A file that may not grow any more: a limit of the process that writes it, which is later lifted.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Aftermath;
use super::ledger::{self, message, write};
use super::site::{Backend, Place, Site, with_store};
use super::writer::{Role, Writer, runtime, tell};
use crate::postgres::Cluster;
use crate::store::Store;
use crate::{Source, StoreError};

/// More than a server's log file has, which is made as large as it will ever be.
const LARGEST: u64 = 20 << 20;

/// Bytes of the messages that fill it, of which no compression saves any.
const BODY: usize = 200_000;

/// Writes after which it should long be full.
const MOST: i64 = 2_000;

/// A store that is filled, and one more write once there is room again; so many times.
pub(super) fn strike(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let mut all = Aftermath::default();
    for _ in 0..times {
        let place = runtime.block_on(site.place())?;
        let (acknowledged, said, recovery) = if site.backend == Backend::SqlxPostgres {
            runtime.block_on(of_server(site.cluster()?, &place))?
        } else {
            let mut writer = Writer::start(Role::Fill, site.backend, &place, 1)?;
            let said = writer.until("full")?;
            let took = writer.until("recovered")?.parse()?;
            (std::mem::take(&mut writer.acknowledged), said, Duration::from_nanos(took))
        };
        let mut one = Aftermath::default();
        runtime.block_on(ledger::examine(&place, &acknowledged, &mut one))?;
        all.say(&said);
        all.times += 1;
        all.acknowledged += one.acknowledged;
        all.lost += one.lost;
        all.halves += one.halves;
        all.recoveries.push(recovery);
    }
    Ok(all)
}

/// The child's side: its own limit, of SQLite's files.
pub(super) async fn fill(place: &Place, backend: Backend, first: i64) -> Result<(), Source> {
    let store = place.open(backend, 1).await?;
    let limit = |bytes| setrlimit(Resource::Fsize, lowered(bytes));
    limit(Some(LARGEST))?;
    let (next, refused) = with_store!(&store, store => {
        fill_up(store, first, |number| tell("acknowledged", number)).await?
    });
    // What was there can still be read.
    with_store!(&store, store => store.count_messages().await?);
    tell("full", refused);
    limit(None)?;
    let took = with_store!(&store, store => recovered(store, next).await?);
    tell("acknowledged", next);
    tell("recovered", took.as_nanos());
    Ok(())
}

/// The session's limit, which it is given from here: the files are the server's.
async fn of_server(
    cluster: &Cluster,
    place: &Place,
) -> Result<(BTreeSet<i64>, String, Duration), Source> {
    let store = place.postgres(1).await?;
    let mut lease = store.lease().await?;
    let session = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *lease).await;
    let session = session.map_err(StoreError::from);
    lease.end(&session);
    let session: i32 = session?;
    limit_of(cluster, session)?;
    let mut acknowledged = BTreeSet::new();
    let filled = fill_up(&store, 1, |number| acknowledged.extend([number])).await;
    let (next, refused) = filled?;
    store.count_messages().await?;
    // The pool has let go of the session that failed, and with it of the limit.
    let took = recovered(&store, next).await?;
    store.close().await;
    acknowledged.insert(next);
    Ok((acknowledged, refused, took))
}

/// Writes until there is no room; the number of the write that failed, and what was said.
async fn fill_up(
    store: &impl Store,
    first: i64,
    mut acknowledged: impl FnMut(i64),
) -> Result<(i64, String), Source> {
    // Odd, for messages.
    for number in (first | 1..).step_by(2).take(MOST as usize) {
        let messages = (0..3).map(|part| message(number, part, BODY)).collect();
        match store.add_messages(messages).await {
            Ok(()) => acknowledged(number),
            Err(error @ StoreError::Full(_)) => return Ok((number, error.to_string())),
            Err(error) => return Err(format!("not told that it is full, but: {error}").into()),
        }
    }
    Err("it was not full in the end".into())
}

/// The write that failed, once more; how long it took.
async fn recovered(store: &impl Store, number: i64) -> Result<Duration, StoreError> {
    let began = Instant::now();
    write(store, number).await?;
    Ok(began.elapsed())
}

/// A limit that can be lifted again: the lower of the two that there are.
fn lowered(bytes: Option<u64>) -> Rlimit {
    let maximum = getrlimit(Resource::Fsize).maximum;
    Rlimit { current: bytes.or(maximum), maximum }
}

/// By util-linux's `prlimit`, as the user whose session it is: root is not always allowed to.
fn limit_of(cluster: &Cluster, session: i32) -> Result<(), Source> {
    let mut prlimit = cluster.command("prlimit")?;
    prlimit.arg(format!("--pid={session}")).arg(format!("--fsize={LARGEST}:"));
    let status = prlimit.status().map_err(|error| {
        format!("prlimit limits a session of the server, and could not be started: {error}")
    })?;
    if status.success() { Ok(()) } else { Err(format!("prlimit: {status}").into()) }
}
