//! Answers of a run for people to mark: which, in which order, and one of them at a time.
//!
//! The order is that of the digests, so that versions and models are mixed and nothing says which
//! gave an answer. The same answer to the same case is marked once, however many gave it.

use super::table::Table;
use super::{Matrices, off_the_way};
use crate::evaluating::read_json;
use crate::marking::{graders_of, judge_again, put};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::results::{expected_text, named_inputs};
use crate::views::{MarkAsked, MarkChoice, MarkDone, MarkGiven, MarkItem, MarkProgress, MarkQueue};
use crate::{Error, Workbench, locked};
use domain::graders::{
    Answered, Grader, MarkQuestion, Panel, PersonMark, mark_questions, newest, opinions,
};
use domain::{Digest, PersonId, ProjectId, RunId};
use evals::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Answers in one queue.
const MOST: usize = 5_000;

/// The run whose answers were marked last.
#[derive(Default)]
pub(crate) struct LastMarked(Mutex<Option<Arc<Marking>>>);

/// The answers of a run by what is asked about them.
struct Marking {
    run: RunId,
    table: Arc<Table>,
    panel: Panel,
    /// The dataset that its cases are of.
    source: Digest,
    /// It is a run of this computer, whose cells are written.
    here: bool,
    /// A gate rests on it, or may: its scores stay.
    counts: bool,
    judged: bool,
    places: Mutex<BTreeMap<Digest, Place>>,
}

/// Where an answer stands, and what was said of it.
#[derive(Clone, Debug, Default)]
struct Place {
    cases: Vec<u32>,
    /// By anybody.
    marked: bool,
    mine: bool,
    /// People and a judge disagree.
    apart: bool,
}

impl Workbench {
    /// The answers of a run that are to be marked.
    ///
    /// # Errors
    /// The run is not there, or its results can't be fetched now.
    pub async fn mark_queue(
        &self,
        project: ProjectId,
        run: RunId,
        choice: MarkChoice,
    ) -> Result<MarkQueue, Error> {
        let reading = self.reading(project)?;
        self.marks_up_to_date(&reading, run).await?;
        let marking = self.marking(&reading, run, true).await?;
        let places = locked(&marking.places);
        let mut chosen: Vec<Digest> = places
            .iter()
            .filter(|(_, place)| match choice {
                MarkChoice::Unmarked => !place.marked,
                // Drawn from all, so that two people draw the same, whoever has marked what.
                MarkChoice::NotByMe => !place.mine,
                MarkChoice::Apart => place.apart,
                MarkChoice::All | MarkChoice::Sample { .. } => true,
            })
            .map(|(question, _)| *question)
            .collect();
        if let MarkChoice::Sample { many, seed } = choice {
            chosen.sort_by_cached_key(|question| {
                let mut drawn = seed.to_be_bytes().to_vec();
                drawn.extend(question.0);
                Digest::of(&drawn)
            });
            chosen.truncate(usize::try_from(many).unwrap_or(usize::MAX));
            chosen.retain(|question| places.get(question).is_none_or(|place| !place.mine));
        }
        Ok(MarkQueue {
            chosen: narrow(chosen.len()),
            questions: chosen.into_iter().take(MOST).collect(),
            progress: progress(&places),
            apart: narrow(places.values().filter(|place| place.apart).count()),
            judged: marking.judged,
        })
    }

    /// One answer that is to be marked.
    ///
    /// # Errors
    /// The run has no such answer any more.
    pub async fn mark_item(
        &self,
        project: ProjectId,
        run: RunId,
        question: Digest,
    ) -> Result<MarkItem, Error> {
        let reading = self.reading(project)?;
        let marking = self.marking(&reading, run, false).await?;
        let (wanted, cells) = marking.wanted(&question)?;
        let marks = self.store().marks(project)?;
        let table = &marking.table;
        let place = cells.first().map_or(0, |(_, cell)| cell.case);
        let case = table.case(place).ok_or_else(gone)?;
        let mut columns: Vec<String> = Vec::new();
        let mut judges: Vec<String> = Vec::new();
        for (side, cell) in &cells {
            let label = table.sheet.labels.get(*side).cloned().unwrap_or_default();
            if !columns.contains(&label) {
                columns.push(label);
            }
            let graders = graders_of(&table.sheet.graders, &table.sheet.dataset, cell.case);
            let said = graders.iter().zip(&cell.scores);
            for (grader, score) in said.filter(|(grader, _)| grader.asks_a_model()) {
                let words = format!("{}: {}", grader.title(), score.reason);
                if !judges.contains(&words) {
                    judges.push(words);
                }
            }
        }
        Ok(MarkItem {
            case: place,
            inputs: named_inputs(case),
            expected: expected_text(case),
            answer: wanted.answer.clone(),
            asked: asked(question, &wanted, marks.get(&question), reading.person_here),
            columns,
            judges,
        })
    }

    /// Marks an answer, changes the mark or takes it back; it holds wherever the same answer stands.
    ///
    /// # Errors
    /// Nobody acts here, the run has no such answer, or it is no mark of its scale.
    pub async fn mark_answer(
        &self,
        project: ProjectId,
        run: RunId,
        question: Digest,
        given: MarkGiven,
    ) -> Result<MarkDone, Error> {
        let reading = self.reading(project)?;
        let person = reading.person_here.ok_or_else(|| {
            Error::invalid("you only look on in this project; join it to mark answers")
        })?;
        let marking = self.marking(&reading, run, false).await?;
        let (wanted, cells) = marking.wanted(&question)?;
        let marks = self.store().marks(project)?;
        let before = marks.get(&question).into_iter().flatten();
        let before = before
            .filter(|mark| mark.person == person)
            .max_by_key(|mark| mark.at);
        let now = self.now();
        let mark = PersonMark {
            person,
            name: reading.my_name(),
            // Newer than what it takes the place of, whatever the clock does.
            at: before.map_or(now, |before| now.max(domain::Millis(before.at.0 + 1))),
            value: given.value,
            note: given.note.trim().to_owned(),
        };
        mark.check(wanted.scale)
            .map_err(|error| Error::invalid(error.to_string()))?;
        let before = before.map_or_else(MarkGiven::default, |mark| MarkGiven {
            value: mark.value,
            note: mark.note.clone(),
        });
        let new = store::GivenMark {
            question,
            mark,
            source: marking.source,
        };
        self.store().keep_marks(project, &[new], now)?;
        let marks = self.store().marks(project)?;
        let mut rows = Vec::new();
        let mut apart = false;
        let sheet = &marking.table.sheet;
        for (column, mut cell) in cells {
            put(&mut cell, &sheet.graders, &sheet.dataset, &marks);
            if !marking.counts {
                judge_again(&marking.panel, &sheet.dataset, &mut cell);
            }
            apart |= is_apart(&marking.table, &cell);
            rows.push(crate::carrying::row(column, &cell)?);
        }
        if marking.here {
            self.store().keep_results(run, &rows, self.now())?;
        }
        self.inner.matrices.forget(run);
        let mut places = locked(&marking.places);
        if let Some(place) = places.get_mut(&question) {
            place.mine = given.value.is_some();
            place.marked = stands(&marks, &question);
            place.apart = apart;
        }
        Ok(MarkDone {
            before,
            progress: progress(&places),
        })
    }

    async fn marking(
        &self,
        reading: &Reading,
        run: RunId,
        anew: bool,
    ) -> Result<Arc<Marking>, Error> {
        let last = locked(&self.inner.marking.0).clone();
        if let Some(last) = last.filter(|last| last.run == run && !anew) {
            return Ok(last);
        }
        let (source, here, counts) = match self.store().run(run) {
            Ok(local) => {
                let kept: KeptPlan = read_json(local.plan)?;
                (kept.dataset, true, kept.plan.counts.is_some())
            }
            Err(store::StoreError::Unknown(_)) => {
                let mut runs = reading.ahead.runs();
                let found = runs.find(|shared| shared.id == run).ok_or_else(gone)?;
                (found.dataset, false, found.announced.is_some())
            }
            Err(error) => return Err(error.into()),
        };
        let table = self.table(reading, run).await?;
        let (this, project, me) = (self.clone(), reading.project, reading.person_here);
        let marking = off_the_way(move || {
            let marks = this.store().marks(project)?;
            let sheet = &table.sheet;
            let panel = Panel::prepare(&sheet.graders, &sheet.dataset)
                .map_err(|error| Error::Evals(error.to_string()))?;
            let own = sheet.dataset.cases.iter().flat_map(|case| &case.graders);
            let mut graders = sheet
                .graders
                .iter()
                .chain(&sheet.dataset.graders)
                .chain(own);
            let judged = graders.any(Grader::asks_a_model);
            let mut places: BTreeMap<Digest, Place> = BTreeMap::new();
            table.each(&mut |_, cell| {
                let apart = is_apart(&table, cell);
                for (question, _) in questions(&table, cell) {
                    let place = places.entry(question).or_insert_with(|| Place {
                        marked: stands(&marks, &question),
                        mine: me.is_some_and(|me| by(&marks, &question, me)),
                        ..Place::default()
                    });
                    place.apart |= apart;
                    if place.cases.last() != Some(&cell.case) && !place.cases.contains(&cell.case) {
                        place.cases.push(cell.case);
                    }
                }
            })?;
            Ok(Arc::new(Marking {
                run,
                panel,
                source,
                here,
                counts,
                judged,
                places: Mutex::new(places),
                table: Arc::clone(&table),
            }))
        })
        .await?;
        *locked(&self.inner.marking.0) = Some(Arc::clone(&marking));
        Ok(marking)
    }
}

impl Marking {
    /// What is asked, and the cells that hold the answer, with their columns.
    fn wanted(&self, question: &Digest) -> Result<(MarkQuestion, Vec<(usize, Cell)>), Error> {
        let place = locked(&self.places).get(question).cloned();
        let place = place.ok_or_else(gone)?;
        let mut wanted = None;
        let mut cells = self.table.cells(&place.cases)?;
        cells.retain(|(_, cell)| {
            let mut asked = questions(&self.table, cell).into_iter();
            match asked.find(|(digest, _)| digest == question) {
                Some((_, found)) => {
                    wanted.get_or_insert(found);
                    true
                }
                None => false,
            }
        });
        Ok((wanted.ok_or_else(gone)?, cells))
    }
}

impl Matrices {
    /// Reads a run again when it is next looked at.
    fn forget(&self, run: RunId) {
        locked(&self.seen).retain(|one| one.run != run);
    }
}

/// What people are asked about the answer in a cell.
pub(super) fn questions(table: &Table, cell: &Cell) -> Vec<(Digest, MarkQuestion)> {
    let (Some(answer), Some(case)) = (&cell.answer, table.case(cell.case)) else {
        return Vec::new();
    };
    let graders = graders_of(&table.sheet.graders, &table.sheet.dataset, cell.case);
    mark_questions(&graders, &answer.graded_text(), case)
        .into_iter()
        .filter_map(|question| Some((question.digest()?, question)))
        .collect()
}

/// The same as a screen shows it.
pub(super) fn asked(
    question: Digest,
    wanted: &MarkQuestion,
    marks: Option<&Vec<PersonMark>>,
    me: Option<PersonId>,
) -> MarkAsked {
    let marks = newest(marks.into_iter().flatten().cloned());
    let (mine, others): (Vec<_>, Vec<_>) =
        marks.into_iter().partition(|mark| Some(mark.person) == me);
    let mine = mine.into_iter().next();
    MarkAsked {
        question,
        look_at: wanted.look_at.clone(),
        scale: wanted.scale,
        mine: mine.as_ref().and_then(|mark| mark.value),
        note: mine.map(|mark| mark.note).unwrap_or_default(),
        others,
    }
}

/// What judges and people say of the answer in a cell.
pub(super) fn opinions_of(table: &Table, cell: &Cell) -> Vec<domain::graders::Opinion> {
    let (Some(answer), Some(case)) = (&cell.answer, table.case(cell.case)) else {
        return Vec::new();
    };
    if cell.marks.is_empty() || cell.judged.is_empty() {
        return Vec::new();
    }
    let text = answer.graded_text();
    let answered = Answered {
        judged: Some(&cell.judged),
        marks: Some(&cell.marks),
        ..Answered::text(&text)
    };
    let graders = graders_of(&table.sheet.graders, &table.sheet.dataset, cell.case);
    opinions(&graders, &answered, case)
}

fn is_apart(table: &Table, cell: &Cell) -> bool {
    let said = opinions_of(table, cell);
    said.iter().any(|one| one.judge_good != one.people_good)
}

fn stands(marks: &BTreeMap<Digest, Vec<PersonMark>>, question: &Digest) -> bool {
    !newest(marks.get(question).into_iter().flatten().cloned()).is_empty()
}

fn by(marks: &BTreeMap<Digest, Vec<PersonMark>>, question: &Digest, me: PersonId) -> bool {
    let standing = newest(marks.get(question).into_iter().flatten().cloned());
    standing.iter().any(|mark| mark.person == me)
}

fn progress(places: &BTreeMap<Digest, Place>) -> MarkProgress {
    MarkProgress {
        total: narrow(places.len()),
        marked: narrow(places.values().filter(|place| place.marked).count()),
        mine: narrow(places.values().filter(|place| place.mine).count()),
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn gone() -> Error {
    Error::not_found("this answer is not in the run any more")
}
