//! Databases of others, which are not touched unasked.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use db_bench::postgres::{
    Cluster, Existing, ExistingDatabase, SCHEMA, Server, ServerError, Settings, VARIABLE,
    drop_schemas, end_on_interrupt,
};
use rustix::process::{Pid, Signal, kill_process};

use super::cluster::{ask, cluster, program, tell, wait};

/// How many schemas have our name.
fn schemas(cluster: &Cluster) -> String {
    ask(&cluster.options(), "select count(*)::text from pg_namespace where nspname = 'db_bench'")
}

/// Everything in a database, other than what the system keeps about itself.
fn contents(cluster: &Cluster) -> String {
    ask(
        &cluster.options(),
        "select coalesce(string_agg(oid::text || relname, ' ' order by oid), '') from pg_class
         where oid >= 16384",
    )
}

#[test]
fn an_empty_database_gets_our_schema_for_as_long_as_it_is_used() {
    let Some(cluster) = cluster() else { return };
    let database = Existing::open(&cluster.url(), ExistingDatabase::Refused).unwrap();
    tell(&database.options(), "create table agents (id int)");
    assert_eq!(
        ask(
            &cluster.options(),
            "select schemaname::text from pg_tables where tablename = 'agents'"
        ),
        SCHEMA
    );
    drop(database);
    assert_eq!(schemas(&cluster), "0");
    assert_eq!(contents(&cluster), "");
}

#[test]
fn it_can_be_opened_and_dropped_within_a_runtime() {
    let Some(cluster) = cluster() else { return };
    wait(async {
        drop(Existing::open(&cluster.url(), ExistingDatabase::Refused).unwrap());
    });
    assert_eq!(schemas(&cluster), "0");
}

#[test]
fn programs_work_in_our_schema_too() {
    let Some(cluster) = cluster() else { return };
    let Some(pgbench) = program(&cluster, "pgbench") else { return };
    let database = Existing::open(&cluster.url(), ExistingDatabase::Refused).unwrap();
    let output = Command::new(pgbench).args(["-i", "-q", &database.url()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tables = "select count(*)::text from pg_tables where schemaname = 'db_bench'";
    assert_eq!(ask(&cluster.options(), tables), "4");
    drop(database);
    assert_eq!(contents(&cluster), "");
}

#[test]
fn a_database_that_holds_anything_is_refused_and_left_as_it_was() {
    let Some(cluster) = cluster() else { return };
    for (make, named, unmake) in [
        ("create table users (id int)", "table users", "drop table users"),
        ("create view everyone as select 1", "view everyone", "drop view everyone"),
        ("create sequence ids", "sequence ids", "drop sequence ids"),
        ("create type mood as enum ('good')", "type mood", "drop type mood"),
        ("create domain age as int", "type age", "drop domain age"),
        (
            "create function one() returns int language sql as 'select 1'",
            "function one()",
            "drop function one",
        ),
        ("create schema theirs", "schema theirs", "drop schema theirs"),
        ("select lo_create(99999)", "large object 99999", "select lo_unlink(99999)"),
    ] {
        tell(&cluster.options(), make);
        let before = contents(&cluster);
        let error = Existing::open(&cluster.url(), ExistingDatabase::Refused).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, ServerError::InUse { count: 1, .. }), "{make}: {message}");
        assert!(message.contains(named) && message.contains("--allow-existing"), "{message}");
        assert_eq!((contents(&cluster), schemas(&cluster)), (before, "0".to_owned()));
        tell(&cluster.options(), unmake);
    }
    drop(Existing::open(&cluster.url(), ExistingDatabase::Refused).unwrap());
}

#[test]
fn where_it_is_allowed_what_is_there_stays() {
    let Some(cluster) = cluster() else { return };
    tell(&cluster.options(), "create table agents (id text); insert into agents values ('theirs')");
    let before = contents(&cluster);
    let database = Existing::open(&cluster.url(), ExistingDatabase::Allowed).unwrap();
    tell(&database.options(), "create table agents (id text); insert into agents values ('ours')");
    assert_eq!(ask(&database.options(), "select id from agents"), "ours");
    drop(database);
    assert_eq!(contents(&cluster), before);
    assert_eq!(ask(&cluster.options(), "select id from agents"), "theirs");
}

#[test]
fn a_schema_of_our_name_that_this_run_did_not_make_is_always_refused() {
    let Some(cluster) = cluster() else { return };
    tell(&cluster.options(), "create schema db_bench; create table db_bench.kept (id int)");
    let before = contents(&cluster);
    for existing in [ExistingDatabase::Refused, ExistingDatabase::Allowed] {
        let error = Existing::open(&cluster.url(), existing).unwrap_err();
        assert!(matches!(error, ServerError::SchemaExists), "{error}");
    }
    assert_eq!(contents(&cluster), before);
}

/// Makes this binary run the first of the tests below as a process that works in a database.
const OWNER: &str = "DB_BENCH_TEST_DATABASE_OWNER";

/// A process that finds a database by the variable and works in it to this end.
fn owner(url: &str, end: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "it::existing::works_in_a_database_if_told_to", "--nocapture"])
        .env(OWNER, end)
        .env(VARIABLE, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_until_at_work(child: &mut Child) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("at work")));
}

/// Not a test but the process that the next one start.
#[test]
fn works_in_a_database_if_told_to() {
    let Ok(end) = std::env::var(OWNER) else { return };
    end_on_interrupt().unwrap();
    let server = Server::find(ExistingDatabase::Refused, Settings::default()).unwrap();
    assert!(matches!(server, Server::Existing(_)));
    tell(&server.options(), "create table agents (id int)");
    if end == "spare" {
        drop_schemas();
        tell(&server.options(), "create schema db_bench");
        return drop(server);
    }
    println!("at work");
    loop {
        std::thread::park();
    }
}

#[test]
fn ctrl_c_drops_our_schema() {
    let Some(cluster) = cluster() else { return };
    for signal in [Signal::INT, Signal::TERM] {
        let mut owner = owner(&cluster.url(), "signal");
        wait_until_at_work(&mut owner);
        assert_eq!(schemas(&cluster), "1");
        kill_process(Pid::from_child(&owner), signal).unwrap();
        assert_eq!(owner.wait().unwrap().code(), Some(130));
        assert_eq!(schemas(&cluster), "0");
    }
}

#[test]
fn what_a_handler_dropped_is_not_dropped_again() {
    let Some(cluster) = cluster() else { return };
    assert!(owner(&cluster.url(), "spare").wait_with_output().unwrap().status.success());
    assert_eq!(schemas(&cluster), "1");
}

#[test]
fn a_malformed_url_is_told_with_what_is_wrong() {
    for (url, wrong) in [
        ("mysql://me:s3cret@here/agents", "does not begin with postgresql://"),
        ("s3cret", "does not begin with postgresql://"),
        ("postgres://me:s3cret@here:port/agents", "invalid port number"),
        ("postgres://me:pass/s3cret@here/agents", "invalid port number"),
        ("postgres://me:s3cret@here/agents?sslmode=s3cret", "unknown value"),
        ("postgres://me:s3cret@[::1/agents", "invalid IPv6 address"),
    ] {
        let error = Existing::open(url, ExistingDatabase::Refused).unwrap_err();
        let line = error.to_string();
        assert!(matches!(error, ServerError::Malformed { .. }), "{line}");
        assert!(line.starts_with("DATABASE_URL is malformed") && line.contains(wrong), "{line}");
        assert!(!format!("{line}{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told_in_a_line_without_the_password() {
    // Nobody may listen on this port but root.
    let url = "postgresql://me:s3cret@127.0.0.1:1/agents";
    let line = Existing::open(url, ExistingDatabase::Refused).unwrap_err().to_string();
    assert!(line.contains("refused") && !line.contains("s3cret"), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
}
