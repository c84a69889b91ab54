//! Asking for another suite where a gate rests on the one there is, and what would be otherwise.

use crate::acting::Act;
use crate::reading::Reading;
use crate::results::one_line;
use crate::review::said;
use crate::suites::duplicates;
use crate::views::{AskedFor, SuiteAsked, SuiteDraft};
use crate::{Error, Workbench, words};
use domain::dataset::{Case, Dataset};
use domain::ledger::{Asked, AskedSuite, Body};
use domain::project::Request;
use domain::rules::requests::suite_part;
use domain::suite::{Measure, Suite, SuiteGraders};
use domain::{Digest, ProjectId, PromptId, RequestId};
use std::collections::BTreeMap;

impl Workbench {
    /// Asks for another suite of a prompt: where a gate rests on it, others approve it first.
    /// `replaces` is the suite that the person saw; `instead` an open request that asks for this
    /// from now on.
    ///
    /// # Errors
    /// No gate rests on it, the reason is empty, a grader can't be used, or somebody changed the
    /// suite meanwhile.
    pub async fn ask_for_suite(
        &self,
        project: ProjectId,
        prompt: PromptId,
        draft: SuiteDraft,
        replaces: Option<Digest>,
        reason: String,
        instead: Option<RequestId>,
    ) -> Result<AskedFor, Error> {
        if reason.trim().is_empty() {
            return Err(Error::invalid(
                "a request needs a reason: a few words for whoever reviews it",
            ));
        }
        let drafted = self.drafted_suite(project, draft).await?;
        let mut act = self.act(project)?;
        act.content(drafted.graders);
        let asked = Box::new(Asked {
            changes: Vec::new(),
            reason: act.text(reason.trim())?,
            reviewers: Vec::new(),
            notes: Vec::new(),
            suite: Some(Box::new(AskedSuite {
                prompt,
                suite: drafted.suite,
                replaces,
            })),
        });
        let request = match instead {
            None => RequestId::from(act.command(Body::OpenRequest { asked })?),
            Some(request) => {
                let replaces = act.reading.find_request(request)?.digest();
                act.command(Body::UpdateRequest {
                    request,
                    replaces,
                    asked,
                })?;
                request
            }
        };
        let sent = act.send().await?;
        Ok(AskedFor {
            request,
            words: said(
                sent,
                "Asked. The suite that is in force stays until this one is approved",
            ),
        })
    }

    /// Sets the suite that a request asks for, once nothing is missing. Whoever approves last does
    /// this along with it; it is for when a policy came to ask for less since.
    ///
    /// # Errors
    /// Something is missing, or the request asks for no suite.
    pub async fn set_asked_suite(
        &self,
        project: ProjectId,
        request: RequestId,
    ) -> Result<AskedFor, Error> {
        let mut act = self.act(project)?;
        act.set_asked(request)?;
        let sent = act.send().await?;
        Ok(AskedFor {
            request,
            words: said(sent, "Set. From now on this is by what it is judged"),
        })
    }

    /// The suite that a request asks for beside the one in force, if it asks for one.
    pub(crate) async fn suite_asked(
        &self,
        reading: &Reading,
        request: &Request,
    ) -> Option<SuiteAsked> {
        let asked = request.asked().suite.as_ref()?;
        let part = suite_part(&reading.ahead, request)?;
        let before = asked.replaces.and_then(|digest| {
            let suite = reading.ahead.suite_with(asked.prompt, digest)?;
            Some(suite.clone())
        });
        let changes = self
            .suite_changes(reading, before.as_ref(), &asked.suite)
            .await;
        let gated = part.gated.iter();
        Some(SuiteAsked {
            prompt: asked.prompt,
            name: words::prompt(&reading.ahead, asked.prompt),
            changes,
            gated: gated
                .map(|id| words::environment(&reading.ahead, *id))
                .collect(),
            may_go: part.may_go(),
            done: part.done,
            approvals: part
                .approvals
                .iter()
                .map(|id| reading.person(*id))
                .collect(),
            missing: part.sentences,
        })
    }

    async fn suite_changes(
        &self,
        reading: &Reading,
        before: Option<&Suite>,
        after: &Suite,
    ) -> Vec<String> {
        let name = |suite: &Suite| {
            let dataset = reading.ahead.dataset(suite.dataset);
            dataset.map_or_else(|| "a dataset".to_owned(), |dataset| dataset.name.clone())
        };
        let count = |suite: &Suite| {
            let cases = reading.ahead.cases_of(suite).unwrap_or(0);
            words::count(
                usize::try_from(cases).unwrap_or(usize::MAX),
                "case",
                "cases",
            )
        };
        let mut lines = Vec::new();
        let Some(before) = before else {
            lines.push(format!(
                "Cases: {} of {}; there was no suite",
                count(after),
                name(after)
            ));
            lines.extend(
                graders_told(reading, after)
                    .into_iter()
                    .map(|one| format!("New: {one}")),
            );
            return lines;
        };
        if before.dataset != after.dataset {
            lines.push(format!(
                "Cases: {} of {}, instead of {} of {}",
                count(after),
                name(after),
                count(before),
                name(before)
            ));
        }
        if before.content != after.content {
            let was = self.cases_at(reading, &before.content).await;
            let now = self.cases_at(reading, &after.content).await;
            lines.push(match (was, now) {
                (Ok(was), Ok(now)) => format!("Cases of {}: {}", name(after), told(&was, &now)),
                _ => format!(
                    "Cases of {}: {} instead of {}; they are not on this computer, so what differs can't be said here",
                    name(after),
                    count(after),
                    count(before)
                ),
            });
        }
        if before.graders != after.graders {
            let (was, now) = (graders_told(reading, before), graders_told(reading, after));
            let gone = was.iter().filter(|one| !now.contains(one));
            lines.extend(gone.map(|one| format!("No longer: {one}")));
            let new = now.iter().filter(|one| !was.contains(one));
            lines.extend(new.map(|one| format!("New: {one}")));
            if was.is_empty() || now.is_empty() {
                lines.push("Other graders; they are not all on this computer".to_owned());
            }
        }
        if before.measure != after.measure {
            lines.push(match after.measure {
                Measure::Pass => "An answer passes or not, instead of getting a score".to_owned(),
                Measure::Score => "An answer gets a score, instead of passing or not".to_owned(),
            });
        }
        if before.groups != after.groups {
            let cases = reading.ahead.cases_of(after).unwrap_or(0);
            let words = duplicates(after, cases);
            lines.push(match words.is_empty() {
                true => {
                    "Every case counts by itself; near-duplicates counted as one before".to_owned()
                }
                false => words,
            });
        }
        lines
    }
}

impl Act<'_> {
    /// Sets the suite of a request in the same breath, if nothing is missing any more.
    pub(crate) fn set_if_ready(&mut self, request: RequestId) -> Result<bool, Error> {
        let part = self
            .ahead()
            .request(request)
            .and_then(|found| suite_part(self.ahead(), found));
        if !part.is_some_and(|part| part.may_go()) {
            return Ok(false);
        }
        self.set_asked(request)?;
        Ok(true)
    }

    fn set_asked(&mut self, request: RequestId) -> Result<(), Error> {
        let asked = self.ahead().request(request);
        let asked = asked.and_then(|found| found.asked().suite.clone());
        let Some(asked) = asked else {
            return Err(Error::invalid("this request asks for no suite"));
        };
        self.command(Body::SetSuite {
            prompt: asked.prompt,
            suite: Box::new(asked.suite),
            replaces: asked.replaces,
            request: Some(request),
        })?;
        Ok(())
    }
}

fn graders_told(reading: &Reading, suite: &Suite) -> Vec<String> {
    let bytes = reading.store.content(&suite.graders).ok().flatten();
    let read = bytes.and_then(|bytes| SuiteGraders::decode(&bytes).ok());
    let graders = read.map(|read| read.graders).unwrap_or_default();
    let told = graders.iter().map(|grader| {
        let exact = serde_json::to_string(grader).unwrap_or_default();
        format!("graded by: {} ({exact})", grader.title())
    });
    told.collect()
}

/// How many of the cases that are taken out are named.
const NAMED: usize = 3;

/// What differs between two savings of cases. A case that says the same is the same, whatever its
/// id: where ids are the numbers of rows, one row less gives all after it another.
fn told(before: &Dataset, after: &Dataset) -> String {
    let said = |case: &Case| {
        let same = Case {
            id: String::new(),
            ..case.clone()
        };
        serde_json::to_string(&same).unwrap_or_default()
    };
    let mut now: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in &after.cases {
        now.entry(said(case)).or_default().push(case);
    }
    let rest: Vec<&Case> = before
        .cases
        .iter()
        .filter(|case| {
            now.get_mut(&said(case))
                .is_none_or(|same| same.pop().is_none())
        })
        .collect();
    let mut new: BTreeMap<&str, &Case> = now
        .values()
        .flatten()
        .map(|case| (case.id.as_str(), *case))
        .collect();
    let all = new.len();
    let (other, out): (Vec<&Case>, Vec<&Case>) = rest
        .into_iter()
        .partition(|case| new.remove(case.id.as_str()).is_some());
    let (gone, other, new) = (out.len(), other.len(), all - other.len());
    let was = &before.cases;
    let parts: Vec<String> = [(gone, "taken out"), (new, "new"), (other, "changed")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    match parts.is_empty() {
        true => "the same, in another order or with other graders of their own".to_owned(),
        false => format!(
            "{}, of {}{}",
            words::list(&parts),
            words::count(was.len(), "case", "cases"),
            named(&out)
        ),
    }
}

// The first of the cases that are taken out, by what they ask.
fn named(out: &[&Case]) -> String {
    if out.is_empty() {
        return String::new();
    }
    let first = out.iter().take(NAMED);
    let first: Vec<String> = first
        .map(|case| {
            let line = one_line(case);
            let short: String = line.chars().take(60).collect();
            let more = if short.len() < line.len() { "…" } else { "" };
            format!("“{short}{more}”")
        })
        .collect();
    let more = match out.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("; taken out: {}{more}", first.join(", "))
}
