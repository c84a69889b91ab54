//! Answers of models, under the digest of everything that determines them.
//!
//! The amount is limited; what was not used for longest goes first. An answer names the content
//! that it was made from, so that redacting that content destroys the answer too.

use crate::columns;
use crate::error::Result;
use crate::exchanges::{self, Exchange};
use crate::file::{Store, Write};
use domain::{Digest, Millis};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Uses are noted a day apart at most: a run from the cache writes nothing.
const USE_STEP: i64 = 24 * 60 * 60 * 1000;

/// The setting that says how many are kept.
const LIMITS: &str = "answers";
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Whoever is asked to make room.
pub(crate) type WhenFull = dyn Fn() + Send + Sync;

/// How many answers are kept; none: as the program that opened the file says, and however old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerLimits {
    /// Bytes of all together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Days since an answer was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// What is kept now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswersKept {
    /// How many.
    pub answers: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are held.
    pub held: u64,
}

/// A kept answer.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAnswer {
    /// What was answered, as whoever kept it wrote it.
    pub answer: Value,
    /// The provider's name.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// When it was given.
    pub at: Millis,
    /// What was sent for it and what came back: given when it is kept, read by [`Store::exchange`].
    pub exchange: Option<Exchange>,
}

impl Store {
    /// The answer under this digest.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn answer(&self, digest: &Digest, now: Millis) -> Result<Option<KeptAnswer>> {
        let found = self.read(|tx| {
            tx.prepare_cached(
                "SELECT answer, provider, model, at, used FROM answers WHERE digest = ?1",
            )?
            .query_row([digest.0], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get::<_, i64>(4)?,
                ))
            })
            .optional()?
            .map(|(text, provider, model, at, used)| {
                let answer = KeptAnswer {
                    answer: columns::json("a kept answer", &text)?,
                    provider,
                    model,
                    at: Millis(at),
                    exchange: None,
                };
                Ok((answer, used))
            })
            .transpose()
        })?;
        let Some((answer, used)) = found else {
            return Ok(None);
        };
        if now.0 - used > USE_STEP {
            self.inner.used_answers.lock().insert(*digest);
        }
        Ok(Some(answer))
    }

    /// Keeps an answer with the content that it was made from. The first one stays: a digest that
    /// determines everything has one answer.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_answer(
        &self,
        digest: &Digest,
        answer: &KeptAnswer,
        sources: &[Digest],
        now: Millis,
    ) -> Result<()> {
        self.keep_answers(&[(*digest, answer.clone(), sources.to_vec())], now)
    }

    /// Keeps several answers in one transaction.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_answers(
        &self,
        answers: &[(Digest, KeptAnswer, Vec<Digest>)],
        now: Millis,
    ) -> Result<()> {
        let used = std::mem::take(&mut *self.inner.used_answers.lock());
        self.write(|tx| {
            for digest in &used {
                tx.prepare_cached("UPDATE answers SET used = ?2 WHERE digest = ?1")?
                    .execute(params![digest.0, now.0])?;
            }
            for (digest, kept, sources) in answers {
                insert(tx, digest, kept, sources, now)?;
            }
            Ok(())
        })?;
        self.make_room();
        Ok(())
    }

    /// Replaces the answer under a digest: the person asked for a new one.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn replace_answer(
        &self,
        digest: &Digest,
        answer: &KeptAnswer,
        sources: &[Digest],
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM answers WHERE digest = ?1", [digest.0])?;
            insert(tx, digest, answer, sources, now)
        })?;
        self.make_room();
        Ok(())
    }

    /// How many answers are kept, their bytes, and how many of them are held.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn answers_kept(&self) -> Result<AnswersKept> {
        self.read(|tx| {
            let sql = "SELECT (SELECT count(*) FROM answers), bytes,
                 (SELECT count(*) FROM answers WHERE digest IN (SELECT digest FROM answers_held))
                 FROM answers_size";
            Ok(tx.query_row(sql, [], |row| {
                Ok(AnswersKept {
                    answers: columns::count(row, 0)?,
                    bytes: columns::count(row, 1)?,
                    held: columns::count(row, 2)?,
                })
            })?)
        })
    }

    /// How many answers are kept at most, with the bytes that hold where nobody chose.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn answer_limits(&self) -> Result<AnswerLimits> {
        let set = self.read(|tx| limits_in(tx))?;
        Ok(AnswerLimits {
            bytes: set.bytes.or(Some(self.inner.options.answer_bytes)),
            ..set
        })
    }

    /// Sets how many answers are kept, and sends away at once what goes over it.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn limit_answers(&self, limits: AnswerLimits, now: Millis) -> Result<u64> {
        self.set_setting(LIMITS, &limits)?;
        self.trim_answers(now)
    }

    /// Sends away answers that go over the limits. What is held stays. Says how many went.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn trim_answers(&self, now: Millis) -> Result<u64> {
        self.fewer_answers(|tx| {
            if let Some(days) = limits_in(tx)?.days {
                tx.execute(
                    "DELETE FROM answers WHERE used < ?1
                       AND digest NOT IN (SELECT digest FROM answers_held)",
                    [now.plus(-i64::from(days) * DAY).0],
                )?;
            }
            make_room(tx, self.inner.options.answer_bytes)
        })
    }

    /// Sends all answers away but those that are held. Says how many went.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn clear_answers(&self) -> Result<u64> {
        self.fewer_answers(|tx| {
            tx.execute(
                "DELETE FROM answers WHERE digest NOT IN (SELECT digest FROM answers_held)",
                [],
            )?;
            Ok(())
        })
    }

    /// The answers that limits do not reach.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn held_answers(&self) -> Result<BTreeSet<Digest>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT digest FROM answers_held")?;
            let rows = statement.query_map([], |row| columns::digest(row, 0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Holds answers, so that limits do not reach them, and lets go of those that were held
    /// `before` and are not among them. What a run has had held meanwhile stays held.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn hold_answers(&self, before: &BTreeSet<Digest>, held: &BTreeSet<Digest>) -> Result<()> {
        self.write(|tx| {
            for digest in before.difference(held) {
                tx.prepare_cached("DELETE FROM answers_held WHERE digest = ?1")?
                    .execute([digest.0])?;
            }
            for digest in held.difference(before) {
                hold(tx, digest)?;
            }
            Ok(())
        })
    }

    /// Who makes room when answers were kept and are now over the limit: it says first what is
    /// held, and then trims. It is called after the write, on the thread that wrote. Without it the
    /// store trims by itself.
    pub fn when_full(&self, make_room: impl Fn() + Send + Sync + 'static) {
        *self.inner.when_full.lock() = Some(Arc::new(make_room));
    }

    // What was kept is kept, whether room can be made for it or not: the next answer tries again.
    pub(crate) fn make_room(&self) {
        let most = self.inner.options.answer_bytes;
        if !self.read(|tx| is_full(tx, most)).unwrap_or(false) {
            return;
        }
        let asked = self.inner.when_full.lock().clone();
        match asked {
            Some(make_room) => make_room(),
            None => {
                let _ = self.write(|tx| make_room(tx, most));
            }
        }
    }

    fn fewer_answers(&self, fewer: impl FnOnce(&Write<'_>) -> Result<()>) -> Result<u64> {
        self.write(|tx| {
            let count = |tx: &Write<'_>| -> Result<u64> {
                let sql = "SELECT count(*) FROM answers";
                Ok(tx.query_row(sql, [], |row| columns::count(row, 0))?)
            };
            let before = count(tx)?;
            fewer(tx)?;
            Ok(before.saturating_sub(count(tx)?))
        })
    }
}

pub(crate) fn hold(tx: &Write<'_>, digest: &Digest) -> Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO answers_held (digest) VALUES (?1)")?
        .execute([digest.0])?;
    Ok(())
}

pub(crate) fn insert(
    tx: &Write<'_>,
    digest: &Digest,
    kept: &KeptAnswer,
    sources: &[Digest],
    now: Millis,
) -> Result<()> {
    let text = serde_json::to_string(&kept.answer)?;
    let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let added = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO answers (digest, answer, provider, model, at, used, size)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            digest.0,
            text,
            kept.provider,
            kept.model,
            kept.at.0,
            now.0,
            size
        ])?;
    if added == 0 {
        return Ok(());
    }
    if let Some(exchange) = &kept.exchange {
        exchanges::insert(tx, digest, exchange)?;
    }
    for source in sources {
        tx.prepare_cached("INSERT OR IGNORE INTO answer_sources (answer, source) VALUES (?1, ?2)")?
            .execute(params![digest.0, source.0])?;
    }
    Ok(())
}

fn is_full(tx: &Connection, at_most: u64) -> Result<bool> {
    let limit = limits_in(tx)?.bytes.unwrap_or(at_most);
    let size = tx
        .prepare_cached("SELECT bytes FROM answers_size")?
        .query_row([], |row| columns::count(row, 0))?;
    Ok(size > limit)
}

/// Sends away what goes over the limits, what was not used for longest first: what was sent and
/// received before any answer. Answers that are held stay.
pub(crate) fn make_room(tx: &Write<'_>, at_most: u64) -> Result<()> {
    while is_full(tx, at_most)? {
        if exchanges::fewer(tx)? > 0 {
            continue;
        }
        let gone = tx
            .prepare_cached(
                "DELETE FROM answers WHERE digest IN
                     (SELECT digest FROM answers
                      WHERE digest NOT IN (SELECT digest FROM answers_held)
                      ORDER BY used, at LIMIT 16)",
            )?
            .execute([])?;
        if gone == 0 {
            break;
        }
    }
    Ok(())
}

fn limits_in(tx: &Connection) -> Result<AnswerLimits> {
    let text: Option<String> = tx
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?
        .query_row([LIMITS], |row| row.get(0))
        .optional()?;
    text.map_or(Ok(AnswerLimits::default()), |text| {
        columns::json("the limits of kept answers", &text)
    })
}
