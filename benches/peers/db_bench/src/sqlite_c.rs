//! The same statements by SQLite's C interface, prepared once, as a program in C has them
//! (<https://www.sqlite.org/cintro.html>).

use std::ffi::{CStr, CString, c_int};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::rc::Rc;
use std::{ptr, slice};

use db_bench::data::SMALL;
use db_bench::request::digest;
use db_bench::rows::{Agent, AgentKey, NewMessage};
use db_bench::{Operation, Request, Requests};
use measure::peer::{CheckedJob, Loaded, Refused};
use rusqlite::ffi;
use tempfile::TempDir;

const AGENT: &CStr = c"SELECT id, name, kind, steps FROM agents WHERE id = $1";
const ADD_MESSAGE: &CStr =
    c"INSERT INTO messages (sender, receiver, sent_ns, topic, tag, body) VALUES ($1, $2, $3, $4, $5, $6)";
const COUNT: &CStr = c"SELECT count(*) FROM messages";

/// A connection to a copy of a file.
struct Connection {
    handle: *mut ffi::sqlite3,
    _folder: TempDir,
}

impl Connection {
    fn to_copy_of(file: &Path, synchronous: &CStr) -> Result<Rc<Self>, Refused> {
        let folder = tempfile::tempdir_in(file.parent().unwrap_or(Path::new(".")))?;
        let path = folder.path().join("copy.db");
        std::fs::copy(file, &path)?;
        let name = CString::new(path.as_os_str().as_bytes())?;
        let mut handle = ptr::null_mut();
        // SAFETY: the name ends with a NUL, and a handle is written also if it fails.
        let code = unsafe { ffi::sqlite3_open(name.as_ptr(), &mut handle) };
        let connection = Rc::new(Self { handle, _folder: folder });
        connection.check(code)?;
        for pragma in [c"PRAGMA journal_mode = wal", c"PRAGMA foreign_keys = on", synchronous] {
            // SAFETY: the handle is open, the statement ends with a NUL, and nobody is called back.
            let code = unsafe {
                let (none, null) = (None, ptr::null_mut());
                ffi::sqlite3_exec(handle, pragma.as_ptr(), none, null, ptr::null_mut())
            };
            connection.check(code)?;
        }
        Ok(connection)
    }

    fn check(&self, code: c_int) -> Result<(), Refused> {
        if code == ffi::SQLITE_OK {
            return Ok(());
        }
        // SAFETY: the handle is a connection, and its message a string that ends with a NUL.
        let said = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.handle)) };
        Err(format!("SQLite: {}", said.to_string_lossy()).into())
    }

    fn prepare(self: &Rc<Self>, sql: &CStr) -> Result<Statement, Refused> {
        let mut handle = ptr::null_mut();
        // SAFETY: the connection is open, and -1 says that the statement ends with a NUL.
        let code = unsafe {
            let flags = ffi::SQLITE_PREPARE_PERSISTENT;
            let rest = ptr::null_mut();
            ffi::sqlite3_prepare_v3(self.handle, sql.as_ptr(), -1, flags, &mut handle, rest)
        };
        self.check(code)?;
        Ok(Statement { handle, _connection: Rc::clone(self) })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: it is closed once, after its statements, each of which holds on to it.
        unsafe { ffi::sqlite3_close(self.handle) };
    }
}

/// A prepared statement.
struct Statement {
    handle: *mut ffi::sqlite3_stmt,
    _connection: Rc<Connection>,
}

impl Statement {
    fn bind(&self, place: c_int, value: i64) -> c_int {
        // SAFETY: the statement is prepared and not at work.
        unsafe { ffi::sqlite3_bind_int64(self.handle, place, value) }
    }

    /// The text must be there until the statement is reset.
    fn bind_text(&self, place: c_int, text: &str) -> c_int {
        let (begin, length) = (text.as_ptr().cast(), text.len() as c_int);
        // SAFETY: the text has this length; that it outlives the step is the caller's.
        unsafe { ffi::sqlite3_bind_text(self.handle, place, begin, length, ffi::SQLITE_STATIC()) }
    }

    fn step(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_step(self.handle) }
    }

    fn reset(&self) -> c_int {
        // SAFETY: the statement is prepared.
        unsafe { ffi::sqlite3_reset(self.handle) }
    }

    fn number(&self, column: c_int) -> i64 {
        // SAFETY: the statement stands on a row.
        unsafe { ffi::sqlite3_column_int64(self.handle, column) }
    }

    fn text(&self, column: c_int) -> Result<String, Refused> {
        // SAFETY: the statement stands on a row; the bytes are there, and so many, until it goes on.
        let bytes = unsafe {
            let begin = ffi::sqlite3_column_text(self.handle, column);
            if begin.is_null() {
                return Err("no text where one should be".into());
            }
            slice::from_raw_parts(begin, ffi::sqlite3_column_bytes(self.handle, column) as usize)
        };
        Ok(std::str::from_utf8(bytes)?.to_owned())
    }

    fn agent(&self, key: AgentKey) -> Result<Option<Agent>, Refused> {
        self.bind(1, key.0);
        let agent = match self.step() {
            ffi::SQLITE_ROW => Some(Agent {
                key: AgentKey(self.number(0)),
                name: self.text(1)?,
                kind: self.text(2)?,
                steps: self.number(3),
            }),
            ffi::SQLITE_DONE => None,
            code => return Err(format!("SQLite: {code}").into()),
        };
        self.reset();
        Ok(agent)
    }

    fn add(&self, message: &NewMessage) -> Result<(), Refused> {
        let NewMessage { sender, receiver, sent_ns, topic, tag, body } = message;
        for (place, value) in (1..).zip([sender.0, receiver.0, *sent_ns]) {
            self.bind(place, value);
        }
        for (place, text) in (4..).zip([topic, tag, body]) {
            self.bind_text(place, text);
        }
        let code = self.step();
        self.reset();
        if code == ffi::SQLITE_DONE { Ok(()) } else { Err(format!("SQLite: {code}").into()) }
    }

    fn count(&self) -> Result<u64, Refused> {
        if self.step() != ffi::SQLITE_ROW {
            return Err("messages cannot be counted".into());
        }
        let count = self.number(0).cast_unsigned();
        self.reset();
        Ok(count)
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: it is finalized once.
        unsafe { ffi::sqlite3_finalize(self.handle) };
    }
}

fn note() -> String {
    // SAFETY: the version is a constant string that ends with a NUL.
    let version = unsafe { CStr::from_ptr(ffi::sqlite3_libversion()) };
    format!("SQLite {} by its C interface", version.to_string_lossy())
}

/// Agents by their keys.
pub fn point_reads(file: &Path, count: u32) -> Result<Loaded, Refused> {
    let connection = Connection::to_copy_of(file, c"PRAGMA synchronous = normal")?;
    let statement = connection.prepare(AGENT)?;
    let mut requests = Requests::new(&SMALL, 1);
    let requests: Vec<_> = (0..count).map(|_| requests.next(Operation::PointRead)).collect();
    let run = move || {
        let mut sum = 0_u64;
        for request in &requests {
            let Request::Agent(key) = *request else { return Err("no read by key".into()) };
            sum = sum.wrapping_add(digest(&statement.agent(key)?));
        }
        Ok::<u64, Refused>(sum)
    };
    let checksum = run()?;
    Ok((note(), Box::new(CheckedJob::new(count.into(), checksum, Box::new(run)))))
}

/// Messages, each in a transaction of its own.
pub fn inserts(file: &Path, count: u32, durable: bool) -> Result<Loaded, Refused> {
    let synchronous =
        if durable { c"PRAGMA synchronous = full" } else { c"PRAGMA synchronous = normal" };
    let connection = Connection::to_copy_of(file, synchronous)?;
    let (statement, counted) = (connection.prepare(ADD_MESSAGE)?, connection.prepare(COUNT)?);
    let messages: Vec<_> =
        (0..u64::from(count)).map(|number| SMALL.message(SMALL.messages + number)).collect();
    let run = move || {
        let before = counted.count()?;
        messages.iter().try_for_each(|message| statement.add(message))?;
        Ok(counted.count()? - before)
    };
    Ok((note(), Box::new(CheckedJob::new(count.into(), count.into(), Box::new(run)))))
}
