//! The agents' store on SQLite and PostgreSQL, and the load agents make.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod postgres;
