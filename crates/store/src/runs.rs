//! Runs on this computer: what was asked, and each result as soon as it is there, so that a run
//! that was cancelled, or ended with the machine, keeps what it has.

use crate::answers::{self, KeptAnswer};
use crate::changes::Area;
use crate::columns;
use crate::error::{Result, StoreError};
use crate::file::{Store, Write};
use domain::{Digest, Millis, ProjectId, RunId};
use rusqlite::{Connection, Row, params};
use serde_json::Value;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It runs, or its machine stopped while it ran.
    Running,
    /// It came to its end.
    Done,
    /// Its person ended it.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl RunState {
    fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn read(word: &str) -> Result<Self> {
        [Self::Running, Self::Done, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| StoreError::broken("the state of a run", word))
    }
}

/// One run, without its results.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalRun {
    /// Its id.
    pub id: RunId,
    /// Its project.
    pub project: ProjectId,
    /// What was asked, as whoever began it wrote it.
    pub plan: Value,
    /// Where it stands.
    pub state: RunState,
    /// What came out, in short.
    pub summary: Option<Value>,
    /// When it began.
    pub started: Millis,
    /// When something of it was last written.
    pub changed: Millis,
    /// How many results are there.
    pub results: u64,
}

/// One result: which case, which side of the comparison, and what came out.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseResult {
    /// The place of the case in the dataset.
    pub place: u32,
    /// Which of the compared versions.
    pub side: u32,
    /// What came out, as whoever ran it wrote it.
    pub result: Value,
}

/// Answers as a run was given them.
#[derive(Clone, Copy, Debug)]
pub struct GivenAnswers<'a> {
    /// Each under the digest of its question.
    pub answers: &'a [(Digest, KeptAnswer)],
    /// The contents that they were made from.
    pub sources: &'a [Digest],
    /// They take the place of earlier ones.
    pub anew: bool,
    /// Limits do not reach them until it is decided what rests on them.
    pub hold: bool,
}

const COLUMNS: &str = "id, project, plan, state, summary, started, changed,
     (SELECT count(*) FROM results WHERE run = runs.id)";

fn read(row: &Row<'_>) -> Result<LocalRun> {
    Ok(LocalRun {
        id: RunId(columns::id(row, 0)?),
        project: ProjectId(columns::id(row, 1)?),
        plan: columns::json("the plan of a run", &row.get::<_, String>(2)?)?,
        state: RunState::read(&row.get::<_, String>(3)?)?,
        summary: row
            .get::<_, Option<String>>(4)?
            .map(|text| columns::json("the summary of a run", &text))
            .transpose()?,
        started: Millis(row.get(5)?),
        changed: Millis(row.get(6)?),
        results: columns::count(row, 7)?,
    })
}

fn project_of(tx: &Connection, run: RunId) -> Result<ProjectId> {
    let mut statement = tx.prepare_cached("SELECT project FROM runs WHERE id = ?1")?;
    let mut rows = statement.query([run.0.as_bytes()])?;
    match rows.next()? {
        Some(row) => Ok(ProjectId(columns::id(row, 0)?)),
        None => Err(StoreError::Unknown("this run")),
    }
}

fn keep(tx: &Write<'_>, run: RunId, results: &[CaseResult], now: Millis) -> Result<()> {
    let project = project_of(tx, run)?;
    for one in results {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO results (run, place, side, result)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            run.0.as_bytes(),
            one.place,
            one.side,
            one.result.to_string()
        ])?;
    }
    tx.execute(
        "UPDATE runs SET changed = ?2 WHERE id = ?1",
        params![run.0.as_bytes(), now.0],
    )?;
    tx.changes(Some(project), Area::Runs);
    Ok(())
}

impl Store {
    /// Begins a run. `sources` are the contents that go into it.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn begin_run(
        &self,
        project: ProjectId,
        run: RunId,
        plan: &Value,
        sources: &[Digest],
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO runs (id, project, plan, state, started, changed)
                 VALUES (?1, ?2, ?3, 'running', ?4, ?4)",
                params![
                    run.0.as_bytes(),
                    project.0.as_bytes(),
                    plan.to_string(),
                    now.0
                ],
            )?;
            for source in sources {
                tx.prepare_cached("INSERT OR IGNORE INTO run_sources VALUES (?1, ?2)")?
                    .execute(params![run.0.as_bytes(), source.0])?;
            }
            tx.changes(Some(project), Area::Runs);
            Ok(())
        })
    }

    /// Goes on with a run that was broken off or ended.
    ///
    /// # Errors
    /// The run is not here, or the file can't be written.
    pub fn resume_run(&self, run: RunId, now: Millis) -> Result<()> {
        self.write(|tx| {
            let project = project_of(tx, run)?;
            tx.execute(
                "UPDATE runs SET state = 'running', changed = ?2 WHERE id = ?1",
                params![run.0.as_bytes(), now.0],
            )?;
            tx.changes(Some(project), Area::Runs);
            Ok(())
        })
    }

    /// Keeps results as they come; one for the same place takes the earlier one's.
    ///
    /// # Errors
    /// The run is not here, or the file can't be written.
    pub fn keep_results(&self, run: RunId, results: &[CaseResult], now: Millis) -> Result<()> {
        self.write(|tx| keep(tx, run, results, now))
    }

    /// Keeps answers that a run was just given together with the results that they came to: none of
    /// them is lost without the other.
    ///
    /// # Errors
    /// The run is not here, or the file can't be written.
    pub fn keep_given(
        &self,
        run: RunId,
        answers: &GivenAnswers<'_>,
        results: &[CaseResult],
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            for (digest, answer) in answers.answers {
                if answers.anew {
                    tx.prepare_cached("DELETE FROM answers WHERE digest = ?1")?
                        .execute([digest.0])?;
                }
                answers::insert(tx, digest, answer, answers.sources, now)?;
                if answers.hold {
                    answers::hold(tx, digest)?;
                }
            }
            keep(tx, run, results, now)
        })?;
        self.make_room();
        Ok(())
    }

    /// Ends a run.
    ///
    /// # Errors
    /// The run is not here, or the file can't be written.
    pub fn finish_run(
        &self,
        run: RunId,
        state: RunState,
        summary: Option<&Value>,
        now: Millis,
    ) -> Result<()> {
        self.write(|tx| {
            let project = project_of(tx, run)?;
            tx.execute(
                "UPDATE runs SET state = ?2, summary = coalesce(?3, summary), changed = ?4
                 WHERE id = ?1",
                params![
                    run.0.as_bytes(),
                    state.word(),
                    summary.map(ToString::to_string),
                    now.0
                ],
            )?;
            tx.changes(Some(project), Area::Runs);
            Ok(())
        })
    }

    /// One run.
    ///
    /// # Errors
    /// It is not here, or the file can't be read.
    pub fn run(&self, run: RunId) -> Result<LocalRun> {
        self.read(|tx| {
            let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([run.0.as_bytes()])?;
            match rows.next()? {
                Some(row) => read(row),
                None => Err(StoreError::Unknown("this run")),
            }
        })
    }

    /// The runs of a project, latest first.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn runs(&self, project: ProjectId) -> Result<Vec<LocalRun>> {
        self.read(|tx| {
            let sql =
                format!("SELECT {COLUMNS} FROM runs WHERE project = ?1 ORDER BY started DESC, id");
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([project.0.as_bytes()])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(read(row)?);
            }
            Ok(found)
        })
    }
}
