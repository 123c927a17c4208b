//! Writes that are told apart by their number, and what of them is in a store.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row as _;

use super::Aftermath;
use super::site::{DATA, Place};
use crate::rows::{AgentKey, NewMessage, Transfer};
use crate::store::Store;
use crate::{Durability, Source, StoreError, sqlite};

/// Messages that are added in one transaction.
const TOGETHER: i64 = 3;

/// Whether the write of this number is a transfer of 1 to the account of this number; else it is three
/// messages with the number as their topic.
fn is_transfer(number: i64) -> bool {
    number % 2 == 0 && number <= DATA.accounts as i64
}

/// One write in a transaction of its own.
pub(super) async fn write(store: &impl Store, number: i64) -> Result<(), StoreError> {
    if is_transfer(number) {
        let transfer = Transfer { account: number, teller: 1 + number % 10, branch: 1, amount: 1 };
        return store.transfer(transfer).await.map(drop);
    }
    store.add_messages((0..TOGETHER).map(|part| message(number, part, 40)).collect()).await
}

/// A part of the write of this number, with a body of so many bytes that no compression shortens.
pub(super) fn message(number: i64, part: i64, bytes: usize) -> NewMessage {
    let mut random = crate::data::Random::new(number.cast_unsigned());
    let body = (0..bytes).map(|_| char::from(b'0' + random.below(75) as u8)).collect();
    NewMessage {
        sender: AgentKey(1),
        receiver: AgentKey(2),
        sent_ns: part,
        topic: format!("write {number}"),
        tag: String::new(),
        body,
    }
}

/// What is in a store, by SQL of its own.
const TRANSFERS: &str = "SELECT CAST(aid AS BIGINT), CAST(abalance AS BIGINT) \
                         FROM pgbench_accounts WHERE abalance <> 0";
const MESSAGES: &str = "SELECT CAST(substr(topic, 7) AS BIGINT), count(*) FROM messages \
                        WHERE topic LIKE 'write %' GROUP BY topic";
const SUMS: &str = "SELECT CAST((SELECT sum(tbalance) FROM pgbench_tellers) AS BIGINT), \
                    CAST((SELECT sum(bbalance) FROM pgbench_branches) AS BIGINT) \
                    UNION ALL SELECT CAST(coalesce(sum(delta), 0) AS BIGINT), count(*) \
                    FROM pgbench_history";

/// Looks for everything that was acknowledged, and for halves.
pub(super) async fn examine(
    place: &Place,
    acknowledged: &BTreeSet<i64>,
    aftermath: &mut Aftermath,
) -> Result<(), Source> {
    let [transfers, messages, sums] = match place {
        Place::File(path) => {
            let connection = sqlite::open(sqlite::Place::File(path), Durability::Relaxed)?;
            let check: String =
                connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
            if check != "ok" {
                return Err(format!("integrity_check: {check}").into());
            }
            let rows = |sql| -> rusqlite::Result<Vec<(i64, i64)>> {
                let mut statement = connection.prepare(sql)?;
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            [rows(TRANSFERS)?, rows(MESSAGES)?, rows(SUMS)?]
        }
        Place::Schema(..) => {
            let store = place.postgres(1).await?;
            let mut all = [const { Vec::new() }; 3];
            for (rows, sql) in all.iter_mut().zip([TRANSFERS, MESSAGES, SUMS]) {
                for row in sqlx::query(sql).fetch_all(&mut *store.lease().await?).await? {
                    rows.push((row.try_get(0)?, row.try_get(1)?));
                }
            }
            store.close().await;
            all
        }
    };
    let transferred: i64 = transfers.iter().map(|(_, balance)| balance).sum();
    let agree = sums.iter().all(|(one, other)| *one == transferred && *other == transferred);
    let transfers = BTreeMap::from_iter(transfers);
    let messages = BTreeMap::from_iter(messages);
    let kept = |number: &i64| match is_transfer(*number) {
        true => transfers.get(number) == Some(&1),
        false => messages.get(number) == Some(&TOGETHER),
    };
    aftermath.acknowledged = acknowledged.len() as u64;
    aftermath.lost = acknowledged.iter().filter(|number| !kept(number)).count() as u64;
    let halves = messages.values().filter(|count| **count != TOGETHER).count();
    aftermath.halves = halves as u64 + u64::from(!agree);
    Ok(())
}
