//! Answers of models, under the digest of everything that determines them.
//!
//! The amount is limited; what was not used for longest goes first. An answer names the content
//! that it was made from, so that redacting that content destroys the answer too.

use crate::columns;
use crate::error::Result;
use crate::file::{Store, Write};
use domain::{Digest, Millis};
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

/// Uses are noted a day apart at most: a run from the cache writes nothing.
const USE_STEP: i64 = 24 * 60 * 60 * 1000;

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
            make_room(tx, self.inner.options.answer_bytes)
        })
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
            insert(tx, digest, answer, sources, now)?;
            make_room(tx, self.inner.options.answer_bytes)
        })
    }

    /// How many answers are kept, and their bytes.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn answers_kept(&self) -> Result<(u64, u64)> {
        self.read(|tx| {
            let sql = "SELECT (SELECT count(*) FROM answers), bytes FROM answers_size";
            Ok(tx.query_row(sql, [], |row| {
                Ok((columns::count(row, 0)?, columns::count(row, 1)?))
            })?)
        })
    }
}

fn insert(
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
    for source in sources {
        tx.prepare_cached("INSERT OR IGNORE INTO answer_sources (answer, source) VALUES (?1, ?2)")?
            .execute(params![digest.0, source.0])?;
    }
    Ok(())
}

fn make_room(tx: &Write<'_>, limit: u64) -> Result<()> {
    let size = |tx: &Write<'_>| -> Result<u64> {
        let sql = "SELECT bytes FROM answers_size";
        Ok(tx
            .prepare_cached(sql)?
            .query_row([], |row| columns::count(row, 0))?)
    };
    while size(tx)? > limit {
        let gone = tx
            .prepare_cached(
                "DELETE FROM answers WHERE digest IN
                     (SELECT digest FROM answers ORDER BY used, at LIMIT 16)",
            )?
            .execute([])?;
        if gone == 0 {
            break;
        }
    }
    Ok(())
}
