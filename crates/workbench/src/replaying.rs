//! A reviewer's own look at the evidence: the author's exact answers, graded again on this computer,
//! without a key and, once they are here, without a network.

use crate::reading::Reading;
use crate::views::GradedAgain;
use crate::{Error, Workbench, words};
use domain::evidence::{self, Counts, Difference, Held, Mark};
use domain::project::Run;
use domain::suite::SuiteGraders;
use domain::{Digest, ProjectId, RequestId, RunId};

/// Differences that are told one by one.
const TOLD: usize = 20;

impl Workbench {
    /// Grades the answers of a run that counted again, by the suite, and says whether the marks
    /// are those that the gate rests on. What is not here is fetched; then it needs no network.
    ///
    /// # Errors
    /// The run did not count, or its answers are not here and can't be fetched now.
    pub async fn grade_again(&self, project: ProjectId, run: RunId) -> Result<GradedAgain, Error> {
        let reading = self.reading(project)?;
        let found = shared(&reading, run)?;
        for digest in evidence_contents(&reading, found) {
            if reading.store.content(&digest)?.is_none() {
                self.fetch(project, &digest).await.map_err(|_| {
                    Error::invalid(
                        "the answers of this run are not on this computer yet, and can't be fetched now; open the request once while the registry can be reached",
                    )
                })?;
            }
        }
        reading.grade_again(found)
    }

    /// The same for every run on which a request's gates rest.
    ///
    /// # Errors
    /// As for [`Self::grade_again`].
    pub async fn replay_request(
        &self,
        project: ProjectId,
        request: RequestId,
    ) -> Result<Vec<GradedAgain>, Error> {
        let runs = self.evidence_of(project, request)?;
        let mut graded = Vec::new();
        for run in runs {
            graded.push(self.grade_again(project, run).await?);
        }
        Ok(graded)
    }

    /// Fetches the evidence of a request, so that it can be looked at and graded again anywhere
    /// afterwards. What can't be fetched now is left for the next time.
    ///
    /// # Errors
    /// The request is not on this computer.
    pub async fn keep_evidence(&self, project: ProjectId, request: RequestId) -> Result<(), Error> {
        let runs = self.evidence_of(project, request)?;
        let reading = self.reading(project)?;
        for run in runs {
            for digest in evidence_contents(&reading, shared(&reading, run)?) {
                let here = reading.store.content(&digest)?.is_some();
                if !here && self.fetch(project, &digest).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    // Runs that counted, on which the gates of a request rest.
    fn evidence_of(&self, project: ProjectId, request: RequestId) -> Result<Vec<RunId>, Error> {
        let reading = self.reading(project)?;
        let standing = reading.standing(request, self.now())?;
        let runs = standing.parts.iter().flat_map(|part| part.evidence.clone());
        let mut runs: Vec<RunId> = runs
            .filter(|run| {
                reading
                    .ahead
                    .run(*run)
                    .is_some_and(|run| run.announced.is_some())
            })
            .collect();
        runs.sort_unstable();
        runs.dedup();
        Ok(runs)
    }
}

fn shared(reading: &Reading, run: RunId) -> Result<&Run, Error> {
    let runs = reading.ahead.runs();
    // The record, or the announcement: a person sees one id for both.
    let mut of_it = runs.filter(|found| found.id == run || found.announced == Some(run));
    of_it
        .next()
        .map(|found| &**found)
        .ok_or_else(|| Error::not_found("this run was not shared with the team"))
}

fn evidence_contents(reading: &Reading, run: &Run) -> Vec<Digest> {
    let graders = run.announced.and_then(|announced| {
        let announced = reading.ahead.announced_run(announced)?;
        let suite = reading
            .ahead
            .suite_with(announced.prompt, announced.suite)?;
        Some(suite.graders)
    });
    [run.results, run.dataset]
        .into_iter()
        .chain(graders)
        .collect()
}

impl Reading {
    fn grade_again(&self, run: &Run) -> Result<GradedAgain, Error> {
        let announced = run
            .announced
            .and_then(|announced| self.ahead.announced_run(announced))
            .ok_or_else(|| {
                Error::invalid("this run was not announced, so no gate rests on its marks")
            })?;
        let lost = || {
            Error::not_found("the answers or the suite of this run are not here, or were redacted")
        };
        let came_to = announced.came_to.as_ref().ok_or_else(lost)?;
        let suite = self.ahead.suite_with(announced.prompt, announced.suite);
        let suite = suite.ok_or_else(lost)?;
        let dataset = self.stored_dataset(&run.dataset).ok_or_else(lost)?;
        let graders = self.store.content(&suite.graders)?.ok_or_else(lost)?;
        let graders =
            SuiteGraders::decode(&graders).map_err(|error| Error::invalid(error.to_string()))?;
        let results = self.store.content(&run.results)?.ok_or_else(lost)?;
        let counts = Counts {
            announced: announced.id,
            live: came_to.live.clone(),
            proposed: came_to.proposed.clone(),
        };
        let held = Held {
            announced: announced.id,
            digest: run.dataset,
            dataset: &dataset,
            graders: &graders.graders,
            measure: suite.measure,
        };
        let again = evidence::grade_again(&counts, &results, &held)
            .map_err(|error| Error::invalid(error.to_string()))?;
        let marks = words::count(again.marks, "mark", "marks");
        let words = match again.differences.len() {
            0 => format!("Graded again on this computer: the same {marks}."),
            n => format!(
                "Graded again on this computer: {} of {marks} came out otherwise than the run says. Don't rely on it, and ask whoever ran it.",
                n
            ),
        };
        let differing = again.differences.iter().take(TOLD);
        Ok(GradedAgain {
            run: run.id,
            same: again.differences.is_empty(),
            marks: u32::try_from(again.marks).unwrap_or(u32::MAX),
            words,
            differing: differing.map(difference).collect(),
        })
    }
}

fn difference(one: &Difference) -> String {
    let worth = |mark: Mark| match mark {
        None => "no answer".to_owned(),
        Some(0) => "0".to_owned(),
        Some(worth) => format!("{}", f64::from(worth) / 10_000.0),
    };
    format!(
        "case {}, the {} version: {} here, {} in the run",
        one.case,
        one.side,
        worth(one.earned),
        worth(one.said)
    )
}
