//! Webhooks in the file: their definitions, and what is to be delivered to each.
//!
//! Definitions wait for the disk. Deliveries don't: they come from the ledger, together with the
//! last entry looked at, so that a power cut takes both back and they are made again, with the
//! same message ids.

use super::{Sqlite, int, uint};
use crate::webhooks::{Due, Hook, NewDelivery, Outcome};
use crate::{Error, limits};
use domain::{EnvironmentId, Millis, PersonId, ProjectId};
use protocol::webhooks::{Attempt, Delivery, DeliveryId, DeliveryState, WebhookId};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use serde::de::DeserializeOwned;
use uuid::Uuid;

const COLUMNS: &str = "id, message, kind, seq, made_at, replays, state, attempts, next_at, last_at, status, answer, error, number";

impl Sqlite {
    /// Every webhook, the oldest first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn webhooks(&self) -> Result<Vec<Hook>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT id, project, url, kinds, environments, enabled, stopped, made_by, made_at, seen
                 FROM webhooks ORDER BY made_at, id",
            )?
            .query_map([], |row| {
                let environments: Vec<EnvironmentId> = json(row, 4)?;
                Ok(Hook {
                    id: WebhookId(uuid(row, 0)?),
                    project: ProjectId(uuid(row, 1)?),
                    url: row.get(2)?,
                    kinds: json(row, 3)?,
                    environments,
                    enabled: row.get(5)?,
                    stopped: row.get(6)?,
                    made_by: PersonId(uuid(row, 7)?),
                    made_at: Millis(row.get(8)?),
                    seen: uint(row.get(9)?),
                })
            })?
            .collect()
        })
    }

    /// Keeps a webhook as it is now. One that is off waits for nothing.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn put_webhook(&self, hook: &Hook) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let transaction = writer
            .durable
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT OR REPLACE INTO webhooks
             (id, project, url, kinds, environments, enabled, stopped, made_by, made_at, seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                hook.id.0.as_bytes(),
                hook.project.0.as_bytes(),
                hook.url,
                text(&hook.kinds),
                text(&hook.environments),
                hook.enabled,
                hook.stopped,
                hook.made_by.0.as_bytes(),
                hook.made_at.0,
                int(hook.seen)
            ],
        )?;
        if !hook.enabled {
            transaction.execute(
                "UPDATE deliveries SET state = 'given_up', next_at = NULL,
                     error = 'the webhook was switched off'
                 WHERE webhook = ?1 AND next_at IS NOT NULL",
                [hook.id.0.as_bytes()],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Forgets a webhook and its log.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn remove_webhook(&self, id: WebhookId) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let transaction = writer
            .durable
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM webhooks WHERE id = ?1", [id.0.as_bytes()])?;
        transaction.execute(
            "DELETE FROM deliveries WHERE webhook = ?1",
            [id.0.as_bytes()],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// Takes up what entries up to `seen` tell a webhook.
    ///
    /// # Errors
    /// The file can't be written; then nothing was taken up.
    pub fn take_up(&self, hook: &Hook, seen: u64, fresh: &[NewDelivery]) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let transaction = writer
            .loose
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "UPDATE webhooks SET seen = ?2 WHERE id = ?1",
            params![hook.id.0.as_bytes(), int(seen)],
        )?;
        for delivery in fresh {
            insert(&transaction, delivery)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Keeps one thing to be delivered.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn add_delivery(&self, delivery: &NewDelivery) -> Result<(), Error> {
        insert(&self.writer.lock().loose, delivery)?;
        Ok(())
    }

    /// How many deliveries of a webhook wait.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn waiting(&self, webhook: WebhookId) -> Result<usize, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT count(*) FROM deliveries WHERE webhook = ?1 AND next_at IS NOT NULL",
            )?
            .query_row([webhook.0.as_bytes()], |row| Ok(uint(row.get(0)?)))
        })
        .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// What is to be tried now for a webhook, the longest due first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn due(&self, webhook: WebhookId, now: Millis, most: usize) -> Result<Vec<Due>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT number, id, message, body, attempts FROM deliveries
                 WHERE webhook = ?1 AND next_at <= ?2 ORDER BY next_at, number LIMIT ?3",
            )?
            .query_map(
                params![webhook.0.as_bytes(), now.0, int(most as u64)],
                |row| {
                    Ok(Due {
                        number: row.get(0)?,
                        id: DeliveryId(uuid(row, 1)?),
                        webhook,
                        message: row.get(2)?,
                        body: row.get(3)?,
                        attempts: row.get(4)?,
                    })
                },
            )?
            .collect()
        })
    }

    /// When a webhook is to be tried next, after now.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn next_due(&self, webhook: WebhookId, now: Millis) -> Result<Option<Millis>, Error> {
        self.reading(|db| {
            db.prepare_cached(
                "SELECT min(next_at) FROM deliveries WHERE webhook = ?1 AND next_at > ?2",
            )?
            .query_row(params![webhook.0.as_bytes(), now.0], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.map(Millis))
            })
        })
    }

    /// Writes down how an attempt went, and forgets the oldest of what ended.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn record_attempt(
        &self,
        due: &Due,
        attempt: &Attempt,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let (state, next) = match outcome {
            Outcome::Delivered => (DeliveryState::Delivered, None),
            Outcome::Again(at) => (DeliveryState::Waiting, Some(at.0)),
            Outcome::GivenUp | Outcome::Gone => (DeliveryState::GivenUp, None),
        };
        let mut writer = self.writer.lock();
        let transaction = writer
            .loose
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // One that was given up meanwhile stays so: its webhook was switched off.
        transaction.execute(
            "UPDATE deliveries SET attempts = attempts + 1, last_at = ?2, status = ?3, answer = ?4,
                 error = ?5,
                 state = CASE WHEN next_at IS NULL AND ?6 = 'waiting' THEN state ELSE ?6 END,
                 next_at = CASE WHEN next_at IS NULL THEN NULL ELSE ?7 END
             WHERE number = ?1",
            params![
                due.number,
                attempt.at.0,
                attempt.status,
                attempt.answer,
                attempt.error,
                state_word(state),
                next
            ],
        )?;
        if next.is_none() {
            transaction.execute(
                "DELETE FROM deliveries WHERE webhook = ?1 AND next_at IS NULL AND number <= (
                     SELECT number FROM deliveries WHERE webhook = ?1 AND next_at IS NULL
                     ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                params![due.webhook.0.as_bytes(), int(limits::WEBHOOK_LOG as u64)],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// A webhook's deliveries, the newest first: those before one of them.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn deliveries(
        &self,
        webhook: WebhookId,
        before: Option<DeliveryId>,
        most: usize,
    ) -> Result<Vec<Delivery>, Error> {
        self.reading(|db| {
            let before: i64 = match before {
                Some(id) => db
                    .query_row(
                        "SELECT number FROM deliveries WHERE webhook = ?1 AND id = ?2",
                        params![webhook.0.as_bytes(), id.0.as_bytes()],
                        |row| row.get(0),
                    )
                    .optional()?
                    // One that the log has forgotten: all that is older is forgotten, too.
                    .unwrap_or(0),
                None => i64::MAX,
            };
            db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM deliveries WHERE webhook = ?1 AND number < ?2
                 ORDER BY number DESC LIMIT ?3"
            ))?
            .query_map(
                params![webhook.0.as_bytes(), before, int(most as u64)],
                delivery,
            )?
            .collect()
        })
    }

    /// The delivery of a webhook that was tried last.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn last_tried(&self, webhook: WebhookId) -> Result<Option<Delivery>, Error> {
        self.reading(|db| {
            db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM deliveries WHERE webhook = ?1 AND last_at IS NOT NULL
                 ORDER BY last_at DESC, number DESC LIMIT 1"
            ))?
            .query_row([webhook.0.as_bytes()], delivery)
            .optional()
        })
    }

    /// One delivery of a webhook, with what was sent.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn delivery(
        &self,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, String)>, Error> {
        self.reading(|db| {
            db.prepare_cached(&format!(
                "SELECT {COLUMNS}, body FROM deliveries WHERE webhook = ?1 AND id = ?2"
            ))?
            .query_row(params![webhook.0.as_bytes(), id.0.as_bytes()], |row| {
                Ok((delivery(row)?, row.get("body")?))
            })
            .optional()
        })
    }
}

fn insert(connection: &Connection, delivery: &NewDelivery) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "INSERT INTO deliveries (id, webhook, message, kind, seq, body, made_at, replays, state, next_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', ?7)",
        )?
        .execute(params![
            delivery.id.0.as_bytes(),
            delivery.webhook.0.as_bytes(),
            delivery.message,
            delivery.kind.as_str(),
            delivery.seq.map(int),
            delivery.body,
            delivery.made_at.0,
            delivery.replays.map(|id| *id.0.as_bytes())
        ])?;
    Ok(())
}

fn delivery(row: &Row<'_>) -> Result<Delivery, rusqlite::Error> {
    let last: Option<i64> = row.get("last_at")?;
    let last = match last {
        Some(at) => Some(Attempt {
            at: Millis(at),
            status: row.get("status")?,
            answer: row.get("answer")?,
            error: row.get("error")?,
        }),
        None => None,
    };
    let replays: Option<[u8; 16]> = row.get("replays")?;
    Ok(Delivery {
        id: DeliveryId(uuid(row, 0)?),
        message: row.get("message")?,
        kind: word(row, 2)?,
        seq: row.get::<_, Option<i64>>("seq")?.map(uint),
        made_at: Millis(row.get("made_at")?),
        state: word(row, 6)?,
        attempts: row.get("attempts")?,
        next_at: row.get::<_, Option<i64>>("next_at")?.map(Millis),
        last,
        replay_of: replays.map(|id| DeliveryId(Uuid::from_bytes(id))),
    })
}

fn state_word(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::GivenUp => "given_up",
    }
}

fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, rusqlite::Error> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

/// A list, as JSON.
fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned())
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, error))
}

/// A word that the contract writes the same way.
fn word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, rusqlite::Error> {
    let word: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(word))
        .map_err(|error| unreadable(column, error))
}

fn unreadable(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
