//! Search as one types: names by any part, texts, messages and drafts by the beginnings of words.
//!
//! The index is written in the same transaction as what it indexes. What a person types is never
//! taken for query syntax.

use crate::columns;
use crate::content::{self, ContentKind};
use crate::drafts::{Draft, DraftId};
use crate::error::Result;
use crate::file::{Store, Write};
use domain::content::Message;
use domain::{Digest, Project, ProjectId, PromptId, SaltedText, VersionContent, VersionId};
use rusqlite::{Connection, Row, params};
use std::collections::BTreeSet;

/// Stand around a hit inside a snippet; texts lose them when they are indexed.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';
/// Words of a query beyond which no more is looked for.
const MAX_WORDS: usize = 16;

/// Where words were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundIn {
    /// The name of a prompt or of a draft.
    Name,
    /// The text of a prompt's latest version.
    Text,
    /// The message of a version.
    Message,
    /// A draft.
    Draft,
}

impl FoundIn {
    fn code(self) -> i64 {
        match self {
            Self::Name => 0,
            Self::Text => 1,
            Self::Message => 2,
            Self::Draft => 3,
        }
    }

    fn read(code: i64) -> Self {
        match code {
            0 => Self::Name,
            1 => Self::Text,
            2 => Self::Message,
            _ => Self::Draft,
        }
    }
}

/// A piece of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its text: never markup.
    pub text: String,
    /// Whether these are the words that were looked for.
    pub hit: bool,
}

/// One place where the words stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Where.
    pub found_in: FoundIn,
    /// The prompt; none for a draft whose prompt does not exist.
    pub prompt: Option<PromptId>,
    /// The version whose text or message it is.
    pub version: Option<VersionId>,
    /// The draft.
    pub draft: Option<DraftId>,
    /// What stands there.
    pub snippet: Vec<Segment>,
}

/// Collects what must be indexed again because this content is here now, or gone.
pub(crate) fn concerned(
    tx: &Connection,
    project: ProjectId,
    state: &Project,
    digest: &Digest,
    prompts: &mut BTreeSet<PromptId>,
    messages: &mut BTreeSet<VersionId>,
) -> Result<()> {
    for version in content::versions_naming(tx, project, digest, ContentKind::Version)? {
        if let Some((prompt, _)) = state.version(version)
            && prompt.latest().is_some_and(|latest| latest.id == version)
        {
            prompts.insert(prompt.id);
        }
    }
    messages.extend(content::versions_naming(
        tx,
        project,
        digest,
        ContentKind::Message,
    )?);
    Ok(())
}

/// Writes the index of a whole project anew, but its drafts'.
pub(crate) fn index_project(tx: &Write<'_>, project: ProjectId, state: &Project) -> Result<()> {
    tx.execute(
        "DELETE FROM findable WHERE project = ?1 AND draft IS NULL",
        [project.0.as_bytes()],
    )?;
    for prompt in state.prompts() {
        index_prompt(tx, project, state, prompt.id)?;
        for version in prompt.versions() {
            index_message(tx, project, state, version.id)?;
        }
    }
    Ok(())
}

/// Writes the index of a prompt's name and of its latest version's text.
pub(crate) fn index_prompt(
    tx: &Write<'_>,
    project: ProjectId,
    state: &Project,
    prompt: PromptId,
) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM findable WHERE project = ?1 AND prompt = ?2 AND draft IS NULL
             AND place IN (0, 1)",
    )?
    .execute(params![project.0.as_bytes(), prompt.0.as_bytes()])?;
    let Some(prompt) = state.prompt(prompt).filter(|found| found.id == prompt) else {
        return Ok(());
    };
    let mut row = NewRow {
        project,
        found_in: FoundIn::Name,
        prompt: Some(prompt.id),
        version: None,
        draft: None,
    };
    insert(tx, &row, &prompt.name, Some(&prompt.name))?;
    if let Some(latest) = prompt.latest()
        && let Some(bytes) = content::find(tx, &latest.content)?
        && let Ok(content) = VersionContent::decode(&bytes)
    {
        row.found_in = FoundIn::Text;
        row.version = Some(latest.id);
        insert(tx, &row, &words_of(&content), None)?;
    }
    Ok(())
}

/// Writes the index of a version's message.
pub(crate) fn index_message(
    tx: &Write<'_>,
    project: ProjectId,
    state: &Project,
    version: VersionId,
) -> Result<()> {
    tx.prepare_cached("DELETE FROM findable WHERE version = ?1 AND project = ?2 AND place = 2")?
        .execute(params![version.0.as_bytes(), project.0.as_bytes()])?;
    if let Some((prompt, version)) = state.version(version)
        && let Some(bytes) = content::find(tx, &version.message)?
        && let Some(message) = SaltedText::decode(&bytes)
    {
        let row = NewRow {
            project,
            found_in: FoundIn::Message,
            prompt: Some(prompt.id),
            version: Some(version.id),
            draft: None,
        };
        insert(tx, &row, &message.text, None)?;
    }
    Ok(())
}

/// Writes the index of a draft; a discarded one has none.
pub(crate) fn index_draft(tx: &Write<'_>, draft: &Draft) -> Result<()> {
    forget_draft(tx, draft.id)?;
    if draft.discarded.is_some() {
        return Ok(());
    }
    let mut row = NewRow {
        project: draft.project,
        found_in: FoundIn::Draft,
        prompt: draft.prompt,
        version: None,
        draft: Some(draft.id),
    };
    let text = format!("{}\n{}", words_of(&draft.content), draft.message);
    insert(tx, &row, &text, None)?;
    if draft.prompt.is_none() {
        row.found_in = FoundIn::Name;
        insert(tx, &row, &draft.name, Some(&draft.name))?;
    }
    Ok(())
}

pub(crate) fn forget_draft(tx: &Write<'_>, draft: DraftId) -> Result<()> {
    tx.prepare_cached("DELETE FROM findable WHERE draft = ?1")?
        .execute([draft.0.as_bytes()])?;
    Ok(())
}

/// Writes the whole index anew: until then it holds the words of rows that were deleted. Costs in
/// proportion to everything that can be found, so it is done only where content must be destroyed;
/// FTS5's own `secure-delete` would let every autosave pay instead.
pub(crate) fn write_anew(tx: &Write<'_>) -> Result<()> {
    tx.execute("INSERT INTO find (find) VALUES ('rebuild')", [])?;
    Ok(())
}

struct NewRow {
    project: ProjectId,
    found_in: FoundIn,
    prompt: Option<PromptId>,
    version: Option<VersionId>,
    draft: Option<DraftId>,
}

fn insert(tx: &Write<'_>, row: &NewRow, text: &str, name: Option<&str>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO findable (project, place, prompt, version, draft, folded)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        row.project.0.as_bytes(),
        row.found_in.code(),
        row.prompt.map(|id| *id.0.as_bytes()),
        row.version.map(|id| *id.0.as_bytes()),
        row.draft.map(|id| *id.0.as_bytes()),
        name.map(str::to_lowercase),
    ])?;
    let id = tx.last_insert_rowid();
    tx.prepare_cached("INSERT INTO find (rowid, text) VALUES (?1, ?2)")?
        .execute(params![id, clean(text)])?;
    Ok(())
}

fn clean(text: &str) -> String {
    text.replace([OPEN, CLOSE, '\0'], " ")
}

fn words_of(content: &VersionContent) -> String {
    let mut words = String::new();
    for message in &content.messages {
        match message {
            Message::Message { text, .. } => words.push_str(text),
            Message::Placeholder { name } => words.push_str(name),
        }
        words.push('\n');
    }
    for input in &content.inputs {
        words.push_str(&input.name);
        words.push(' ');
        words.push_str(&input.description);
        words.push('\n');
    }
    words
}

/// What was typed as a query that can only mean words: each in quotes, the last as a beginning.
fn query_of(text: &str) -> Option<String> {
    let clean = clean(text);
    let mut words: Vec<String> = clean
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .take(MAX_WORDS)
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect();
    let last = words.last_mut()?;
    // While the word is still being typed it is a beginning; a space says that it is complete.
    if !clean.ends_with(char::is_whitespace) {
        last.push('*');
    }
    Some(words.join(" "))
}

fn read(row: &Row<'_>, snippet: Vec<Segment>) -> rusqlite::Result<Hit> {
    Ok(Hit {
        found_in: FoundIn::read(row.get(0)?),
        prompt: columns::maybe_id(row, 1)?.map(PromptId),
        version: columns::maybe_id(row, 2)?.map(VersionId),
        draft: columns::maybe_id(row, 3)?.map(DraftId),
        snippet,
    })
}

fn segments(marked: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut push = |text: &str, hit| {
        if !text.is_empty() {
            let text = text.to_owned();
            segments.push(Segment { text, hit });
        }
    };
    for part in marked.split(OPEN) {
        match part.split_once(CLOSE) {
            Some((inside, after)) => {
                push(inside, true);
                push(after, false);
            }
            None => push(part, false),
        }
    }
    segments
}

// A name with the found part marked. Lower case may have another length than what it stands for
// (`İ`): then the whole name is the hit.
fn name_segments(name: &str, folded: &str) -> Vec<Segment> {
    let lower = name.to_lowercase();
    let (start, end) = match lower.find(folded) {
        Some(start) if lower.len() == name.len() => (start, start + folded.len()),
        _ => (0, name.len()),
    };
    match (name.get(..start), name.get(start..end), name.get(end..)) {
        (Some(before), Some(hit), Some(after)) => {
            segments(&format!("{before}{OPEN}{hit}{CLOSE}{after}"))
        }
        _ => segments(&format!("{OPEN}{name}{CLOSE}")),
    }
}

impl Store {
    /// Finds what was typed: names first, then texts, messages and drafts by how well they fit.
    ///
    /// # Errors
    /// The file can't be read. No text that somebody types is an error.
    pub fn search(&self, project: ProjectId, text: &str, limit: usize) -> Result<Vec<Hit>> {
        let folded = clean(text).trim().to_lowercase();
        if folded.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        self.read(|tx| {
            let mut hits = find_names(tx, project, &folded, limit)?;
            if hits.len() < limit
                && let Some(query) = query_of(text)
            {
                find_words(tx, project, &query, limit - hits.len(), &mut hits)?;
            }
            Ok(hits)
        })
    }
}

fn find_names(tx: &Connection, project: ProjectId, folded: &str, limit: usize) -> Result<Vec<Hit>> {
    // Names that begin with it first, then by where it stands.
    let mut statement = tx.prepare_cached(
        // Sorted before the names themselves are read: one letter finds nearly all of them.
        "SELECT f.place, f.prompt, f.version, f.draft, n.text
         FROM (SELECT id, place, prompt, version, draft, folded, instr(folded, ?2) AS at
               FROM findable WHERE project = ?1 AND folded IS NOT NULL AND at > 0
               ORDER BY at, folded LIMIT ?3) f
         JOIN find n ON n.rowid = f.id
         ORDER BY f.at, f.folded",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![project.0.as_bytes(), folded, limit])?;
    let mut hits = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(4)?;
        hits.push(read(row, name_segments(&name, folded))?);
    }
    Ok(hits)
}

fn find_words(
    tx: &Connection,
    project: ProjectId,
    query: &str,
    limit: usize,
    hits: &mut Vec<Hit>,
) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "SELECT f.place, f.prompt, f.version, f.draft,
                snippet(find, 0, char(1), char(2), '…', 16)
         FROM find JOIN findable f ON f.id = find.rowid
         WHERE find MATCH ?2 AND f.project = ?1 AND f.folded IS NULL
         ORDER BY find.rank LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![project.0.as_bytes(), query, limit])?;
    while let Some(row) = rows.next()? {
        let marked: String = row.get(4)?;
        hits.push(read(row, segments(&marked))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_syntax_is_words() {
        let table = [
            ("refund", Some("\"refund\"*")),
            ("refund ", Some("\"refund\"")),
            ("a AND b", Some("\"a\" \"AND\" \"b\"*")),
            ("say \"hi", Some("\"say\" \"\"\"hi\"*")),
            ("text:x NEAR(y)", Some("\"text:x\" \"NEAR(y)\"*")),
            ("-- ^ *", None),
        ];
        for (typed, query) in table {
            assert_eq!(query_of(typed).as_deref(), query, "{typed}");
        }
    }

    #[test]
    fn a_snippet_is_cut_at_its_marks() {
        let segment = |text: &str, hit| Segment {
            text: text.to_owned(),
            hit,
        };
        assert_eq!(
            segments("the \u{1}card\u{2} is\u{1}lost\u{2}"),
            [
                segment("the ", false),
                segment("card", true),
                segment(" is", false),
                segment("lost", true)
            ]
        );
        assert_eq!(
            name_segments("Support/Triage", "triage"),
            [segment("Support/", false), segment("Triage", true)]
        );
        assert_eq!(name_segments("İx", "x"), [segment("İx", true)]);
    }
}
