//! Two processes that want to write to one SQLite file.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Instant;

use super::Aftermath;
use super::ledger::{self, write};
use super::site::{Site, with_store};
use super::writer::{Role, Writer, runtime, tell};
use crate::sqlite::BUSY_TIMEOUT;
use crate::store::Store as _;
use crate::{Durability, Source, StoreError, sqlite};

/// Writes of each rival.
const EACH: usize = 100;

/// The child's side: the lock, until the parent lets go.
pub(super) fn hold(path: &Path) -> Result<(), Source> {
    let mut connection = sqlite::open(sqlite::Place::File(path), Durability::Relaxed)?;
    sqlite::transaction(&mut connection, |_| {
        tell("holds", "the lock");
        let _: io::Result<usize> = io::stdin().lock().read_to_end(&mut Vec::new());
        Ok(())
    })?;
    tell("released", "the lock");
    Ok(())
}

/// A writer is refused after the time that it may wait, and not earlier; readers are answered
/// meanwhile, and so is the writer once the lock is free.
pub(super) fn held(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let place = runtime.block_on(site.place())?;
    let mut aftermath = Aftermath { times, ..Aftermath::default() };
    let mut acknowledged = BTreeSet::new();
    runtime.block_on(async {
        let store = place.open(site.backend, 2).await?;
        for number in (1..).take(times as usize) {
            let mut other = Writer::start(Role::Hold, site.backend, &place, 0)?;
            other.until("holds")?;
            let asked = Instant::now();
            let refused = with_store!(&store, store => write(store, number).await);
            let waited = asked.elapsed();
            match refused {
                Err(error @ StoreError::Busy(_)) if waited >= BUSY_TIMEOUT => aftermath.say(&error),
                said => return Err(format!("after {waited:?}: {said:?}").into()),
            }
            with_store!(&store, store => store.count_messages().await?);
            let released = Instant::now();
            other.release();
            with_store!(&store, store => write(store, number).await?);
            aftermath.recoveries.push(released.elapsed());
            acknowledged.insert(number);
        }
        with_store!(&store, store => store.close().await);
        Ok::<(), Source>(())
    })?;
    runtime.block_on(ledger::examine(&place, &acknowledged, &mut aftermath))?;
    Ok(aftermath)
}

/// Two processes of many callers each write until both had their share.
pub(super) fn rivals(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let place = runtime.block_on(site.place())?;
    let mut aftermath = Aftermath { times, ..Aftermath::default() };
    let (mut acknowledged, mut next) = (BTreeSet::new(), 1);
    for _ in 0..times {
        let start = |first| Writer::start(Role::Write, site.backend, &place, first);
        // Numbers that are far from each other.
        let mut rivals = [start(next)?, start(next + 10_000)?];
        for rival in &mut rivals {
            rival.until_acknowledged(EACH)?;
        }
        for rival in &mut rivals {
            rival.kill()?;
            acknowledged.append(&mut rival.acknowledged);
        }
        // Beyond all that their callers had begun.
        next = 100 + acknowledged.last().copied().unwrap_or(next);
    }
    runtime.block_on(ledger::examine(&place, &acknowledged, &mut aftermath))?;
    Ok(aftermath)
}
