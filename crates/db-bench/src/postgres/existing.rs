//! The database that `DATABASE_URL` names.

/// The variable that names a database.
pub const VARIABLE: &str = "DATABASE_URL";

/// The schema that everything is made in.
pub const SCHEMA: &str = "db_bench";
