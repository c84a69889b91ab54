//! The file's schema: forward-only steps, each in one transaction with its number.

use crate::Error;
use rusqlite::Connection;
use std::path::Path;

/// "Galy": marks the file as a registry's.
const APPLICATION_ID: i64 = 0x4761_6c79;

/// Never change a step that was released; add one.
const STEPS: &[&str] = &["
CREATE TABLE entries (
    project BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    line    TEXT NOT NULL,          -- the bytes that are hashed, signed over and sent
    PRIMARY KEY (project, seq)
) STRICT;

-- Content by project: what one project redacts, another may go on using.
CREATE TABLE contents (
    project  BLOB NOT NULL,
    digest   BLOB NOT NULL,
    bytes    BLOB,                  -- NULL: redacted, or named by a given entry and not come yet
    size     INTEGER NOT NULL,
    named    INTEGER,               -- the first entry that names it; NULL: dropped after a day
    redacted INTEGER NOT NULL DEFAULT 0,
    put_by   BLOB,
    put_at   INTEGER NOT NULL,
    PRIMARY KEY (project, digest)
) STRICT;
CREATE INDEX loose_contents ON contents (project, put_at, size) WHERE named IS NULL;

-- Where a key lives. What it opens, and whether it still does, only the fold says.
CREATE TABLE keys (
    number  INTEGER PRIMARY KEY,
    id      BLOB NOT NULL,
    project BLOB NOT NULL
) STRICT;

CREATE TABLE snapshots (
    project BLOB PRIMARY KEY,
    shape   TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    bytes   BLOB NOT NULL
) STRICT;

-- One-time invitations: the hash of the secret, and what it was used for.
CREATE TABLE foundings (
    hash    BLOB PRIMARY KEY,
    made_at INTEGER NOT NULL,
    used_at INTEGER,
    project BLOB
) STRICT;
", "
-- Webhooks: the operator's plumbing, no part of any ledger. Their secrets are in no table.
CREATE TABLE webhooks (
    id           BLOB PRIMARY KEY,
    project      BLOB NOT NULL,
    url          TEXT NOT NULL,
    kinds        TEXT NOT NULL,      -- JSON: what it is for
    environments TEXT NOT NULL,      -- JSON: ids; none: all
    enabled      INTEGER NOT NULL,
    stopped      TEXT,               -- why it was switched off, where nobody did
    made_by      BLOB NOT NULL,
    made_at      INTEGER NOT NULL,
    seen         INTEGER NOT NULL    -- the last entry that was looked at for it
) STRICT;

CREATE TABLE deliveries (
    number   INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    webhook  BLOB NOT NULL,
    message  TEXT NOT NULL,          -- what the receiver knows it by, through all attempts and replays
    kind     TEXT NOT NULL,
    seq      INTEGER,                -- NULL: a test
    body     TEXT NOT NULL,
    made_at  INTEGER NOT NULL,
    replays  BLOB,                   -- the delivery that this repeats
    state    TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at  INTEGER,                -- NULL: it ended
    last_at  INTEGER,
    status   INTEGER,
    answer   TEXT NOT NULL DEFAULT '',
    error    TEXT
) STRICT;
CREATE INDEX deliveries_of ON deliveries (webhook, number);
CREATE INDEX deliveries_due ON deliveries (webhook, next_at) WHERE next_at IS NOT NULL;
", "
-- When keys were last let in, and which environments they named that are not theirs.
CREATE TABLE key_uses (
    project BLOB NOT NULL,
    key     BLOB NOT NULL,
    last    INTEGER NOT NULL,
    PRIMARY KEY (project, key)
) STRICT;

CREATE TABLE strayed_keys (
    project     BLOB NOT NULL,
    key         BLOB NOT NULL,
    environment BLOB NOT NULL,
    times       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    PRIMARY KEY (project, key, environment)
) STRICT;
"];

/// Brings a file to the newest schema, or refuses it and changes nothing.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found = version(connection, path)?;
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    if found == known {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have migrated between the look and the lock.
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (step, number) in STEPS
        .iter()
        .zip(1_i64..)
        .filter(|(_, number)| *number > found)
    {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    Ok(())
}

/// The schema of a file; refuses what is not a registry's.
pub fn version(connection: &Connection, path: &Path) -> Result<i64, Error> {
    let open = |source| Error::Open {
        path: path.to_owned(),
        source,
    };
    let id: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(open)?;
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(open)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(open)?;
    if id != APPLICATION_ID && tables > 0 {
        return Err(Error::NotARegistry(path.to_owned()));
    }
    Ok(found)
}

/// The newest schema that this code knows.
pub fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}
