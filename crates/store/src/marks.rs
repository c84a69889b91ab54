//! What people gave answers: kept under the digest of what they were asked, so that the same answer
//! keeps its marks in every run.

use crate::changes::Area;
use crate::columns;
use crate::error::{Result, StoreError};
use crate::file::Store;
use domain::graders::PersonMark;
use domain::{Digest, Millis, PersonId, ProjectId};
use rusqlite::params;
use std::collections::BTreeMap;

/// A mark on its way into the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenMark {
    /// What was asked, by digest.
    pub question: Digest,
    /// The mark; one that was taken back is kept as such, so that an older one does not return.
    pub mark: PersonMark,
    /// The dataset whose case it is about: redacting that destroys the mark.
    pub source: Digest,
}

impl Store {
    /// Keeps marks. Of two by one person about the same the newer stands. Gives how many of these
    /// were news.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn keep_marks(
        &self,
        project: ProjectId,
        marks: &[GivenMark],
        now: Millis,
    ) -> Result<usize> {
        if marks.is_empty() {
            return Ok(0);
        }
        self.write(|tx| {
            let mut news = 0;
            for given in marks {
                let json = serde_json::to_string(&given.mark)
                    .map_err(|error| StoreError::broken("a mark", error))?;
                news += tx
                    .prepare_cached(
                        "INSERT INTO marks (project, question, person, at, mark, source, kept)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                         ON CONFLICT (project, question, person) DO UPDATE
                         SET at = excluded.at, mark = excluded.mark, source = excluded.source,
                             kept = excluded.kept
                         WHERE excluded.at > marks.at",
                    )?
                    .execute(params![
                        project.0.as_bytes(),
                        given.question.0,
                        given.mark.person.0.as_bytes(),
                        given.mark.at.0,
                        json,
                        given.source.0,
                        now.0
                    ])?;
            }
            if news > 0 {
                tx.changes(Some(project), Area::Runs);
            }
            Ok(news)
        })
    }

    /// All marks of a project, those that were taken back too, by what was asked.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn marks(&self, project: ProjectId) -> Result<BTreeMap<Digest, Vec<PersonMark>>> {
        self.read(|tx| {
            let mut statement = tx.prepare_cached(
                "SELECT question, mark FROM marks WHERE project = ?1 ORDER BY question, at, person",
            )?;
            let mut rows = statement.query([project.0.as_bytes()])?;
            let mut found: BTreeMap<Digest, Vec<PersonMark>> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
                let mark = columns::json("a mark", text)?;
                found
                    .entry(columns::digest(row, 0)?)
                    .or_default()
                    .push(mark);
            }
            Ok(found)
        })
    }

    /// Whether marks came to this computer at this time or later; none given: ever.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn marked_since(&self, project: ProjectId, since: Option<Millis>) -> Result<bool> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM marks WHERE project = ?1 AND kept >= ?2)",
                )?
                .query_row(
                    params![project.0.as_bytes(), since.map_or(i64::MIN, |at| at.0)],
                    |row| row.get(0),
                )?)
        })
    }

    /// Whether somebody's marks came to this computer at this time or later.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn marked_by(&self, project: ProjectId, person: PersonId, since: Millis) -> Result<bool> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM marks WHERE project = ?1 AND person = ?2 AND kept >= ?3)",
                )?
                .query_row(
                    params![project.0.as_bytes(), person.0.as_bytes(), since.0],
                    |row| row.get(0),
                )?)
        })
    }
}
