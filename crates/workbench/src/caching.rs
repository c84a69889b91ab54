//! The kept answers: how many, how old, and which of them no limit reaches.

use crate::evaluating::{SharedResults, read_json};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::views::CacheView;
use crate::{Error, Event, Workbench, locked, views::Notice, words};
use domain::{Digest, ProjectId, RunId, VersionId};
use evals::Cell;
use std::collections::BTreeSet;
use std::sync::Mutex;
use store::{Area, Token};

/// Less is no cache, and more is no laptop's.
const BYTES: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 40);

/// What was held when it was last looked at.
#[derive(Default)]
pub(crate) struct Holding(Mutex<Last>);

#[derive(Default)]
struct Last {
    /// It was looked at in this process.
    known: bool,
    /// How far the changes were then.
    token: Token,
    evidence: Evidence,
    /// Results that were not here then.
    missing: BTreeSet<Digest>,
}

/// On what decisions that are still to be made rest.
#[derive(Default, PartialEq, Eq)]
struct Evidence {
    /// The results of shared runs.
    results: BTreeSet<Digest>,
    /// Runs of this computer that count and are not recorded. Their answers are held as they come.
    runs: BTreeSet<RunId>,
}

// Whether a change can open or close a request, or bring the results of a run.
fn decides(area: Area) -> bool {
    matches!(
        area,
        Area::Projects | Area::Replica | Area::Outbox | Area::Content
    )
}

impl Workbench {
    /// How many answers are kept, and how many at most.
    ///
    /// # Errors
    /// The laptop's file can't be read.
    pub async fn cache(&self) -> Result<CacheView, Error> {
        let (kept, limits) = (self.store().answers_kept()?, self.store().answer_limits()?);
        let most = limits.bytes.unwrap_or_default();
        let age = limits.days.map_or_else(
            || "However old".to_owned(),
            |days| {
                let days = usize::try_from(days).unwrap_or(usize::MAX);
                format!(
                    "Unused for {} an answer goes",
                    words::count(days, "day", "days")
                )
            },
        );
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let answers = usize::try_from(kept.answers).unwrap_or(usize::MAX);
        Ok(CacheView {
            answers: narrow(kept.answers),
            bytes: kept.bytes,
            held: narrow(kept.held),
            most_bytes: most,
            days: limits.days,
            words: format!(
                "{} in {}, of {} at most. {age}; what goes over the size goes first that was not used for longest. {}",
                words::count(answers, "answer", "answers"),
                mebibytes(kept.bytes),
                mebibytes(most),
                match kept.held {
                    0 => "Nothing that is still to be decided rests on any of them.".to_owned(),
                    n => format!(
                        "No limit reaches {n} of them: open requests, or runs that count and are not recorded yet, rest on them."
                    ),
                }
            ),
        })
    }

    /// Sets how many answers are kept; what goes over it goes at once. None: as it was at first.
    ///
    /// # Errors
    /// A size that makes no sense.
    pub async fn limit_cache(
        &self,
        mebibytes: Option<u32>,
        days: Option<u32>,
    ) -> Result<CacheView, Error> {
        let bytes = mebibytes.map(|most| u64::from(most) << 20);
        if bytes.is_some_and(|bytes| !BYTES.contains(&bytes)) {
            return Err(Error::invalid(
                "keep from 1 MiB to 1,048,576 MiB of answers",
            ));
        }
        if days == Some(0) {
            return Err(Error::invalid(
                "after 0 days nothing would be kept; clear the cache instead",
            ));
        }
        self.hold_evidence()?;
        let limits = store::AnswerLimits { bytes, days };
        self.store().limit_answers(limits, self.now())?;
        self.cache().await
    }

    /// Sends the kept answers away, all but those on which something rests that is still to be decided.
    ///
    /// # Errors
    /// The laptop's file can't be written.
    pub async fn clear_cache(&self) -> Result<CacheView, Error> {
        self.hold_evidence()?;
        self.store().clear_answers()?;
        self.cache().await
    }

    /// What is done once when a project is opened: content that nothing names goes after a day, answers
    /// over the limits go, and runs that were broken off are told.
    pub(crate) fn tend(&self, project: ProjectId) -> Result<(), Error> {
        self.store().sweep(self.now())?;
        self.hold_evidence()?;
        self.store().trim_answers(self.now())?;
        let mut broken_off = Vec::new();
        for run in self.store().runs(project)? {
            if run.state == store::RunState::Running && self.going(&run).is_none() {
                broken_off.push(read_json::<KeptPlan>(run.plan)?.title);
            }
        }
        if let Some(first) = broken_off.first() {
            let others = match broken_off.len() {
                1 => String::new(),
                n => format!(" and {}", words::count(n - 1, "other", "others")),
            };
            self.say(Event::Notice(Notice {
                words: format!(
                    "A run was broken off when Galley ended: {first}{others}. It is under Evals, Runs, and can go on where it was."
                ),
            }));
        }
        Ok(())
    }

    /// What is done when answers are kept beyond the limit.
    pub(crate) fn make_room(&self) {
        // Where it can't be said what is held, nothing goes: the next answer tries again.
        if self.hold_evidence().is_ok() {
            let _ = self.store().trim_answers(self.now());
        }
    }

    /// Holds the answers on which open requests rest, and runs that count and are not recorded yet.
    /// Called before anything is sent away; cheap where no project has changed since the last time.
    fn hold_evidence(&self) -> Result<(), Error> {
        let mut last = locked(&self.inner.holding.0);
        let (token, changed) = self.store().changed_since(last.token)?;
        if last.known && !changed.iter().any(|one| decides(one.area)) {
            last.token = token;
            return Ok(());
        }
        let evidence = self.evidence()?;
        let same = last.known && last.evidence == evidence;
        if !same || self.any_here(&last.missing)? {
            let before = self.store().held_answers()?;
            let (mut held, mut missing) = (BTreeSet::new(), BTreeSet::new());
            for results in &evidence.results {
                if !self.questions_of(results, &mut held)? {
                    missing.insert(*results);
                }
            }
            for run in &evidence.runs {
                self.each_cell(*run, |_, cell| held.extend(cell.question))?;
            }
            self.store().hold_answers(&before, &held)?;
            last.missing = missing;
        }
        last.evidence = evidence;
        last.token = token;
        last.known = true;
        Ok(())
    }

    /// What is still to be decided, in all projects.
    fn evidence(&self) -> Result<Evidence, Error> {
        let mut found = Evidence::default();
        for project in self.store().projects()? {
            let reading = self.reading(project.id)?;
            let judged = reading.judged();
            let runs = reading.ahead.runs();
            let judged = runs.filter(|run| judged.contains(&run.version));
            found.results.extend(judged.map(|run| run.results));
            for local in self.store().runs(project.id)? {
                let kept: KeptPlan = read_json(local.plan)?;
                let announced = reading.ahead.announced_run(local.id);
                let open = announced.is_none_or(|run| run.came_to.is_none());
                if kept.plan.counts.is_some() && open {
                    found.runs.insert(local.id);
                }
            }
        }
        Ok(found)
    }

    fn any_here(&self, results: &BTreeSet<Digest>) -> Result<bool, Error> {
        for digest in results {
            if self.store().content(digest)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    // Says whether the results are here. What is not, or can't be read, can't be lost here either.
    fn questions_of(&self, results: &Digest, into: &mut BTreeSet<Digest>) -> Result<bool, Error> {
        let Some(bytes) = self.store().content(results)? else {
            return Ok(false);
        };
        if let Ok(results) = serde_json::from_slice::<SharedResults>(&bytes) {
            let cells = results.cells.iter().chain(&results.live);
            into.extend(cells.filter_map(|cell: &Cell| cell.question));
        }
        Ok(true)
    }
}

impl Reading {
    /// The versions that open requests ask for, and those that are served where they are to go.
    fn judged(&self) -> BTreeSet<VersionId> {
        let mut found = BTreeSet::new();
        for request in self.ahead.open_requests() {
            for change in &request.asked().changes {
                let sides = change.steps.iter().flatten();
                found.extend(sides.map(|side| side.version));
                let served = self.ahead.serving(change.environment, change.prompt);
                let served = served.and_then(|serving| serving.main_side());
                found.extend(served.map(|side| side.version));
            }
        }
        found
    }
}

fn mebibytes(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{} MiB", bytes >> 20)
    }
}
