//! A server that goes away while many callers write.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::Aftermath;
use super::ledger::{self, write};
use super::site::{CONNECTIONS, Site};
use super::writer::runtime;
use crate::store::{SqlxPostgres, Store as _};
use crate::{Source, StoreError};

/// Callers who write.
const CALLERS: u32 = CONNECTIONS;

/// How long callers are waited for to be answered again.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes that are acknowledged before each time.
const BETWEEN: usize = 50;

/// How long a caller waits before it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// SIGKILL, and a start as soon as one can.
pub(super) fn killed(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    under_load(site, times, |site, _| {
        let struck = Instant::now();
        site.cluster()?.kill_server()?;
        Ok(struck)
    })
}

/// A fast shutdown and a start.
pub(super) fn restarted(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    under_load(site, times, |site, _| {
        let struck = Instant::now();
        site.cluster()?.restart()?;
        Ok(struck)
    })
}

/// The session of one caller is ended by another session, again if it was idle by then: the pool
/// replaces such a one unseen.
pub(super) fn connection_dropped(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    const TERMINATE: &str = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) AS ended \
         FROM pg_stat_activity WHERE application_name = 'db-bench' AND pid <> pg_backend_pid() \
         AND state <> 'idle' LIMIT 1) AS one WHERE ended";
    under_load(site, times, |_, load| {
        let began = Instant::now();
        let failed = || load.shared.seen(|seen| seen.failed);
        let before = failed();
        loop {
            let struck = Instant::now();
            let ended: i64 = load.runtime.block_on(async {
                let mut lease = load.store.lease().await?;
                let ended = sqlx::query_scalar(TERMINATE).fetch_one(&mut *lease).await;
                let ended = ended.map_err(StoreError::from);
                lease.end(&ended);
                ended
            })?;
            let seen = || failed() > before;
            if ended == 1 && wait(Duration::from_millis(50), seen) {
                return Ok(struck);
            }
            if began.elapsed() > PATIENCE {
                return Err("no session was ended while it was at work".into());
            }
        }
    })
}

/// Looks again and again whether something has come about, for so long; whether it has.
fn wait(patience: Duration, come: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !come() {
        if began.elapsed() > patience {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Callers who write, and go on when they are told of an error.
struct Load<'r> {
    runtime: &'r Runtime,
    store: SqlxPostgres,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    next: AtomicI64,
    stop: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    acknowledged: BTreeSet<i64>,
    /// Writes that failed, and when the last of them did.
    failed: u64,
    failed_at: Option<Instant>,
    /// When the first write was acknowledged that began after that.
    recovered_at: Option<Instant>,
    aftermath: Aftermath,
    /// An error that has nothing to do with what was done.
    wrong: Option<StoreError>,
}

impl Seen {
    fn acknowledge(&mut self, number: i64, began: Instant) {
        self.acknowledged.insert(number);
        if self.failed_at.is_some_and(|failed| began > failed) {
            self.recovered_at.get_or_insert_with(Instant::now);
        }
    }

    /// Whether it happened to this write nobody knows.
    fn fail(&mut self, error: &StoreError) {
        self.failed += 1;
        (self.failed_at, self.recovered_at) = (Some(Instant::now()), None);
        self.aftermath.say(error);
    }
}

impl Shared {
    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn call(store: SqlxPostgres, shared: Arc<Shared>) {
    while !shared.stop.load(Ordering::Relaxed) {
        let number = 1 + shared.next.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        match write(&store, number).await {
            Ok(()) => shared.seen(|seen| seen.acknowledge(number, began)),
            Err(error @ StoreError::Unavailable(_)) => {
                shared.seen(|seen| seen.fail(&error));
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return shared.seen(|seen| seen.wrong = Some(error)),
        }
    }
}

/// Does something to the server, and says when, again and again while callers write, each time until a write failed and
/// one that began later was acknowledged.
fn under_load(
    site: &mut Site<'_>,
    times: u32,
    strike: impl Fn(&mut Site<'_>, &Load<'_>) -> Result<Instant, Source>,
) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let place = runtime.block_on(site.place())?;
    let store = runtime.block_on(place.postgres(CONNECTIONS))?;
    let load = Load { runtime: &runtime, store, shared: Arc::default() };
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn_on(call(load.store.clone(), load.shared.clone()), runtime.handle());
    }
    let mut recoveries = Vec::new();
    for _ in 0..times {
        let (before, acknowledged) =
            load.shared.seen(|seen| (seen.failed, seen.acknowledged.len()));
        load.wait(|seen| seen.acknowledged.len() >= acknowledged + BETWEEN)?;
        let struck = strike(site, &load)?;
        load.wait(|seen| seen.failed > before && seen.recovered_at.is_some())?;
        let recovered = load.shared.seen(|seen| seen.recovered_at);
        recoveries.extend(recovered.map(|recovered| recovered - struck));
    }
    load.shared.stop.store(true, Ordering::Relaxed);
    runtime.block_on(callers.join_all());
    runtime.block_on(load.store.close());
    let Seen { acknowledged, aftermath, .. } = load.shared.seen(std::mem::take);
    let mut aftermath = Aftermath { times, recoveries, ..aftermath };
    runtime.block_on(ledger::examine(&place, &acknowledged, &mut aftermath))?;
    Ok(aftermath)
}

impl Load<'_> {
    /// Waits until callers have seen something, but not for ever.
    fn wait(&self, seen: impl Fn(&Seen) -> bool) -> Result<(), Source> {
        let come = wait(PATIENCE, || self.shared.seen(|now| seen(now) || now.wrong.is_some()));
        match self.shared.seen(|now| now.wrong.take()) {
            Some(wrong) => Err(wrong.into()),
            None if come => Ok(()),
            None => Err("callers saw nothing of it, or were not answered any more".into()),
        }
    }
}
