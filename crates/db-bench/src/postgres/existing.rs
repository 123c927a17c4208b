//! The database that `DATABASE_URL` names, and the one schema in it that is ours.

use std::fmt;
use std::future::Future;
use std::io;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use tokio::{runtime, time};

use super::error::ServerError;

/// The variable that names a database.
pub const VARIABLE: &str = "DATABASE_URL";

/// The schema that everything in a database of somebody's is made in.
pub const SCHEMA: &str = "db_bench";

/// How long a connection may take; a Ctrl-C meanwhile waits as long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Counts what a database holds that a new one does not, and names one: whatever got its number after
/// the cluster was made. What ends with a session is no matter.
const FOREIGN: &str = "
    with temporary as (
        select oid from pg_namespace where nspname like 'pg\\_temp\\_%' or nspname like 'pg\\_toast%'
    ), foreign_object (catalog, id, rank) as (
        select 'pg_class'::regclass, oid, 1 from pg_class
            where relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
            and relnamespace not in (select oid from temporary)
        union all select 'pg_type'::regclass, oid, 2 from pg_type where typtype in ('d', 'e', 'r')
            and typnamespace not in (select oid from temporary)
        union all select 'pg_proc'::regclass, oid, 3 from pg_proc
            where pronamespace not in (select oid from temporary)
        union all select 'pg_namespace'::regclass, oid, 4 from pg_namespace
            where oid not in (select oid from temporary)
        union all select 'pg_extension'::regclass, oid, 5 from pg_extension
        union all select 'pg_largeobject'::regclass, oid, 6 from pg_largeobject_metadata
    )
    select count(*), (array_agg(pg_describe_object(catalog, id, 0) order by rank, id))[1]
    from foreign_object where id >= 16384";

/// Whether a database may hold things of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingDatabase {
    /// It may: `--allow-existing`. Ours is still only what lies in our schema.
    Allowed,
    /// It must be as empty as a new one.
    Refused,
}

/// The variable by which `cargo xtask bench --allow-existing` tells its benches.
pub const ALLOW_VARIABLE: &str = "DB_BENCH_ALLOW_EXISTING";

impl ExistingDatabase {
    /// What whoever started this process said by [`ALLOW_VARIABLE`]: allowed if it is `1`.
    #[must_use]
    pub fn asked() -> Self {
        match std::env::var(ALLOW_VARIABLE) {
            Ok(said) if said == "1" => Self::Allowed,
            _ => Self::Refused,
        }
    }
}

/// A database of somebody's, in which the schema `db_bench` is ours: made by [`Existing::open`], and
/// dropped with this.
pub struct Existing {
    url: String,
    schema: Arc<Schema>,
}

impl fmt::Debug for Existing {
    /// Without the address, which may have a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Existing").finish_non_exhaustive()
    }
}

impl Existing {
    /// Makes our schema in the database of this URL, once it is sure that nothing there is touched.
    ///
    /// A database with a table, view, sequence, type, function, schema, extension or large object that
    /// PostgreSQL did not make itself, also if it came by a template, is refused unless it is
    /// allowed. A schema of our name that is there already is always refused. Up to then the
    /// catalogs were read, and nothing was written.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn open(url: &str, existing: ExistingDatabase) -> Result<Self, ServerError> {
        let options = parse(url)?;
        let mut made = made();
        blocking(async {
            let mut connection = connect(&options).await?;
            refuse_what_is_taken(&mut connection, existing).await?;
            let create = AssertSqlSafe(format!("create schema {SCHEMA}"));
            sqlx::raw_sql(create).execute(&mut connection).await?;
            Ok::<(), ServerError>(())
        })?;
        let schema = Arc::new(Schema { database: options, removed: AtomicBool::new(false) });
        made.push(Arc::downgrade(&schema));
        Ok(Self { url: url.to_owned(), schema })
    }

    /// How to connect: names without a schema are looked for in ours, and made there.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.schema.database.clone().options([("search_path", SCHEMA)])
    }

    /// The same for programs of PostgreSQL, such as `pgbench`, with the password if there is one.
    #[must_use]
    pub fn url(&self) -> String {
        let joint = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{joint}options=-csearch_path%3D{SCHEMA}", self.url)
    }
}

impl Drop for Existing {
    fn drop(&mut self) {
        self.schema.report_unless_removed();
    }
}

/// Our schema in somebody's database.
struct Schema {
    database: PgConnectOptions,
    /// Whether its end has begun: what bears its name after that may be of another run.
    removed: AtomicBool,
}

/// Those that are there; the lock is held while one is made, so that none is missed.
static MADE: Mutex<Vec<Weak<Schema>>> = Mutex::new(Vec::new());

fn made() -> MutexGuard<'static, Vec<Weak<Schema>>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Schema {
    fn remove(&self) -> Result<(), ServerError> {
        blocking(async {
            let mut connection = connect(&self.database).await?;
            // A session of ours that is still at work is not waited for without end.
            let drop = format!("set lock_timeout = '10s'; drop schema {SCHEMA} cascade");
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
            Ok(())
        })
    }

    fn report_unless_removed(&self) {
        if self.removed.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.remove() {
            eprintln!("the schema {SCHEMA} is left: {error}; `drop schema {SCHEMA} cascade`");
        }
    }
}

/// Drops our schema from whatever databases this process made it in: for a process that ends by a
/// handler of signals, if that runs on a thread of its own, as those of `ctrlc` do. A throw-away
/// cluster needs nothing of the kind.
pub fn drop_schemas() {
    let left: Vec<_> = made().drain(..).filter_map(|schema| schema.upgrade()).collect();
    left.iter().for_each(|schema| schema.report_unless_removed());
}

async fn connect(database: &PgConnectOptions) -> Result<PgConnection, ServerError> {
    let connected = time::timeout(PATIENCE, database.connect()).await;
    let late = |_| sqlx::Error::Io(io::ErrorKind::TimedOut.into());
    Ok(connected.map_err(late)??)
}

async fn refuse_what_is_taken(
    connection: &mut PgConnection,
    existing: ExistingDatabase,
) -> Result<(), ServerError> {
    let ours = sqlx::query_scalar("select exists (select from pg_namespace where nspname = $1)");
    if ours.bind(SCHEMA).fetch_one(&mut *connection).await? {
        return Err(ServerError::SchemaExists);
    }
    if existing == ExistingDatabase::Allowed {
        return Ok(());
    }
    let (count, example) = sqlx::query_as(FOREIGN).fetch_one(connection).await?;
    match example {
        Some(example) => Err(ServerError::InUse { count, example }),
        None => Ok(()),
    }
}

fn parse(url: &str) -> Result<PgConnectOptions, ServerError> {
    let malformed = |found: &str| ServerError::Malformed { found: found.to_owned() };
    match url.split_once("://") {
        Some(("postgres" | "postgresql", _)) => {}
        // Without a scheme, the beginning may be a password as well as anything else.
        _ => return Err(malformed("it does not begin with postgresql://")),
    }
    PgConnectOptions::from_str(url).map_err(|error| match error {
        // The text of a value is left out: it may be part of a password that was not encoded.
        sqlx::Error::Configuration(source) if source.to_string().contains("unknown value") => {
            malformed("a parameter has an unknown value")
        }
        sqlx::Error::Configuration(source) => malformed(&source.to_string()),
        _ => malformed("it cannot be understood"),
    })
}

/// Runs to its end what is async, from wherever: a thread of a runtime may not wait in another one.
fn blocking<T: Send>(
    task: impl Future<Output = Result<T, ServerError>> + Send,
) -> Result<T, ServerError> {
    let run = || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(ServerError::Runtime)?.block_on(task)
    };
    thread::scope(|scope| {
        let thread =
            thread::Builder::new().spawn_scoped(scope, run).map_err(ServerError::Runtime)?;
        let panicked = || ServerError::Runtime(io::Error::other("its thread panicked"));
        thread.join().unwrap_or_else(|_| Err(panicked()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_wrong_is_told_without_the_password(
            before in "[a-z/:@?#&=%\\[\\] ]{0,4}",
            after in "[a-z/:@?#&=%\\[\\] ]{0,4}",
            parameter in "(sslmode|port|hostaddr|statement-cache-capacity)",
        ) {
            let password = format!("{before}s3cret{after}");
            for url in [
                format!("postgres://me:{password}@here:5432/agents"),
                format!("postgres://here/agents?{parameter}={password}"),
                format!("{password}://here/agents"),
            ] {
                if let Err(error) = parse(&url) {
                    prop_assert!(!format!("{error}{error:?}").contains("s3cret"), "{url}: {error:?}");
                }
            }
        }
    }
}
