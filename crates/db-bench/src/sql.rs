//! Every statement, once for all backends.
//!
//! Parameters are numbered `$1`, `$2` and so on, in the order in which they appear: PostgreSQL and
//! sqlx read the numbers, SQLite the order.

pub const AGENT: &str = "SELECT id, name, kind, steps FROM agents WHERE id = $1";
pub const ADD_AGENT: &str = "INSERT INTO agents (name, kind) VALUES ($1, $2) RETURNING id";
pub const ADD_STEPS: &str = "UPDATE agents SET steps = steps + $1 WHERE id = $2";
pub const COUNT_MESSAGES: &str = "SELECT count(*) FROM messages";

pub const MESSAGE: &str = "SELECT id, sender, receiver, sent_ns, topic, tag, body FROM messages \
                           WHERE id = $1";
pub const INBOX: &str = "SELECT id, sender, receiver, sent_ns, topic, tag, body FROM messages \
                         WHERE receiver = $1 AND sent_ns >= $2 AND sent_ns < $3 \
                         ORDER BY sent_ns, id LIMIT $4";
pub const BY_TOPIC: &str = "SELECT id, sender, receiver, sent_ns, topic, tag, body FROM messages \
                            WHERE topic = $1 ORDER BY id LIMIT $2";
pub const BY_TAG: &str = "SELECT id, sender, receiver, sent_ns, topic, tag, body FROM messages \
                          WHERE tag = $1 ORDER BY id LIMIT $2";
pub const ADD_MESSAGE: &str = "INSERT INTO messages (sender, receiver, sent_ns, topic, tag, body) \
                               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
/// PostgreSQL only: a column each, as arrays.
pub const ADD_MESSAGES: &str = "INSERT INTO messages (sender, receiver, sent_ns, topic, tag, body) \
                                SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], \
                                $4::text[], $5::text[], $6::text[])";

/// What a receiver's senders are, and how much they wrote: a join and a sum.
pub const TRAFFIC: &str = "SELECT agents.kind, count(*), CAST(sum(length(body)) AS BIGINT) \
                           FROM messages JOIN agents ON agents.id = messages.sender \
                           WHERE receiver = $1 GROUP BY agents.kind ORDER BY agents.kind";
pub const POPULAR: &str = "SELECT receiver, count(*) AS messages FROM messages \
                           WHERE receiver >= $1 AND receiver < $2 \
                           GROUP BY receiver ORDER BY messages DESC, receiver LIMIT $3";

pub const SAVE_BELIEF: &str = "INSERT INTO beliefs (agent, step, posterior) VALUES ($1, $2, $3) \
                               ON CONFLICT (agent, step) \
                               DO UPDATE SET posterior = excluded.posterior";
pub const LATEST_BELIEF: &str = "SELECT step, posterior FROM beliefs WHERE agent = $1 \
                                 ORDER BY step DESC LIMIT 1";

pub const ADD_OBSERVATION: &str = "INSERT INTO observations (agent, step, modality, outcome) \
                                   VALUES ($1, $2, $3, $4)";
pub const OBSERVATIONS: &str = "SELECT agent, step, modality, outcome FROM observations \
                                WHERE agent = $1 AND step >= $2 AND step < $3 \
                                ORDER BY step, modality";

pub const SET_EDGE: &str = "INSERT INTO edges (source, kind, target, weight) \
                            VALUES ($1, $2, $3, $4) \
                            ON CONFLICT (source, kind, target) DO UPDATE SET weight = excluded.weight";
pub const NEIGHBOURS: &str = "SELECT target, weight FROM edges WHERE source = $1 AND kind = $2 \
                              ORDER BY weight DESC, target";

/// A transfer, statement by statement, as pgbench's `tpcb-like` has them.
pub const TO_ACCOUNT: &str = "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2";
pub const BALANCE: &str = "SELECT abalance FROM pgbench_accounts WHERE aid = $1";
pub const TO_TELLER: &str = "UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2";
pub const TO_BRANCH: &str = "UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2";
pub const TO_HISTORY: &str = "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) \
                              VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP)";

/// PostgreSQL only, as [`ADD_MESSAGES`].
pub const ADD_AGENTS: &str =
    "INSERT INTO agents (name, kind) SELECT * FROM unnest($1::text[], $2::text[])";
pub const SAVE_BELIEFS: &str = "INSERT INTO beliefs (agent, step, posterior) \
                                SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
pub const ADD_OBSERVATIONS: &str = "INSERT INTO observations (agent, step, modality, outcome) \
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])";
pub const ADD_EDGES: &str = "INSERT INTO edges (source, kind, target, weight) \
                             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], \
                             $4::double precision[])";

/// So many rows ($1) of a table of pgbench, numbered from 1 on, so many ($2) to a branch, with the
/// blanks that PostgreSQL would add to the filler.
macro_rules! fill {
    ($table:literal, $columns:literal) => {
        concat!(
            "WITH RECURSIVE series (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < $1), \
             numbered (n, bid) AS (SELECT n, (n - 1) / $2 + 1 FROM series) INSERT INTO ",
            $table,
            " SELECT ",
            $columns,
            ", '",
            "                                                                                    ",
            "' FROM numbered"
        )
    };
}
pub const FILL_BRANCHES: &str = fill!("pgbench_branches (bid, bbalance, filler)", "bid, 0");
pub const FILL_TELLERS: &str = fill!("pgbench_tellers (tid, bid, tbalance, filler)", "n, bid, 0");
pub const FILL_ACCOUNTS: &str = fill!("pgbench_accounts (aid, bid, abalance, filler)", "n, bid, 0");
