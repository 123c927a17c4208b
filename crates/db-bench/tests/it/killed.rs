//! A process that is killed while many callers write.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use db_bench::data::Random;
use db_bench::rows::{AgentKey, Transfer};
use db_bench::{Durability, SqliteThreads, ThreadsOptions, sqlite};

use super::temporary::{Temporary, message};

const FILE: &str = "DB_BENCH_KILLED_FILE";
const CALLERS: i64 = 20;
const KILLS: u64 = 10;

/// What one transaction of the child does: two tables, which must agree.
async fn write(store: &SqliteThreads, number: i64) -> i64 {
    let agent = AgentKey(1);
    let transfer = Transfer { account: 1, teller: 1, branch: 1, amount: 1 };
    let work = move |connection: &rusqlite::Connection| {
        sqlite::add_message(connection, &message((agent, agent), number))?;
        sqlite::transfer_within(connection, transfer)?;
        Ok(number)
    };
    store.transaction(work).await.unwrap()
}

/// The child: writes without end and says of each message that it was answered.
#[test]
#[ignore = "the process that the other test of this module starts and kills"]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let options = ThreadsOptions { durability: Durability::Durable, connections: 1 };
    let store = SqliteThreads::open(Path::new(&path), options).unwrap();
    let first = i64::from(std::process::id()) << 32;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        for caller in 0..CALLERS {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (first + caller..).step_by(CALLERS as usize) {
                    let line = format!("\nanswered {}\n", write(&store, number).await);
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
        std::future::pending::<()>().await;
    });
}

fn child(path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "it::killed::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    (child, output)
}

/// The message that a whole line names.
fn answered(line: &str) -> Option<i64> {
    line.strip_prefix("answered ")?.strip_suffix('\n')?.parse().ok()
}

#[test]
fn what_was_answered_is_there_and_nothing_is_by_halves() {
    let temporary = Temporary::new();
    temporary
        .connection()
        .execute_batch(
            "INSERT INTO agents (name, kind) VALUES ('writer', 'scout');
             INSERT INTO pgbench_accounts VALUES (1, 1, 0, '');
             INSERT INTO pgbench_tellers VALUES (1, 1, 0, '');
             INSERT INTO pgbench_branches VALUES (1, 0, '');",
        )
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut random = Random::new(11);
    for kill in 0..KILLS {
        let (mut child, mut output) = child(&temporary.path);
        let until = acknowledged.len() + 1 + random.below(200) as usize;
        let mut line = String::new();
        while acknowledged.len() < until {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the child ended by itself");
            acknowledged.extend(answered(&line));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said before it was gone.
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        acknowledged.extend(rest.split_inclusive('\n').filter_map(answered));
        verify(&temporary, &acknowledged, kill);
    }
}

fn verify(temporary: &Temporary, acknowledged: &[i64], kill: u64) {
    let connection = temporary.connection();
    let mut there = connection.prepare("SELECT count(*) FROM messages WHERE sent_ns = ?1").unwrap();
    for number in acknowledged {
        let found: i64 = there.query_row([number], |row| row.get(0)).unwrap();
        assert_eq!(found, 1, "kill {kill}: message {number} was answered");
    }
    let messages = temporary.number("SELECT count(*) FROM messages");
    assert!(messages >= acknowledged.len() as i64);
    for sum in [
        "SELECT sum(abalance) FROM pgbench_accounts",
        "SELECT sum(tbalance) FROM pgbench_tellers",
        "SELECT sum(bbalance) FROM pgbench_branches",
        "SELECT sum(delta) FROM pgbench_history",
    ] {
        assert_eq!(temporary.number(sum), messages, "kill {kill}: {sum}");
    }
    assert_eq!(
        temporary
            .number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
        0
    );
}
