//! Drafts, each with its own history of autosaves.
//!
//! A save returns when it is on disk. Every save is in the draft's history; the history is thinned
//! with age (all of the last hour, then one in ten minutes, then one a day), never of its latest
//! state, nor of a state from before a restore or before a version was saved.
//! Discarding is a move to a place from which a draft can be brought back.

use crate::changes::Area;
use crate::columns::{self, number};
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use crate::{playgrounds, search};
use domain::{Millis, ProjectId, PromptId, VersionContent, VersionId};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// One draft. Drafts live on this machine only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DraftId(pub Uuid);

impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for DraftId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::from_str(text).map(Self)
    }
}

/// The editable content on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// Its project.
    pub project: ProjectId,
    /// Its prompt; none while the prompt does not exist.
    pub prompt: Option<PromptId>,
    /// The prompt's name as the draft has it.
    pub name: String,
    /// The version that it was made from.
    pub base: Option<VersionId>,
    /// What is edited.
    pub content: VersionContent,
    /// The message of the version to come, as far as it is written.
    pub message: String,
    /// When it was begun.
    pub created: Millis,
    /// When it was last saved.
    pub updated: Millis,
    /// How often it was saved: what a save names as read.
    pub revision: u64,
    /// When it was discarded.
    pub discarded: Option<Millis>,
}

/// A draft to begin.
#[derive(Clone, Debug)]
pub struct NewDraft {
    /// Its id, drawn by the caller.
    pub id: DraftId,
    /// Its prompt, if it exists.
    pub prompt: Option<PromptId>,
    /// The prompt's name.
    pub name: String,
    /// The version that it starts from.
    pub base: Option<VersionId>,
    /// What it starts with.
    pub content: VersionContent,
}

/// One autosave.
#[derive(Clone, Debug, PartialEq)]
pub struct Autosave {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Millis,
    /// The name then.
    pub name: String,
    /// The base then.
    pub base: Option<VersionId>,
    /// The content then.
    pub content: VersionContent,
    /// The message then.
    pub message: String,
    /// Never thinned out: it stood before a restore or a saved version.
    pub kept: bool,
}

/// What a save writes.
#[derive(Clone, Debug)]
pub struct DraftSave<'a> {
    /// The revision that the writer had read; none to save whatever is there (which stays in the
    /// history).
    pub revision: Option<u64>,
    /// The content.
    pub content: &'a VersionContent,
    /// Another name, if it changed.
    pub name: Option<&'a str>,
    /// Another message, if it changed.
    pub message: Option<&'a str>,
}

/// What becomes of a draft when its version is in the outbox.
#[derive(Clone, Debug)]
pub enum AfterSaving {
    /// It stays open, on the new version, with an empty message.
    Rebase {
        /// Which.
        draft: DraftId,
        /// The prompt, which may be new.
        prompt: PromptId,
        /// The new version.
        base: VersionId,
    },
    /// It goes; it can be brought back.
    Discard {
        /// Which.
        draft: DraftId,
    },
}

const COLUMNS: &str = "id, project, prompt, name, base, content, message, created, updated, \
     revision, discarded";

fn read(row: &Row<'_>) -> Result<Draft> {
    Ok(Draft {
        id: DraftId(columns::id(row, 0)?),
        project: ProjectId(columns::id(row, 1)?),
        prompt: columns::maybe_id(row, 2)?.map(PromptId),
        name: row.get(3)?,
        base: columns::maybe_id(row, 4)?.map(VersionId),
        content: columns::json("a draft", &row.get::<_, String>(5)?)?,
        message: row.get(6)?,
        created: Millis(row.get(7)?),
        updated: Millis(row.get(8)?),
        revision: columns::count(row, 9)?,
        discarded: row.get::<_, Option<i64>>(10)?.map(Millis),
    })
}

fn find(tx: &Connection, id: DraftId) -> Result<Draft> {
    let sql = format!("SELECT {COLUMNS} FROM drafts WHERE id = ?1");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0.as_bytes()])?;
    match rows.next()? {
        Some(row) => read(row),
        None => Err(StoreError::Unknown("this draft")),
    }
}

fn select(tx: &Connection, filter: &str, project: ProjectId) -> Result<Vec<Draft>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM drafts WHERE project = ?1 AND {filter} ORDER BY updated DESC, id"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([project.0.as_bytes()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The open draft of a prompt that does not exist yet.
fn of_new_prompt(tx: &Connection, project: ProjectId, name: &str) -> Result<Option<Draft>> {
    let wanted = domain::names::folded(name);
    let drafts = select(tx, "prompt IS NULL AND discarded IS NULL", project)?;
    Ok(drafts
        .into_iter()
        .find(|draft| domain::names::folded(&draft.name) == wanted))
}

/// Writes the row, its autosave and its place in the index.
fn write(tx: &Write<'_>, draft: &Draft) -> Result<()> {
    let content = serde_json::to_string(&draft.content)?;
    tx.prepare_cached(
        "INSERT INTO drafts (id, project, prompt, name, base, content, message, created, updated,
                             revision, discarded)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET prompt = excluded.prompt, name = excluded.name,
             base = excluded.base, content = excluded.content, message = excluded.message,
             updated = excluded.updated, revision = excluded.revision,
             discarded = excluded.discarded",
    )?
    .execute(params![
        draft.id.0.as_bytes(),
        draft.project.0.as_bytes(),
        draft.prompt.map(|p| *p.0.as_bytes()),
        draft.name,
        draft.base.map(|b| *b.0.as_bytes()),
        content,
        draft.message,
        draft.created.0,
        draft.updated.0,
        number(draft.revision),
        draft.discarded.map(|at| at.0),
    ])?;
    remember(tx, draft, &content)?;
    search::index_draft(tx, draft)?;
    tx.changes(Some(draft.project), Area::Drafts);
    Ok(())
}

// The state goes into the history, unless the latest there is the same.
fn remember(tx: &Write<'_>, draft: &Draft, content: &str) -> Result<()> {
    let base = draft.base.map(|b| *b.0.as_bytes());
    tx.prepare_cached(
        "INSERT INTO autosaves (draft, at, name, base, content, message, kept)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, 0 WHERE NOT EXISTS (
             SELECT 1 FROM autosaves
             WHERE id = (SELECT max(id) FROM autosaves WHERE draft = ?1)
               AND name = ?3 AND base IS ?4 AND content = ?5 AND message = ?6)",
    )?
    .execute(params![
        draft.id.0.as_bytes(),
        draft.updated.0,
        draft.name,
        base,
        content,
        draft.message
    ])?;
    thin_out(tx, draft.id, draft.updated)
}

fn thin_out(tx: &Write<'_>, draft: DraftId, now: Millis) -> Result<()> {
    // The latest of each ten minutes or day stays; `kept` ones stay whatever their age.
    for (older, slot) in [(HOUR, 10 * MINUTE), (DAY, DAY)] {
        tx.prepare_cached(
            "DELETE FROM autosaves WHERE draft = ?1 AND at < ?2 AND kept = 0 AND id NOT IN
                 (SELECT max(id) FROM autosaves WHERE draft = ?1 GROUP BY at / ?3)",
        )?
        .execute(params![draft.0.as_bytes(), now.plus(-older).0, slot])?;
    }
    Ok(())
}

fn keep_latest(tx: &Write<'_>, draft: DraftId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE autosaves SET kept = 1
         WHERE id = (SELECT max(id) FROM autosaves WHERE draft = ?1)",
    )?
    .execute([draft.0.as_bytes()])?;
    Ok(())
}

/// Applies what follows for a draft from saving its version.
pub(crate) fn after_saving(tx: &Write<'_>, after: &AfterSaving, now: Millis) -> Result<()> {
    let (AfterSaving::Rebase { draft, .. } | AfterSaving::Discard { draft }) = after;
    let mut draft = find(tx, *draft)?;
    keep_latest(tx, draft.id)?;
    draft.revision += 1;
    draft.updated = now.max(draft.updated);
    match after {
        AfterSaving::Rebase { prompt, base, .. } => {
            let own = draft.id.0.to_string();
            playgrounds::moved(tx, draft.project, &own, *prompt)?;
            draft.prompt = Some(*prompt);
            draft.base = Some(*base);
            draft.message.clear();
        }
        AfterSaving::Discard { .. } => draft.discarded = Some(now),
    }
    write(tx, &draft)
}

/// The drafts of a prompt that joined another are drafts of that one; where it has an open draft
/// already, ours stays under its own prompt's id and can be opened beside it.
pub(crate) fn joined(
    tx: &Write<'_>,
    project: ProjectId,
    prompt: PromptId,
    into: PromptId,
) -> Result<()> {
    let moved = tx.execute(
        "UPDATE OR IGNORE drafts SET prompt = ?3 WHERE project = ?1 AND prompt = ?2",
        params![project.0.as_bytes(), prompt.0.as_bytes(), into.0.as_bytes()],
    )?;
    playgrounds::moved(tx, project, &prompt.0.to_string(), into)?;
    if moved > 0 {
        tx.changes(Some(project), Area::Drafts);
    }
    Ok(())
}

/// Destroys the history of a prompt's drafts, its discarded drafts, and drafts that `same` says
/// are the destroyed content itself.
pub(crate) fn destroy_history(
    tx: &Write<'_>,
    project: ProjectId,
    prompt: PromptId,
    same: impl Fn(&VersionContent) -> bool,
) -> Result<()> {
    for draft in select(tx, "prompt IS NOT NULL", project)? {
        if draft.prompt != Some(prompt) {
            continue;
        }
        tx.execute(
            "DELETE FROM autosaves WHERE draft = ?1",
            [draft.id.0.as_bytes()],
        )?;
        if draft.discarded.is_some() || same(&draft.content) {
            search::forget_draft(tx, draft.id)?;
            tx.execute("DELETE FROM drafts WHERE id = ?1", [draft.id.0.as_bytes()])?;
        } else {
            remember(tx, &draft, &serde_json::to_string(&draft.content)?)?;
        }
    }
    Ok(())
}

impl Store {
    /// Begins a draft; of a prompt that has one already, gives that. A prompt that does not exist
    /// yet is known by its name.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn open_draft(&self, project: ProjectId, new: NewDraft, now: Millis) -> Result<Draft> {
        self.write(|tx| {
            if let Some(prompt) = new.prompt {
                let there = tx
                    .prepare_cached(
                        "SELECT id FROM drafts
                         WHERE project = ?1 AND prompt = ?2 AND discarded IS NULL",
                    )?
                    .query_row(params![project.0.as_bytes(), prompt.0.as_bytes()], |row| {
                        columns::id(row, 0)
                    })
                    .optional()?;
                if let Some(id) = there {
                    return find(tx, DraftId(id));
                }
            } else if let Some(there) = of_new_prompt(tx, project, &new.name)? {
                return Ok(there);
            }
            let draft = Draft {
                id: new.id,
                project,
                prompt: new.prompt,
                name: new.name,
                base: new.base,
                content: new.content,
                message: String::new(),
                created: now,
                updated: now,
                revision: 1,
                discarded: None,
            };
            write(tx, &draft)?;
            Ok(draft)
        })
    }

    /// Saves a draft; returns when it is on disk.
    ///
    /// # Errors
    /// [`StoreError::DraftMoved`] if it was saved elsewhere since it was read; nothing is written
    /// then. Or the file can't be written.
    pub fn save_draft(&self, id: DraftId, save: &DraftSave<'_>, now: Millis) -> Result<Draft> {
        self.write(|tx| {
            let mut draft = find(tx, id)?;
            if save.revision.is_some_and(|read| read != draft.revision) {
                return Err(StoreError::DraftMoved {
                    revision: draft.revision,
                });
            }
            draft.content.clone_from(save.content);
            if let Some(name) = save.name {
                name.clone_into(&mut draft.name);
            }
            if let Some(message) = save.message {
                message.clone_into(&mut draft.message);
            }
            draft.revision += 1;
            draft.updated = now.max(draft.updated);
            write(tx, &draft)?;
            Ok(draft)
        })
    }

    /// One draft, discarded or not.
    ///
    /// # Errors
    /// It is not here, or the file can't be read.
    pub fn draft(&self, id: DraftId) -> Result<Draft> {
        self.read(|tx| find(tx, id))
    }

    /// The open drafts of a project, last saved first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn drafts(&self, project: ProjectId) -> Result<Vec<Draft>> {
        self.read(|tx| select(tx, "discarded IS NULL", project))
    }

    /// The open draft of a prompt.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn draft_of(&self, project: ProjectId, prompt: PromptId) -> Result<Option<Draft>> {
        self.read(|tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM drafts
                 WHERE project = ?1 AND prompt = ?2 AND discarded IS NULL"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query(params![project.0.as_bytes(), prompt.0.as_bytes()])?;
            rows.next()?.map(read).transpose()
        })
    }

    /// Drafts that were discarded, last first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn discarded_drafts(&self, project: ProjectId) -> Result<Vec<Draft>> {
        self.read(|tx| select(tx, "discarded IS NOT NULL", project))
    }

    /// Discards a draft. It can be brought back.
    ///
    /// # Errors
    /// It is not here, or the file can't be written.
    pub fn discard_draft(&self, id: DraftId, now: Millis) -> Result<()> {
        self.write(|tx| {
            let mut draft = find(tx, id)?;
            draft.discarded = draft.discarded.or(Some(now));
            draft.revision += 1;
            write(tx, &draft)
        })
    }

    /// Brings a discarded draft back. If its prompt has another draft by now, that one is
    /// discarded instead: nothing is lost either way.
    ///
    /// # Errors
    /// It is not here, or the file can't be written.
    pub fn bring_back_draft(&self, id: DraftId, now: Millis) -> Result<Draft> {
        self.write(|tx| {
            let mut draft = find(tx, id)?;
            if draft.discarded.is_none() {
                return Ok(draft);
            }
            let other = match draft.prompt {
                Some(prompt) => select(tx, "discarded IS NULL", draft.project)?
                    .into_iter()
                    .find(|other| other.prompt == Some(prompt)),
                None => of_new_prompt(tx, draft.project, &draft.name)?,
            };
            if let Some(mut other) = other {
                other.discarded = Some(now);
                other.revision += 1;
                write(tx, &other)?;
            }
            draft.discarded = None;
            draft.revision += 1;
            draft.updated = now.max(draft.updated);
            write(tx, &draft)?;
            Ok(draft)
        })
    }

    /// The history of a draft, latest first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn draft_history(&self, id: DraftId) -> Result<Vec<Autosave>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT id, at, name, base, content, message, kept FROM autosaves
                 WHERE draft = ?1 ORDER BY id DESC",
            )?;
            let mut rows = statement.query([id.0.as_bytes()])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(autosave(row)?);
            }
            Ok(found)
        })
    }

    /// Puts an earlier state back. The state before stays in the history for ever.
    ///
    /// # Errors
    /// The draft or the state is not here, or the file can't be written.
    pub fn restore_draft(&self, id: DraftId, autosave_id: i64, now: Millis) -> Result<Draft> {
        self.write(|tx| {
            let mut draft = find(tx, id)?;
            let mut statement = tx.prepare_cached(
                "SELECT id, at, name, base, content, message, kept FROM autosaves
                 WHERE draft = ?1 AND id = ?2",
            )?;
            let mut rows = statement.query(params![id.0.as_bytes(), autosave_id])?;
            let earlier = match rows.next()? {
                Some(row) => autosave(row)?,
                None => return Err(StoreError::Unknown("this state of the draft")),
            };
            keep_latest(tx, id)?;
            draft.name = earlier.name;
            draft.base = earlier.base;
            draft.content = earlier.content;
            draft.message = earlier.message;
            draft.revision += 1;
            draft.updated = now.max(draft.updated);
            write(tx, &draft)?;
            Ok(draft)
        })
    }
}

fn autosave(row: &Row<'_>) -> Result<Autosave> {
    Ok(Autosave {
        id: row.get(0)?,
        at: Millis(row.get(1)?),
        name: row.get(2)?,
        base: columns::maybe_id(row, 3)?.map(VersionId),
        content: columns::json("an autosave", &row.get::<_, String>(4)?)?,
        message: row.get(5)?,
        kept: row.get(6)?,
    })
}
