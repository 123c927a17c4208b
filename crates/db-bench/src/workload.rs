//! The one list of measured queries: what criterion times, valgrind counts and tests check is this.

use rusqlite::Connection;

use crate::data::{self, DataSet, TINY};
use crate::request::{Digest, Operation, Request, Requests, digest};
use crate::sqlite::{self, Place};
use crate::store::Store;
use crate::{Durability, StoreError};

/// A query that is measured. Once recorded, its name never changes.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Its name within the group `queries`.
    pub name: &'static str,
    /// What it measures and what to look for.
    pub analysis: &'static str,
    /// What is asked.
    pub operation: Operation,
    /// What every store that holds [`TINY`] answers to [`Workload::trial`].
    pub expected: Digest,
}

/// Requests in a trial.
pub const TRIAL: usize = 20;

/// Messages of a bulk insert.
pub const BULK: u32 = 100;

/// Every query, in the order they are reported.
pub const WORKLOADS: [Workload; 12] = [
    Workload {
        name: "point_read",
        analysis: "An agent by its key: what asking costs by itself.",
        operation: Operation::PointRead,
        expected: 0xd0c9_52b7_2e4b_bdbb,
    },
    Workload {
        name: "range_read",
        analysis: "At most fifty messages to one agent from some time on, by an index of both.",
        operation: Operation::RangeRead,
        expected: 0x7135_9b7f_6ada_1488,
    },
    Workload {
        name: "join_aggregate",
        analysis: "Messages to an agent joined with who sent them, counted and summed by kind.",
        operation: Operation::Join,
        expected: 0xe2e4_7c8e_6c65_79e1,
    },
    Workload {
        name: "top_n",
        analysis: "Of a hundred agents the ten with the most messages: an index is walked, no row \
                   is fetched.",
        operation: Operation::Top,
        expected: 0xc28d_86ed_9b46_130c,
    },
    Workload {
        name: "search_indexed",
        analysis: "Twenty messages about a topic, by an index.",
        operation: Operation::Indexed,
        expected: 0x6db4_72ea_cdf4_3b2b,
    },
    Workload {
        name: "search_unindexed",
        analysis: "The same messages by a column without an index, until there are twenty: what \
                   the index saves, and saves more the more there is.",
        operation: Operation::Unindexed,
        expected: 0x6db4_72ea_cdf4_3b2b,
    },
    Workload {
        name: "load_belief",
        analysis: "The last belief of an agent: a hundred figures from a blob.",
        operation: Operation::LoadBelief,
        expected: 0x68cb_2ff7_90b9_d215,
    },
    Workload {
        name: "save_belief",
        analysis: "A belief of a hundred figures, a transaction of its own.",
        operation: Operation::SaveBelief,
        expected: 0x12ab_0cb0_bb80_2331,
    },
    Workload {
        name: "insert",
        analysis: "One message with two indexes and two references, a transaction of its own.",
        operation: Operation::Insert,
        expected: 0x11fd_7c4e_175d_120b,
    },
    Workload {
        name: "bulk_insert",
        analysis: "A hundred messages in one transaction: look at a hundredth of it beside \
                   `insert`.",
        operation: Operation::Bulk(BULK),
        expected: 0x12ab_0cb0_bb80_2331,
    },
    Workload {
        name: "update",
        analysis: "A number of one agent, by its key, a transaction of its own.",
        operation: Operation::Update,
        expected: 0xe374_49bb_c6a2_6959,
    },
    Workload {
        name: "transfer",
        analysis: "TPC-B's five statements in a transaction, as pgbench has them.",
        operation: Operation::Transfer,
        expected: 0x55c3_9f23_cb1d_4463,
    },
];

/// Why a query's figures are void.
#[derive(Debug, thiserror::Error)]
#[error("{name} answered {found:#x} instead of {expected:#x}: its figures are void")]
pub struct Wrong {
    /// The query's name.
    pub name: &'static str,
    /// What came out.
    pub found: Digest,
    /// What should have.
    pub expected: Digest,
}

/// The query of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

/// A SQLite store in memory that holds [`TINY`].
///
/// # Errors
/// What SQLite says.
pub fn tiny_in_memory() -> Result<Connection, StoreError> {
    let mut connection = sqlite::open(Place::Memory, Durability::Relaxed)?;
    data::fill_sqlite(&TINY, &mut connection)?;
    Ok(connection)
}

impl Workload {
    /// Requests like this for a data set: an endless list, another for each stream.
    pub fn requests(&self, data: &DataSet, stream: u64) -> impl Iterator<Item = Request> + use<> {
        let (mut requests, operation) = (Requests::new(data, stream), self.operation);
        std::iter::repeat_with(move || requests.next(operation))
    }

    /// The requests by whose answers a store is verified.
    #[must_use]
    pub fn trial(&self) -> Vec<Request> {
        self.requests(&TINY, 0).take(TRIAL).collect()
    }

    /// Compares the answers to [`Workload::trial`] with the expected ones.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn verify(&self, answers: &[Digest]) -> Result<(), Wrong> {
        let (found, expected) = (digest(&answers), self.expected);
        if found == expected {
            return Ok(());
        }
        Err(Wrong { name: self.name, found, expected })
    }
}

/// Asks one after the other.
///
/// # Errors
/// What the store says.
pub async fn ask_all(
    requests: impl IntoIterator<Item = Request>,
    store: &impl Store,
) -> Result<Vec<Digest>, StoreError> {
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.ask(store).await?);
    }
    Ok(answers)
}

/// Asks one SQLite connection, one after the other.
///
/// # Errors
/// What SQLite says.
pub fn ask_all_sqlite(
    requests: impl IntoIterator<Item = Request>,
    connection: &mut Connection,
) -> Result<Vec<Digest>, StoreError> {
    requests.into_iter().map(|request| request.ask_sqlite(connection)).collect()
}
