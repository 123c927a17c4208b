//! A process that is killed while many callers write.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use super::Aftermath;
use super::ledger::{self, write};
use super::site::{Site, with_store};
use super::writer::{Role, Writer, runtime};
use crate::Source;
use crate::data::Random;
use crate::store::Store as _;

/// At most so many writes are acknowledged before a writer is killed, and so long it goes on after.
const MOST: u64 = 60;
const LONGEST: u64 = 3_000_000;

/// Kills writer after writer at random moments. After each another one writes, and after all what was
/// acknowledged is looked for.
pub(super) fn strike(site: &mut Site<'_>, times: u32) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let place = runtime.block_on(site.place())?;
    let mut random = Random::new(11);
    let mut aftermath = Aftermath { times, ..Aftermath::default() };
    let (mut acknowledged, mut next) = (BTreeSet::new(), 1);
    for _ in 0..times {
        let mut writer = Writer::start(Role::Write, site.backend, &place, next)?;
        writer.until_acknowledged(1 + random.below(MOST) as usize)?;
        thread::sleep(Duration::from_nanos(random.below(LONGEST)));
        writer.kill()?;
        let killed = Instant::now();
        // Beyond all that its callers had begun.
        next = 100 + writer.acknowledged.last().copied().unwrap_or(next);
        acknowledged.append(&mut writer.acknowledged);
        runtime.block_on(async {
            let store = place.open(site.backend, 1).await?;
            with_store!(&store, store => {
                write(store, next).await?;
                aftermath.recoveries.push(killed.elapsed());
                store.close().await;
            });
            Ok::<(), Source>(())
        })?;
        acknowledged.insert(next);
        next += 1;
    }
    runtime.block_on(ledger::examine(&place, &acknowledged, &mut aftermath))?;
    Ok(aftermath)
}
