//! By what prompts are judged, and what the gates of an environment say of a version.

use crate::missing_runs::wants_run;
use crate::reading::Reading;
use crate::views::{Dependent, GateRow, GateView, Ref, SuiteDraft, SuiteView};
use crate::{Error, Workbench, words};
use domain::ledger::Body;
use domain::project::SuiteSet;
use domain::rules::covered::Changed;
use domain::rules::gates::{self, Judged};
use domain::rules::upstream;
use domain::statistics::verdict::GateOutcome;
use domain::suite::{Suite, SuiteGraders};
use domain::{EnvironmentId, ProjectId, PromptId, RequestId, RunId, VersionId};

impl Workbench {
    /// By what a prompt is judged.
    ///
    /// # Errors
    /// The prompt is not there.
    pub async fn suite(&self, project: ProjectId, prompt: PromptId) -> Result<SuiteView, Error> {
        self.reading(project)?.suite_view(prompt)
    }

    /// Says by what a prompt is judged: the latest saving of a dataset, and graders.
    ///
    /// # Errors
    /// A gate rests on it and the person here is no reviewer; a grader can't be used; somebody
    /// changed it since `replaces`.
    pub async fn set_suite(
        &self,
        project: ProjectId,
        prompt: PromptId,
        draft: SuiteDraft,
        replaces: Option<domain::Digest>,
    ) -> Result<SuiteView, Error> {
        let drafted = self.drafted_suite(project, draft).await?;
        let mut act = self.act(project)?;
        act.content(drafted.graders);
        act.command(Body::SetSuite {
            prompt,
            suite: Box::new(drafted.suite),
            replaces,
            request: None,
        })?;
        act.send().await?;
        self.suite(project, prompt).await
    }

    /// The suite that a draft means: the latest saving of its dataset, and, unless it says
    /// otherwise, each group of near-duplicates as one case.
    pub(crate) async fn drafted_suite(
        &self,
        project: ProjectId,
        draft: SuiteDraft,
    ) -> Result<Drafted, Error> {
        let reading = self.reading(project)?;
        let latest = reading
            .ahead
            .dataset(draft.dataset)
            .and_then(|found| found.contents.last())
            .ok_or_else(|| Error::not_found("this dataset is not in the project"))?
            .content;
        let graders = SuiteGraders {
            graders: draft.graders,
        };
        let (bytes, graders) = graders
            .encode()
            .map_err(|error| Error::invalid(error.to_string()))?;
        let cases = self.cases_at(&reading, &latest).await?;
        let own = cases.cases.iter().flat_map(|case| &case.graders);
        if cases
            .graders
            .iter()
            .chain(own)
            .any(domain::graders::Grader::asks_people)
        {
            return Err(Error::invalid(format!(
                "people judge cases of this dataset: {}",
                domain::suite::SuiteError::People
            )));
        }
        let groups = match draft.groups {
            Some(groups) => groups,
            None => {
                let found = domain::duplicates::find(&cases).into_iter();
                found.map(|group| group.cases).collect()
            }
        };
        Ok(Drafted {
            suite: Suite {
                dataset: draft.dataset,
                content: latest,
                graders,
                measure: draft.measure,
                groups,
            },
            graders: bytes,
        })
    }

    /// What the gates of an environment say of one content, if it came there now.
    ///
    /// # Errors
    /// The version is not there, or is a draft: only what is saved can be judged.
    pub async fn gate(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        version: Ref,
    ) -> Result<GateView, Error> {
        let reading = self.reading(project)?;
        let version = reading
            .resolve(&version)?
            .version
            .ok_or_else(|| Error::invalid("only a saved version can be judged; save the draft"))?;
        reading.gate_view(environment, version, self.now())
    }

    /// How often a run must ask each case for the gates of an environment.
    ///
    /// # Errors
    /// The project is not on this computer.
    pub async fn repeats_wanted(
        &self,
        project: ProjectId,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Result<u32, Error> {
        let reading = self.reading(project)?;
        let gates = reading.ahead.policy(environment).suite_gates.iter();
        let wanted = gates.filter(|gate| gate.is_for(&reading.ahead, prompt));
        Ok(wanted.map(|gate| gate.repeats).max().unwrap_or(1))
    }

    /// What the gates say of all that a request asks for next.
    ///
    /// # Errors
    /// The request is not there.
    pub async fn gates_of(
        &self,
        project: ProjectId,
        request: RequestId,
    ) -> Result<Vec<GateView>, Error> {
        let reading = self.reading(project)?;
        let now = self.now();
        let stored = reading.store.contents();
        let standing = domain::rules::requests::standing(&reading.ahead, request, &stored, now)
            .ok_or_else(|| Error::not_found("this request is not on this computer"))?;
        let mut views = Vec::new();
        for part in standing.parts {
            let together: Vec<Changed> = part
                .next
                .iter()
                .map(|change| Changed {
                    prompt: change.prompt,
                    versions: change.sides.iter().map(|side| side.version).collect(),
                })
                .collect();
            for change in part.next {
                for side in change.sides {
                    let view =
                        reading.gate_view_of(part.environment, side.version, &together, now)?;
                    if !view.gates.is_empty() || view.dependents.iter().any(|one| one.waits) {
                        views.push(view);
                    }
                }
            }
        }
        Ok(views)
    }
}

/// A suite, and the bytes of its graders.
pub(crate) struct Drafted {
    pub suite: Suite,
    pub graders: Vec<u8>,
}

impl Reading {
    fn suite_view(&self, prompt: PromptId) -> Result<SuiteView, Error> {
        let found = self
            .ahead
            .prompt(prompt)
            .ok_or_else(|| Error::not_found("this prompt is not on this computer"))?;
        let gated = self.ahead.gated(found.id);
        let gated = gated.iter().map(|id| words::environment(&self.ahead, *id));
        let mut view = SuiteView {
            prompt: found.id,
            name: found.name.clone(),
            dataset: None,
            cases: 0,
            graders: Vec::new(),
            measure: domain::suite::Measure::Pass,
            digest: None,
            outdated: false,
            gated: gated.collect(),
            words: format!(
                "{} has no suite: nothing says by what it is judged.",
                found.name
            ),
            duplicates: String::new(),
        };
        let Some(set) = self.ahead.suite(found.id) else {
            return Ok(view);
        };
        let dataset = self.ahead.dataset(set.suite.dataset);
        view.dataset = Some(set.suite.dataset);
        view.cases = self.ahead.cases_of(&set.suite).unwrap_or(0);
        view.measure = set.suite.measure;
        view.digest = Some(set.digest);
        view.outdated = dataset
            .and_then(|dataset| dataset.contents.last())
            .is_some_and(|latest| latest.content != set.suite.content);
        view.graders = self.suite_graders(set).unwrap_or_default();
        view.duplicates = duplicates(&set.suite, view.cases);
        let titles: Vec<_> = view.graders.iter().map(|grader| grader.title()).collect();
        view.words = format!(
            "{} of {}{}. Graded by: {}. Set by {}.",
            words::count(
                usize::try_from(view.cases).unwrap_or(usize::MAX),
                "case",
                "cases"
            ),
            dataset.map_or("a dataset", |dataset| dataset.name.as_str()),
            if view.outdated {
                ", as it was then (the dataset was changed since)"
            } else {
                ""
            },
            words::list(&titles),
            self.person(set.by),
        );
        if !view.duplicates.is_empty() {
            view.words = format!("{} {}", view.words, view.duplicates);
        }
        Ok(view)
    }

    /// The graders of a suite, where they are here.
    pub(crate) fn suite_graders(&self, set: &SuiteSet) -> Option<Vec<domain::graders::Grader>> {
        let bytes = self.store.content(&set.suite.graders).ok().flatten()?;
        Some(SuiteGraders::decode(&bytes).ok()?.graders)
    }

    pub(crate) fn gate_view(
        &self,
        environment: EnvironmentId,
        version: VersionId,
        now: domain::Millis,
    ) -> Result<GateView, Error> {
        let prompt = self.ahead.version(version).map(|(prompt, _)| prompt.id);
        let alone = prompt.map(|prompt| Changed {
            prompt,
            versions: vec![version],
        });
        self.gate_view_of(environment, version, alone.as_slice(), now)
    }

    /// The same for a version that would come there together with others.
    pub(crate) fn gate_view_of(
        &self,
        environment: EnvironmentId,
        version: VersionId,
        together: &[Changed],
        now: domain::Millis,
    ) -> Result<GateView, Error> {
        let (prompt, found) = self
            .ahead
            .version(version)
            .ok_or_else(|| Error::not_found("this version is not on this computer"))?;
        let place = words::environment(&self.ahead, environment);
        let name = domain::rules::requests::words::version(&self.ahead, version);
        let new = upstream::newcomers(&self.ahead, environment, together);
        let beside = new.into_iter().next().unwrap_or_default();
        let others = beside.values().copied().filter(|other| *other != version);
        let others: Vec<VersionId> = others.collect();
        let judged = gates::judged(
            &self.ahead,
            environment,
            prompt.id,
            found.content,
            Some(&beside),
            now,
        );
        let serves = self.ahead.serving(environment, prompt.id);
        let served = serves.is_some_and(|serving| {
            serving.sides.iter().any(|side| {
                let other = self.ahead.version(side.version);
                other.is_some_and(|(_, other)| other.content == found.content)
            })
        });
        let gates: Vec<GateRow> = judged
            .iter()
            .map(|judged| self.gate_row(environment, prompt.id, version, judged))
            .collect();
        let waited = self.waited(environment, prompt.id, together, now);
        let outcomes = || {
            let own = gates.iter().map(|gate| gate.outcome);
            own.chain(waited.iter().map(|one| one.outcome))
        };
        let outcome = match () {
            () if served => GateOutcome::Pass,
            () if outcomes().any(|outcome| outcome == GateOutcome::Fail) => GateOutcome::Fail,
            () if outcomes().any(|outcome| outcome != GateOutcome::Pass) => GateOutcome::CantTell,
            () => GateOutcome::Pass,
        };
        let mut words = match (served, gates.len()) {
            (true, _) => format!("{place} serves exactly this already; no gate asks anything."),
            (false, 0) => format!("No gate of {place} rests on the suite of {}.", prompt.name),
            _ => gates
                .iter()
                .map(|gate| gate.words.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        };
        let open = waited.iter().filter(|one| one.outcome != GateOutcome::Pass);
        for one in open {
            words = format!("{words} {}", one.words);
        }
        let mut runs = Vec::new();
        if !served && judged.iter().any(wants_run) {
            runs.extend(self.missing_run(environment, version, others.clone(), None));
        }
        runs.extend(waited.iter().filter_map(|one| one.run.clone()));
        let stored = self.store.contents();
        let mut dependents: Vec<Dependent> =
            gates::dependents(&self.ahead, &stored, environment, prompt.id)
                .into_iter()
                .filter(|found| waited.iter().all(|one| one.prompt != found.prompt))
                .map(|found| Dependent {
                    prompt: found.prompt,
                    waits: false,
                    words: format!(
                        "{} {} {}; no gate here waits for it",
                        words::prompt(&self.ahead, found.prompt),
                        match found.how {
                            gates::Depends::Includes => "includes",
                            gates::Depends::Reads => "reads what comes out of",
                        },
                        prompt.name
                    ),
                })
                .collect();
        dependents.extend(waited.iter().map(|one| Dependent {
            prompt: one.prompt,
            words: one.words.clone(),
            waits: one.outcome != GateOutcome::Pass,
        }));
        Ok(GateView {
            environment,
            place,
            prompt: prompt.id,
            version,
            name,
            served,
            beside: others,
            outcome,
            words,
            gates,
            dependents,
            runs,
        })
    }

    // A run that is announced and not recorded, so that somebody can go on with it.
    fn open_run(&self, run: RunId) -> String {
        let announced = self.ahead.announced_run(run);
        let by = announced.map(|run| self.person(run.by));
        format!("announced by {}: run {run}", by.unwrap_or_default())
    }

    fn gate_row(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
        version: VersionId,
        judged: &Judged<'_>,
    ) -> GateRow {
        let outcome = match (&judged.fault, &judged.verdict) {
            (None, _) => GateOutcome::Pass,
            (Some(_), Some(verdict)) => verdict.outcome,
            (Some(_), None) => GateOutcome::CantTell,
        };
        let words = match (&judged.verdict, &judged.fault) {
            (Some(verdict), _) => domain::statistics::words::verdict(verdict),
            (None, Some(fault)) => {
                let missing = domain::ledger::Missing::SuiteGate {
                    environment,
                    prompt,
                    version,
                    fault: fault.clone(),
                };
                let said = domain::rules::requests::words::missing(&self.ahead, &missing);
                format!("Can't tell. {said}.")
            }
            (None, None) => {
                "It has no suite, and the policy lets such a prompt through.".to_owned()
            }
        };
        GateRow {
            outcome,
            words,
            verdict: judged.verdict,
            against: judged
                .live
                .map(|live| domain::rules::requests::words::version(&self.ahead, live)),
            evidence: judged
                .evidence
                .iter()
                .map(|run| self.evidence_row(*run))
                .collect(),
            silent: u32::try_from(judged.silent.len() - judged.unfinished.len())
                .unwrap_or(u32::MAX),
            open: judged
                .unfinished
                .iter()
                .map(|run| self.open_run(*run))
                .collect(),
            unfinished: u32::try_from(judged.unfinished.len()).unwrap_or(u32::MAX),
        }
    }
}

/// What near-duplicates mean, in words; empty where there are none.
pub(crate) fn duplicates(suite: &Suite, cases: u32) -> String {
    let alike: usize = suite.groups.iter().map(Vec::len).sum();
    let fewer = alike.saturating_sub(suite.groups.len());
    let cases = usize::try_from(cases).unwrap_or(usize::MAX);
    match alike {
        0 => String::new(),
        _ => format!(
            "{alike} of {cases} cases are near-duplicates; they count as {}.",
            words::count(cases.saturating_sub(fewer), "case", "cases")
        ),
    }
}
