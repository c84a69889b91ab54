//! Runs that count: announced before their first answer, recorded whatever came of them.

use super::covered::READING;
use super::upstream::Beside;
use super::{Case, Checking};
use crate::dataset::Dataset;
use crate::evidence::{self, Counts, Held, read_marks};
use crate::ledger::{Event, Upstream};
use crate::project::Announced;
use crate::suite::{Measure, SuiteGraders};
use crate::{Digest, EnvironmentId, PromptId, Refusal, RefusalCode, RunId, VersionId, limits};
use serde_json::json;

impl Case<'_> {
    pub(super) fn announce_run(
        &self,
        prompt: PromptId,
        suite: Digest,
        environment: EnvironmentId,
        (proposed, live, upstream): (VersionId, Option<VersionId>, &Upstream),
        repeats: u32,
    ) -> Result<Vec<Event>, Refusal> {
        let prompt = self.prompt(prompt)?;
        let place = self.active_environment(environment)?;
        let set = self.project.suite(prompt.id);
        let Some(set) = set.filter(|set| set.digest == suite) else {
            return Err(Refusal::conflict(
                match set {
                    None => format!(
                        "{} has no suite, so there is nothing by which a run could count; set one",
                        prompt.name
                    ),
                    Some(_) => format!(
                        "the suite of {} was changed meanwhile; look at it and run again",
                        prompt.name
                    ),
                },
                &set.map(|set| set.digest),
            ));
        };
        let Some((of, found)) = self.project.version(proposed) else {
            return Err(Refusal::not_found("the proposed version"));
        };
        if of.id != prompt.id {
            return Err(Refusal::invalid(format!(
                "that version is one of {}, not of {}",
                of.name, prompt.name
            )));
        }
        let serves = self.project.baseline(environment, prompt.id);
        if serves.map(|(version, _)| version) != live {
            return Err(Refusal::conflict(
                format!(
                    "{} serves something else of {} by now; what is proposed is compared with what is served, so run again",
                    place.name, prompt.name
                ),
                &serves.map(|(version, _)| version),
            ));
        }
        if self.rules >= READING {
            let now_first = serves.map(|(_, content)| content);
            let told = *upstream == self.upstream(environment, found.content, now_first, upstream);
            if !told {
                return Err(Refusal::conflict(
                    format!(
                        "what is asked before {} is not what {} serves by now; run again",
                        prompt.name, place.name
                    ),
                    &serves.map(|(version, _)| version),
                ));
            }
        }
        if repeats == 0 || repeats > limits::REPEATS {
            return Err(Refusal::invalid(format!(
                "a run asks each case once to {} times",
                limits::REPEATS
            )));
        }
        let cases = self.project.cases_of(&set.suite).unwrap_or(0);
        let most = match set.suite.measure {
            Measure::Pass => limits::ASKINGS,
            Measure::Score => limits::ASKINGS / 5,
        };
        if u64::from(cases) * u64::from(repeats) > u64::from(most) {
            return Err(Refusal::new(
                RefusalCode::Limit,
                format!(
                    "a run that counts asks at most {most} times; ask each case less often, or take a smaller dataset"
                ),
            ));
        }
        Ok(vec![Event::RunAnnounced {
            run: RunId::from(self.id),
            prompt: prompt.id,
            suite,
            environment,
            proposed,
            live,
            repeats,
            upstream: upstream.clone(),
        }])
    }

    // What must be asked before both sides, if these stand before the proposed one.
    fn upstream(
        &self,
        environment: EnvironmentId,
        proposed: Digest,
        live: Option<Digest>,
        told: &Upstream,
    ) -> Upstream {
        let chosen = told.proposed.iter().filter_map(|version| {
            let (prompt, version) = self.project.version(*version)?;
            Some((self.project.meant(prompt.id), version.id))
        });
        Upstream::of(
            self.project,
            environment,
            proposed,
            live,
            &chosen.collect::<Beside>(),
        )
    }

    /// Whether a record says what its answers earn.
    pub(super) fn check_counts(
        &self,
        counts: &Counts,
        version: VersionId,
        dataset: Digest,
        results: Digest,
    ) -> Result<(), Refusal> {
        let Some(run) = self.project.announced_run(counts.announced) else {
            return Err(Refusal::not_found("the announcement of this run"));
        };
        if run.by != self.actor()?.id {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                "somebody else announced this run; only they record what came of it",
            ));
        }
        if run.came_to.is_some() {
            return Err(Refusal::invalid(
                "what came of this run is recorded already; nothing can be put in its place",
            ));
        }
        let other =
            || Refusal::invalid("this is not the run that was announced; announce one for this");
        if run.proposed != version {
            return Err(other());
        }
        let suite = self
            .project
            .suite_with(run.prompt, run.suite)
            .ok_or_else(other)?;
        if suite.content != dataset {
            return Err(other());
        }
        let cases = self.project.cases_of(suite).unwrap_or(0);
        check_marks(counts, run, cases)?;
        // What was taken when all was at hand stands, whatever graders say in years to come.
        if self.checking == Checking::Again {
            return Ok(());
        }
        let mut absent = Vec::new();
        let mut find = |digest: Digest| {
            let found = self.contents.find(&digest);
            if found.is_none() {
                absent.push(digest);
            }
            found
        };
        let found = (find(dataset), find(suite.graders), find(results));
        let (Some(cases), Some(graders), Some(results)) = found else {
            if absent.iter().any(|digest| self.project.is_redacted(digest)) {
                return Err(Refusal::invalid(
                    "the suite of this run was redacted, so nobody can grade its answers again; set another suite and run that",
                ));
            }
            return Err(Refusal::new(
                RefusalCode::ContentMissing,
                "the suite by which this run is graded again is not here; sync and try again",
            )
            .with(json!({ "missing": absent })));
        };
        let invalid = |message: String| Refusal::new(RefusalCode::ContentInvalid, message);
        let read = Dataset::decode(&cases).map_err(|error| invalid(error.to_string()))?;
        let graders = SuiteGraders::decode(&graders).map_err(|error| invalid(error.to_string()))?;
        let held = Held {
            announced: run.id,
            digest: dataset,
            dataset: &read,
            graders: &graders.graders,
            measure: suite.measure,
        };
        evidence::check(counts, &results, &held).map_err(|error| invalid(error.to_string()))
    }
}

fn check_marks(counts: &Counts, run: &Announced, cases: u32) -> Result<(), Refusal> {
    let read = (read_marks(&counts.live), read_marks(&counts.proposed));
    let (Some(live), Some(proposed)) = read else {
        return Err(Refusal::invalid("the marks of this run can't be read"));
    };
    // By turns: a run that asked one side further than the other chose where to break off.
    let alike = match run.live {
        Some(_) => live.len() == proposed.len(),
        None => live.is_empty(),
    };
    let most = u64::from(cases) * u64::from(run.repeats);
    let fits = u64::try_from(proposed.len()).is_ok_and(|askings| askings <= most);
    if !alike || !fits {
        return Err(Refusal::invalid(
            "a run that counts asks both versions alike, and each case as often as was announced",
        ));
    }
    Ok(())
}
