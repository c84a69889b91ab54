//! The schema of the file, step by step. Steps are only added: a file of any age comes forward,
//! each step in its own transaction, and a file from a newer Galley is refused untouched.

use crate::error::{Result, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::PathBuf;

/// One script for each schema number, from 1.
const STEPS: &[&str] = &[
    include_str!("schema/0001_begin.sql"),
    include_str!("schema/0002_answers_held.sql"),
    include_str!("schema/0003_trying.sql"),
    include_str!("schema/0004_marks.sql"),
];

/// `GALY`: says that the file is ours.
const APPLICATION: i32 = 0x4741_4C59;

/// The newest schema that is known here.
#[must_use]
pub fn newest_schema() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Looks at the file without changing it.
pub(crate) fn check(conn: &Connection) -> Result<u32> {
    let found: u32 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (found > 0 || tables > 0) {
        return Err(StoreError::Broken {
            path: PathBuf::new(),
            what: "a database of another program".to_owned(),
            source: None,
        });
    }
    if found > newest_schema() {
        return Err(StoreError::NewerSchema {
            found,
            known: newest_schema(),
        });
    }
    Ok(found)
}

/// Brings the file forward.
pub(crate) fn run(conn: &Connection) -> Result<()> {
    while check(conn)? < newest_schema() {
        let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
        // Another process may have done this step while we waited.
        let found = check(&tx)?;
        let Some(step) = usize::try_from(found).ok().and_then(|n| STEPS.get(n)) else {
            return Ok(());
        };
        tx.execute_batch(step)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", found + 1)?;
        tx.commit()?;
    }
    Ok(())
}
