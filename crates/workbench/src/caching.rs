//! The kept answers: how many, how old, and which of them no limit reaches.

use crate::evaluating::{SharedResults, read_json};
use crate::preparing::KeptPlan;
use crate::reading::Reading;
use crate::views::CacheView;
use crate::{Error, Event, Workbench, views::Notice, words};
use domain::{Digest, ProjectId, VersionId};
use evals::Cell;
use std::collections::BTreeSet;

/// Less is no cache, and more is no laptop's.
const BYTES: std::ops::RangeInclusive<u64> = (1 << 20)..=(1 << 40);

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

    /// Holds the answers on which open requests rest, and runs that count and are not recorded yet.
    fn hold_evidence(&self) -> Result<(), Error> {
        let mut held = BTreeSet::new();
        for project in self.store().projects()? {
            let reading = self.reading(project.id)?;
            let judged = reading.judged();
            for run in reading.ahead.runs() {
                if judged.contains(&run.version) {
                    reading.questions_of(&run.results, &mut held);
                }
            }
            for local in self.store().runs(project.id)? {
                let kept: KeptPlan = read_json(local.plan)?;
                let announced = reading.ahead.announced_run(local.id);
                let open = announced.is_none_or(|run| run.came_to.is_none());
                if kept.plan.counts.is_some() && open {
                    let cells = self.cells(local.id)?;
                    held.extend(cells.iter().filter_map(|(_, cell)| cell.question));
                }
            }
        }
        Ok(self.store().hold_answers(&held)?)
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

    fn questions_of(&self, results: &Digest, into: &mut BTreeSet<Digest>) {
        // What is not here, or can't be read, can't be lost here either.
        let bytes = self.store.content(results).ok().flatten();
        let Some(results) =
            bytes.and_then(|bytes| serde_json::from_slice::<SharedResults>(&bytes).ok())
        else {
            return;
        };
        let cells = results.cells.iter().chain(&results.live);
        into.extend(cells.filter_map(|cell: &Cell| cell.question));
    }
}

fn mebibytes(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{} MiB", bytes >> 20)
    }
}
