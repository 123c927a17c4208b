//! Files that are overwritten with what makes no sense, and restored.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Aftermath;
use super::ledger::{self, write};
use super::site::{Backend, Place, Site, with_store};
use super::writer::runtime;
use crate::store::Store;
use crate::{Source, StoreError};

/// A page of SQLite's, in which the first has the header and the schema.
const PAGE: u64 = 4096;

/// What the pages are overwritten with.
const RUBBISH: u8 = 0x5a;

/// Pages of the tables, but not the first of a SQLite file.
pub(super) fn pages(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    strike(site, times, PAGE)
}

/// The first bytes of the file.
pub(super) fn header(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    strike(site, times, 0)
}

fn strike(site: &mut Site<'_>, times: u32, from: u64) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let place = runtime.block_on(site.place())?;
    let mut aftermath = Aftermath { times, ..Aftermath::default() };
    let mut acknowledged = BTreeSet::new();
    for number in (1..).take(times as usize) {
        let file = runtime.block_on(quiet(site, &place))?;
        let whole = fs::read(&file)?;
        spoil(&file, from, whole.len() as u64)?;
        match runtime.block_on(read(site, &place)) {
            Err(error @ StoreError::Corrupt(_)) => aftermath.say(&error),
            said => return Err(format!("not told that it is damaged, but: {said:?}").into()),
        }
        let began = Instant::now();
        // Nothing of the server may stand for what is on the disk.
        fs::OpenOptions::new().write(true).open(&file)?.write_all_at(&whole, 0)?;
        if let Some(cluster) = site.cluster.as_deref_mut() {
            cluster.restart()?;
        }
        runtime.block_on(async {
            let store = place.open(site.backend, 1).await?;
            with_store!(&store, store => {
                write(store, number).await?;
                store.close().await;
            });
            Ok::<(), StoreError>(())
        })?;
        aftermath.recoveries.push(began.elapsed());
        acknowledged.insert(number);
    }
    runtime.block_on(ledger::examine(&place, &acknowledged, &mut aftermath))?;
    Ok(aftermath)
}

/// The file of a store that nobody uses, with all that belongs in it.
async fn quiet(site: &mut Site<'_>, place: &Place) -> Result<PathBuf, Source> {
    if site.backend != Backend::SqlxPostgres {
        // Whoever closes last moves the log into the file.
        let store = place.open(site.backend, 1).await?;
        with_store!(&store, store => store.close().await);
        return Ok(place.file()?.to_owned());
    }
    let store = place.postgres(1).await?;
    sqlx::query("CHECKPOINT").execute(&mut *store.lease().await?).await?;
    let path: String = sqlx::query_scalar("SELECT pg_relation_filepath('messages')")
        .fetch_one(&mut *store.lease().await?)
        .await?;
    store.close().await;
    let cluster = site.cluster()?;
    let file = cluster.folder().join("data").join(path);
    // So that no page is in memory.
    cluster.restart()?;
    Ok(file)
}

fn spoil(file: &Path, from: u64, until: u64) -> Result<(), Source> {
    let length = if from == 0 { PAGE.min(100) } else { until.saturating_sub(from) };
    let rubbish = vec![RUBBISH; length as usize];
    fs::OpenOptions::new().write(true).open(file)?.write_all_at(&rubbish, from)?;
    Ok(())
}

async fn read(site: &Site<'_>, place: &Place) -> Result<(), StoreError> {
    let store = place.open(site.backend, 1).await?;
    with_store!(&store, store => {
        let read = store.count_messages().await;
        store.close().await;
        read.map(drop)
    })
}
