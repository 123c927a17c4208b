//! Connections to a PostgreSQL server that callers share.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::sqlx::ACQUIRE_TIMEOUT;
use crate::StoreError;

/// A connection that was idle for longer is tried before it is used: its server may have ended it. One
/// that was used a moment ago is not, since that would be a round trip for each call.
const SURELY_THERE: Duration = Duration::from_secs(1);

/// At most so many connections, made when they are needed and kept.
///
/// sqlx's own pool asks the server, whenever a connection is given back and on a task spawned for that,
/// whether it is well: a round trip and two more wake-ups for each call. Here only those come back of
/// which it is known; who is dropped at work, as a caller's future may be, is closed. First come, first
/// served.
#[derive(Debug)]
pub struct Pool {
    options: PgConnectOptions,
    size: u32,
    free: Semaphore,
    /// Those that nobody uses, and since when; the last one is the warmest.
    idle: Mutex<Vec<(PgConnection, Instant)>>,
}

impl Pool {
    pub fn new(options: PgConnectOptions, size: u32) -> Self {
        let free = Semaphore::new(size as usize);
        Self { options, size, free, idle: Mutex::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(PgConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a connection.
    pub async fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let permit = timeout(ACQUIRE_TIMEOUT, self.free.acquire()).await;
        let permit = permit.map_err(|_| StoreError::NoConnection)?;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        loop {
            let next = self.idle().pop();
            let connection = match next {
                Some((connection, since)) if since.elapsed() < SURELY_THERE => connection,
                Some((mut connection, _)) => match connection.ping().await {
                    Ok(()) => connection,
                    Err(_) => continue,
                },
                None => self.options.connect().await?,
            };
            return Ok(Lease { pool: self, connection, _permit: permit });
        }
    }

    /// Waits until nobody uses a connection, and closes all.
    pub async fn close(&self) {
        let all = self.free.acquire_many(self.size).await;
        self.free.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for (connection, _) in idle {
            // A server that is gone has closed it.
            let _: sqlx::Result<()> = connection.close().await;
        }
    }
}

/// A connection that one caller has. Dropped, it is closed, and the server takes back what was begun.
#[derive(Debug)]
pub struct Lease<'p> {
    pool: &'p Pool,
    connection: PgConnection,
    _permit: SemaphorePermit<'p>,
}

impl Lease<'_> {
    /// Gives the connection back, if it is of use after what came of a call.
    pub fn end<T>(self, outcome: &Result<T, StoreError>) {
        if let Ok(_) | Err(StoreError::Constraint(_)) = outcome {
            self.pool.idle().push((self.connection, Instant::now()));
        }
    }
}

impl Deref for Lease<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
