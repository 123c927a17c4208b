//! Text that is taken for something else where statements are put together.

use std::collections::BTreeSet;

use super::Aftermath;
use super::ledger::{self, write};
use super::site::{Backend, Site, with_store};
use super::writer::runtime;
use crate::rows::{AgentKey, NewMessage};
use crate::store::Store;
use crate::{Source, StoreError};

const STRINGS: [&str; 12] = [
    "",
    " ",
    "'; DROP TABLE messages; --",
    "\"; DELETE FROM agents WHERE '1'='1",
    "$1 $2 ?1 :name @name %s {}",
    "\\'\\\\ \\x00 \\u0000",
    "NULL",
    "line\r\nbreak\ttab\u{b}\u{1b}[31m",
    "\u{202e}\u{feff}\u{0301} \u{10ffff}",
    "\u{1f9e0}\u{200d}\u{1f916}",
    "zero\0inside",
    "\0",
];

/// Each string is kept as it is, as name, kind, topic, tag and body; where a database does not take it,
/// that is said and nothing is changed.
pub(super) fn strike(site: &mut Site<'_>, _: u32) -> Result<Aftermath, Source> {
    let runtime = runtime()?;
    let place = runtime.block_on(site.place())?;
    // PostgreSQL's texts have no NUL.
    let refuses_nul = site.backend == Backend::SqlxPostgres;
    let mut aftermath = Aftermath { times: STRINGS.len() as u32, ..Aftermath::default() };
    runtime.block_on(async {
        let store = place.open(site.backend, 1).await?;
        with_store!(&store, store => {
            let before = store.count_messages().await?;
            let mut kept = 0;
            for text in STRINGS {
                match keep(store, text).await {
                    Ok(()) => kept += 1,
                    Err(KeepError::Refused(error)) if refuses_nul && text.contains('\0') => {
                        aftermath.say(&error);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let added = store.count_messages().await? - before;
            if added != kept {
                return Err(format!("{added} messages were added by {kept} strings").into());
            }
            write(store, 1).await?;
            store.close().await;
        });
        Ok::<(), Source>(())
    })?;
    runtime.block_on(ledger::examine(&place, &BTreeSet::from([1]), &mut aftermath))?;
    Ok(aftermath)
}

#[derive(Debug, thiserror::Error)]
enum KeepError {
    #[error("{0}")]
    Refused(#[from] StoreError),
    #[error("{0:?} was not kept as it is")]
    Changed(&'static str),
}

async fn keep(store: &impl Store, text: &'static str) -> Result<(), KeepError> {
    let key = store.add_agent(text, text).await?;
    let agent = store.agent(key).await?;
    let topic = format!("hostile {text}");
    let message = NewMessage {
        sender: key,
        receiver: AgentKey(1),
        sent_ns: 1,
        topic: topic.clone(),
        tag: text.to_owned(),
        body: text.to_owned(),
    };
    let added = store.add_message(message.clone()).await?;
    let agent_is_kept = agent.is_some_and(|agent| agent.name == text && agent.kind == text);
    let found = store.by_topic(&topic, 2).await?;
    let message_is_kept =
        found.len() == 1 && found.iter().all(|one| one.key == added && one.content == message);
    if agent_is_kept && message_is_kept { Ok(()) } else { Err(KeepError::Changed(text)) }
}
