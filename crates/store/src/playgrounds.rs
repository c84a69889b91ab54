//! Conversations with a draft: what was said, and what stands in the field. They stay on this computer.

use crate::columns;
use crate::error::{Result, StoreError};
use crate::file::Store;
use domain::{Millis, ProjectId, PromptId};
use rusqlite::{Connection, Row, params};
use serde_json::Value;
use uuid::Uuid;

/// Conversations of one prompt that are kept; of more, the one that was touched longest ago goes.
pub const PLAYGROUNDS: usize = 50;

/// One conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Playground {
    /// Its id.
    pub id: Uuid,
    /// The project.
    pub project: ProjectId,
    /// The prompt's id; its draft's while it has no version.
    pub prompt: String,
    /// What it is called in a list.
    pub title: String,
    /// What was said, as whoever keeps it wrote it.
    pub body: Value,
    /// What stands in the field and is not said yet.
    pub typed: String,
    /// Grows with every change of the body.
    pub revision: u64,
    /// When it began.
    pub created: Millis,
    /// When it was last changed.
    pub updated: Millis,
}

const COLUMNS: &str = "id, project, prompt, title, body, typed, revision, created, updated";

fn read(row: &Row<'_>) -> Result<Playground> {
    Ok(Playground {
        id: columns::id(row, 0)?,
        project: ProjectId(columns::id(row, 1)?),
        prompt: row.get(2)?,
        title: row.get(3)?,
        body: columns::json("a conversation", &row.get::<_, String>(4)?)?,
        typed: row.get(5)?,
        revision: columns::count(row, 6)?,
        created: Millis(row.get(7)?),
        updated: Millis(row.get(8)?),
    })
}

fn find(tx: &Connection, id: Uuid) -> Result<Option<Playground>> {
    let sql = format!("SELECT {COLUMNS} FROM playgrounds WHERE id = ?1");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([id.as_bytes()])?;
    rows.next()?.map(read).transpose()
}

impl Store {
    /// The conversations of a prompt, the last touched first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn playgrounds(&self, project: ProjectId, prompt: &str) -> Result<Vec<Playground>> {
        self.read(|tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM playgrounds WHERE project = ?1 AND prompt = ?2
                 ORDER BY updated DESC, created DESC, id LIMIT ?3"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let most = i64::try_from(PLAYGROUNDS).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![project.0.as_bytes(), prompt, most])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }

    /// One conversation.
    ///
    /// # Errors
    /// It is not here, or the file can't be read.
    pub fn playground(&self, id: Uuid) -> Result<Playground> {
        self.read(|tx| find(tx, id))?
            .ok_or(StoreError::Unknown("this conversation"))
    }

    /// Keeps a conversation, and gives it as it is kept. If its body was changed elsewhere since it was
    /// read, that stays and only what stands in the field is taken over. The oldest of a prompt that has
    /// more than [`PLAYGROUNDS`] go.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_playground(&self, kept: &Playground, now: Millis) -> Result<Playground> {
        self.write(|tx| {
            let before = find(tx, kept.id)?;
            let moved = before
                .as_ref()
                .filter(|before| before.revision != kept.revision);
            let next = match moved {
                Some(before) => Playground {
                    typed: kept.typed.clone(),
                    ..before.clone()
                },
                None => Playground {
                    revision: kept.revision + 1,
                    created: before.as_ref().map_or(now, |before| before.created),
                    updated: now,
                    // It may have moved to the prompt that its draft became.
                    prompt: before.map_or_else(|| kept.prompt.clone(), |before| before.prompt),
                    ..kept.clone()
                },
            };
            tx.prepare_cached(
                "INSERT OR REPLACE INTO playgrounds
                     (id, project, prompt, title, body, typed, revision, created, updated)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                next.id.as_bytes(),
                next.project.0.as_bytes(),
                next.prompt,
                next.title,
                next.body.to_string(),
                next.typed,
                i64::try_from(next.revision).unwrap_or(i64::MAX),
                next.created.0,
                next.updated.0,
            ])?;
            tx.prepare_cached(
                "DELETE FROM playgrounds WHERE id IN
                     (SELECT id FROM playgrounds WHERE project = ?1 AND prompt = ?2 AND id <> ?3
                      ORDER BY updated DESC, created DESC LIMIT -1 OFFSET ?4)",
            )?
            .execute(params![
                next.project.0.as_bytes(),
                next.prompt,
                next.id.as_bytes(),
                i64::try_from(PLAYGROUNDS - 1).unwrap_or(i64::MAX),
            ])?;
            Ok(next)
        })
    }

    /// Deletes a conversation.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn remove_playground(&self, id: Uuid) -> Result<()> {
        self.write(|tx| {
            tx.execute("DELETE FROM playgrounds WHERE id = ?1", [id.as_bytes()])?;
            Ok(())
        })
    }
}

/// The conversations of a draft are those of the prompt that it became.
pub(crate) fn moved(tx: &Connection, project: ProjectId, from: &str, to: PromptId) -> Result<()> {
    tx.prepare_cached("UPDATE playgrounds SET prompt = ?3 WHERE project = ?1 AND prompt = ?2")?
        .execute(params![project.0.as_bytes(), from, to.0.to_string()])?;
    Ok(())
}

/// Destroys the conversations of a prompt: a content of it is destroyed, and they may repeat it.
pub(crate) fn destroy(tx: &Connection, project: ProjectId, prompt: PromptId) -> Result<()> {
    tx.execute(
        "DELETE FROM playgrounds WHERE project = ?1 AND prompt = ?2",
        params![project.0.as_bytes(), prompt.0.to_string()],
    )?;
    Ok(())
}
