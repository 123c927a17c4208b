//! Filling an empty store with a data set.

use rusqlite::Connection;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Connection as _, Postgres};

use super::{DataSet, TELLERS};
use crate::rows::{Belief, Edge, NewMessage, Observation};
use crate::store::Columns;
use crate::{StoreError, blob, sql, sqlite};

/// Agents whose beliefs, observations and relations are stored together.
const AGENTS_TOGETHER: usize = 1_000;

/// Fills an empty SQLite store.
///
/// # Errors
/// What SQLite says; a store that is not empty contradicts.
pub fn fill_sqlite(data: &DataSet, connection: &mut Connection) -> Result<(), StoreError> {
    sqlite::transaction(connection, |connection| {
        for key in data.agent_keys() {
            let (name, kind) = data.agent(key);
            sqlite::add_agent(connection, &name, kind)?;
        }
        for key in data.agent_keys() {
            sqlite::save_belief(connection, &data.belief(key, 0))?;
            data.observations(key).try_for_each(|one| sqlite::add_observation(connection, one))?;
            data.edges(key).try_for_each(|edge| sqlite::set_edge(connection, edge))?;
        }
        for (statement, rows) in ledger(data) {
            connection.execute(statement, rows)?;
        }
        Ok(())
    })?;
    for numbers in data.batches() {
        let messages: Vec<_> = numbers.map(|number| data.message(number)).collect();
        sqlite::add_messages(connection, &messages)?;
    }
    Ok(connection.execute_batch("ANALYZE")?)
}

/// Fills an empty PostgreSQL store.
///
/// # Errors
/// What the server says; a store that is not empty contradicts.
pub async fn fill_postgres(
    data: &DataSet,
    connection: &mut PgConnection,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    let (names, kinds): (Vec<String>, Vec<&str>) =
        data.agent_keys().map(|key| data.agent(key)).unzip();
    let agents = sqlx::query(sql::ADD_AGENTS).bind(names).bind(kinds);
    agents.execute(&mut *transaction).await?;
    let keys: Vec<_> = data.agent_keys().collect();
    for keys in keys.chunks(AGENTS_TOGETHER) {
        let (agents, beliefs): (Vec<i64>, Vec<Vec<u8>>) = keys
            .iter()
            .map(|key| data.belief(*key, 0))
            .map(|Belief { agent, posterior, .. }| (agent.0, blob::of(&posterior)))
            .unzip();
        let steps = vec![0_i64; agents.len()];
        let beliefs = sqlx::query(sql::SAVE_BELIEFS).bind(agents).bind(steps).bind(beliefs);
        beliefs.execute(&mut *transaction).await?;
        let observations = keys.iter().flat_map(|key| data.observations(*key));
        observations_of(observations).execute(&mut *transaction).await?;
        edges_of(keys.iter().flat_map(|key| data.edges(*key))).execute(&mut *transaction).await?;
    }
    for (statement, [rows, of_branch]) in ledger(data) {
        sqlx::query(statement).bind(rows).bind(of_branch).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    for numbers in data.batches() {
        let messages: Vec<NewMessage> = numbers.map(|number| data.message(number)).collect();
        Columns::of(messages).added().execute(&mut *connection).await?;
    }
    // Outside of a transaction, which it may not be in.
    sqlx::query("VACUUM ANALYZE").execute(connection).await?;
    Ok(())
}

/// The statements that fill pgbench's tables, each with its number of rows and those of a branch.
fn ledger(data: &DataSet) -> [(&'static str, [i64; 2]); 3] {
    let [branches, tellers, accounts] = [1, TELLERS, data.accounts].map(|each| {
        let each = each as i64;
        [data.branches as i64 * each, each]
    });
    [(sql::FILL_BRANCHES, branches), (sql::FILL_TELLERS, tellers), (sql::FILL_ACCOUNTS, accounts)]
}

type Query = sqlx::query::Query<'static, Postgres, PgArguments>;

fn observations_of(observations: impl Iterator<Item = Observation>) -> Query {
    let mut columns: [Vec<i64>; 4] = Default::default();
    for Observation { agent, step, modality, outcome } in observations {
        for (column, value) in columns.iter_mut().zip([agent.0, step, modality, outcome]) {
            column.push(value);
        }
    }
    columns.into_iter().fold(sqlx::query(sql::ADD_OBSERVATIONS), |query, column| query.bind(column))
}

fn edges_of(edges: impl Iterator<Item = Edge>) -> Query {
    let mut keys: [Vec<i64>; 3] = Default::default();
    let mut weights = Vec::new();
    for Edge { source, target, kind, weight } in edges {
        for (column, value) in keys.iter_mut().zip([source.0, kind as i64, target.0]) {
            column.push(value);
        }
        weights.push(weight);
    }
    keys.into_iter()
        .fold(sqlx::query(sql::ADD_EDGES), |query, column| query.bind(column))
        .bind(weights)
}
