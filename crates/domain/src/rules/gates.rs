//! Gates that rest on announced runs: the verdict on a version, from all the evidence there is.

use crate::evidence::{answers, read_marks};
use crate::ledger::GateFault;
use crate::policy::{RunsBy, SuiteGate, WithoutSuite};
use crate::project::{Announced, SuiteSet};
use crate::rules::Contents;
use crate::rules::upstream::{self, Beside};
use crate::statistics::looks;
use crate::statistics::pairs::CaseAnswers;
use crate::statistics::verdict::{Evidence, GateVerdict, judge};
use crate::suite::Suite;
use crate::{Digest, EnvironmentId, Millis, Project, PromptId, RunId, VersionContent, VersionId};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What one gate says of one version.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// The gate.
    pub gate: &'a SuiteGate,
    /// The suite by which it judges.
    pub suite: Option<&'a SuiteSet>,
    /// What is served now, with which the version is compared.
    pub live: Option<VersionId>,
    /// The records of the runs whose answers count, oldest first.
    pub evidence: Vec<RunId>,
    /// The announcements that pay for a look, but bring no answers: broken off before
    /// anything was recorded, still under way, or too old.
    pub silent: Vec<RunId>,
    /// What stands in the way; none if the gate opens.
    pub fault: Option<GateFault>,
    /// The verdict, where there was something to judge.
    pub verdict: Option<GateVerdict>,
}

/// What the gates of an environment say of a version, if it came there now, together with what
/// stands `beside` it. Where nothing does, evidence counts whatever was asked before it: so it was
/// under rules before 5.
#[must_use]
pub fn judged<'a>(
    project: &'a Project,
    environment: EnvironmentId,
    prompt: PromptId,
    content: Digest,
    beside: Option<&Beside>,
    now: Millis,
) -> Vec<Judged<'a>> {
    let prompt = project.meant(prompt);
    project
        .policy(environment)
        .suite_gates
        .iter()
        .filter(|gate| gate.is_for(project, prompt))
        .map(|gate| one(project, environment, prompt, (content, beside), gate, now))
        .collect()
}

fn one<'a>(
    project: &'a Project,
    environment: EnvironmentId,
    prompt: PromptId,
    (content, beside): (Digest, Option<&Beside>),
    gate: &'a SuiteGate,
    now: Millis,
) -> Judged<'a> {
    let live = project.baseline(environment, prompt);
    let mut found = Judged {
        gate,
        suite: project.suite(prompt).map(AsRef::as_ref),
        live: live.map(|(version, _)| version),
        evidence: Vec::new(),
        silent: Vec::new(),
        fault: None,
        verdict: None,
    };
    let Some(set) = found.suite else {
        found.fault = match gate.without_suite {
            WithoutSuite::Nothing => Some(GateFault::NoSuite),
            WithoutSuite::Release => None,
        };
        return found;
    };
    let oldest = now.plus(-i64::from(gate.oldest_days) * DAY);
    let mut pooled: Vec<Vec<CaseAnswers>> = Vec::new();
    let cases = project.cases_of(&set.suite).unwrap_or(0);
    // An answer rests on the answers before it: evidence counts with what would stand there.
    let first = |content: Digest, beside: &Beside| {
        let versions = upstream::asked_first(project, environment, &content, beside);
        upstream::contents(project, versions.into_values())
    };
    let wanted = beside.map(|beside| {
        let now_first = live.map(|(_, live)| first(live, &Beside::new()));
        (now_first.unwrap_or_default(), first(content, beside))
    });
    let had = |run: &Announced| {
        let of = |side: &[VersionId]| upstream::contents(project, side.iter().copied());
        (of(&run.upstream.live), of(&run.upstream.proposed))
    };
    let runs = project.announced_runs(prompt).filter(|run| {
        run.suite == set.digest
            && run.content == content
            && run.live.map(|(_, content)| content) == live.map(|(_, content)| content)
            && wanted.as_ref().is_none_or(|wanted| had(run) == *wanted)
            && counts_for(project, gate, run)
    });
    for run in runs {
        match answered(run, &set.suite, cases) {
            Some((record, read)) if run.at >= oldest => {
                found.evidence.push(record);
                pooled.push(read);
            }
            // What it saw was seen: waiting until it is forgotten costs a look, too.
            _ => found.silent.push(run.id),
        }
    }
    let announced = found.evidence.len() + found.silent.len();
    if announced == 0 {
        found.fault = Some(GateFault::NoRun);
        return found;
    }
    let slices: Vec<&[CaseAnswers]> = pooled.iter().map(Vec::as_slice).collect();
    let verdict = looks::pool(&slices).and_then(|mut all| {
        // Asked less often than the policy wants, a case has no answer yet.
        let wanted = usize::try_from(gate.repeats).unwrap_or(usize::MAX);
        all.retain(|case| case.proposed.len() >= wanted);
        judge(
            &gate.strictness(),
            &Evidence {
                answers: &all,
                announced: u32::try_from(announced).unwrap_or(u32::MAX),
                cases,
                live: live.is_some(),
                copies: false,
            },
        )
    });
    match verdict {
        Ok(verdict) => {
            found.verdict = Some(verdict);
            if verdict.outcome != crate::statistics::verdict::GateOutcome::Pass {
                found.fault = Some(GateFault::Verdict { verdict });
            }
        }
        // Marks were checked when they were recorded, so that this says that there is nothing.
        Err(_) => found.fault = Some(GateFault::NoRun),
    }
    found
}

fn counts_for(project: &Project, gate: &SuiteGate, run: &Announced) -> bool {
    match gate.runs_by {
        RunsBy::Anyone => true,
        RunsBy::Services => project
            .person(run.by)
            .is_some_and(|person| person.service.is_some()),
    }
}

fn answered(run: &Announced, suite: &Suite, cases: u32) -> Option<(RunId, Vec<CaseAnswers>)> {
    let came_to = run.came_to.as_ref()?;
    let live = read_marks(&came_to.live)?;
    let proposed = read_marks(&came_to.proposed)?;
    let read = answers(&live, &proposed, &suite.groups, cases);
    (!read.is_empty()).then_some((came_to.run, read))
}

impl Project {
    /// Whether an environment serves just this version, at whatever weight.
    #[must_use]
    pub fn serves(&self, environment: EnvironmentId, version: VersionId) -> bool {
        let prompt = self.version(version).map(|(prompt, _)| prompt.id);
        let serving = prompt.and_then(|prompt| self.serving(environment, prompt));
        serving.is_some_and(|serving| serving.sides.iter().any(|side| side.version == version))
    }

    /// What an environment serves of a prompt at the largest weight, and its content: what a
    /// proposed version is compared with.
    #[must_use]
    pub fn baseline(
        &self,
        environment: EnvironmentId,
        prompt: PromptId,
    ) -> Option<(VersionId, Digest)> {
        let side = self.serving(environment, prompt)?.main_side()?;
        let (_, version) = self.version(side.version)?;
        Some((version.id, version.content))
    }
}

/// How something depends on a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depends {
    /// It includes it.
    Includes,
    /// One of its inputs is what comes out of it.
    Reads,
}

/// What an environment serves that depends on a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependent {
    /// Which prompt.
    pub prompt: PromptId,
    /// How.
    pub how: Depends,
}

/// What an environment serves that depends on a prompt, directly or through others, as far as the
/// content is at hand: what a change to the prompt makes stale.
///
/// Includes are pinned when a version is saved, so that what includes a snippet goes on with the
/// old one until it is saved and run anew; what reads a prompt's output gets the new one at once.
#[must_use]
pub fn dependents(
    project: &Project,
    contents: &dyn Contents,
    environment: EnvironmentId,
    prompt: PromptId,
) -> Vec<Dependent> {
    let mut found: Vec<Dependent> = Vec::new();
    let mut next = vec![project.meant(prompt)];
    while let Some(changed) = next.pop() {
        let own: BTreeSet<Digest> = project
            .prompt(changed)
            .map(|prompt| prompt.versions().map(|version| version.content).collect())
            .unwrap_or_default();
        for (other, serving) in project.served(environment) {
            if other == project.meant(prompt) || found.iter().any(|known| known.prompt == other) {
                continue;
            }
            let sides = serving.sides.iter();
            let served: Vec<Digest> = sides
                .filter_map(|side| Some(project.version(side.version)?.1.content))
                .collect();
            let includes = |content: &Digest| !project.reaches(*content).is_disjoint(&own);
            let reads = |content: &Digest| {
                let read = contents.find(content);
                let read = read.and_then(|bytes| VersionContent::decode(&bytes).ok());
                read.is_some_and(|read| {
                    let mut from = read.inputs.iter().filter_map(|input| input.from);
                    from.any(|from| project.meant(from) == changed)
                })
            };
            let how = if served.iter().any(includes) {
                Depends::Includes
            } else if served.iter().any(reads) {
                Depends::Reads
            } else {
                continue;
            };
            found.push(Dependent { prompt: other, how });
            next.push(other);
        }
    }
    found
}

impl SuiteGate {
    /// Whether it judges this prompt.
    #[must_use]
    pub fn is_for(&self, project: &Project, prompt: PromptId) -> bool {
        let mut named = self.prompts.iter().map(|named| project.meant(*named));
        self.prompts.is_empty() || named.any(|named| named == project.meant(prompt))
    }
}
