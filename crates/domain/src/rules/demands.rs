//! What a policy asks of a release besides approvals: path, gates, freezes. And the input
//! contract.

use crate::content::Input;
use crate::contract::{self, Break};
use crate::freeze;
use crate::gate::{self, Baseline, Evidence, Gate, Sample};
use crate::ledger::{Missing, Side};
use crate::rules::covered::{self, Changed};
use crate::rules::{Contents, gates, upstream};
use crate::{Digest, EnvironmentId, Millis, Project, PromptId, RunId, VersionContent, VersionId};

/// The rules that first waited for what holds a changed part.
const COVERING: u32 = 4;

/// What a release would put in place of what an environment serves of one prompt.
#[derive(Clone, Copy)]
pub(crate) struct Proposed<'a> {
    pub prompt: PromptId,
    pub sides: &'a [Side],
}

/// What path, gates and freezes still ask for, and the runs that the gates looked at.
pub(crate) fn judge(
    project: &Project,
    environment: EnvironmentId,
    proposed: &[Proposed<'_>],
    (now, rules): (Millis, u32),
) -> (Vec<Missing>, Vec<RunId>) {
    let policy = project.policy(environment);
    let (mut missing, mut evidence) = (Vec::new(), Vec::new());
    let changes: Vec<Changed> = proposed
        .iter()
        .map(|change| Changed {
            prompt: change.prompt,
            versions: change.sides.iter().map(|side| side.version).collect(),
        })
        .collect();
    // What comes together is tried together.
    let together = (rules >= covered::READING).then(|| {
        let all = upstream::newcomers(project, environment, &changes);
        all.into_iter().next().unwrap_or_default()
    });
    if rules >= COVERING {
        for dependent in covered::dependents(project, environment, &changes, (now, rules)) {
            evidence.extend(dependent.judged.iter().flat_map(|one| one.evidence.clone()));
            let faults = dependent.faults().into_iter();
            missing.extend(faults.map(|fault| Missing::Dependent {
                environment,
                prompt: dependent.prompt,
                part: dependent.part,
                version: dependent.version,
                fault,
            }));
        }
    }
    for change in proposed {
        for (version, content) in newcomers(project, environment, change) {
            for first in &policy.path {
                if !project.has_served(*first, change.prompt, content) {
                    missing.push(Missing::Path {
                        environment,
                        prompt: change.prompt,
                        version,
                        first: *first,
                    });
                }
            }
            let of = (change.prompt, content);
            for judged in gates::judged(project, environment, of.0, of.1, together.as_ref(), now) {
                evidence.extend(judged.evidence);
                missing.extend(judged.fault.map(|fault| Missing::SuiteGate {
                    environment,
                    prompt: change.prompt,
                    version,
                    fault,
                }));
            }
            for gate in &policy.gates {
                let for_it = gate.prompts.iter().map(|prompt| project.meant(*prompt));
                if !gate.prompts.is_empty() && !for_it.into_iter().any(|p| p == change.prompt) {
                    continue;
                }
                let found = look(project, environment, change.prompt, content, gate);
                evidence.extend(found.proposed.map(|sample| sample.run));
                if let Baseline::Run(sample) = found.baseline {
                    evidence.push(sample.run);
                }
                for fault in gate::judge(gate, &found) {
                    missing.push(Missing::Gate {
                        environment,
                        prompt: change.prompt,
                        version,
                        dataset: gate.dataset,
                        fault,
                    });
                }
            }
        }
    }
    match freeze::judge(&policy.freezes, &policy.calendars, now) {
        freeze::Verdict::Open => {}
        freeze::Verdict::Frozen { name, until } => missing.push(Missing::Frozen {
            environment,
            freeze: name,
            until,
        }),
        freeze::Verdict::NoCalendar { zone, until } => missing.push(Missing::Calendar {
            environment,
            zone,
            until,
        }),
    }
    evidence.sort();
    evidence.dedup();
    (missing, evidence)
}

/// The sides whose content the environment does not serve now: what path and gates ask about.
fn newcomers(
    project: &Project,
    environment: EnvironmentId,
    change: &Proposed<'_>,
) -> Vec<(VersionId, Digest)> {
    let content = |side: &Side| project.version(side.version).map(|(_, v)| v.content);
    let served: Vec<_> = project
        .serving(environment, change.prompt)
        .map(|serving| serving.sides.iter().filter_map(content).collect())
        .unwrap_or_default();
    change
        .sides
        .iter()
        .filter_map(|side| Some((side.version, content(side)?)))
        .filter(|(_, content)| !served.contains(content))
        .collect()
}

fn look(
    project: &Project,
    environment: EnvironmentId,
    prompt: PromptId,
    content: Digest,
    gate: &Gate,
) -> Evidence {
    let latest = project
        .dataset(gate.dataset)
        .and_then(|dataset| dataset.contents.last());
    // The latest run counts, not the best: running until it passes is no evidence.
    let run_of = |content: Digest| {
        let run = project.runs().rev().find(|run| {
            latest.is_some_and(|latest| latest.content == run.dataset)
                && project
                    .version(run.version)
                    .is_some_and(|(_, version)| version.content == content)
        })?;
        Some(Sample {
            run: run.id,
            cases: run.summary.cases,
            passed: run.summary.passed,
        })
    };
    let served = project
        .serving(environment, prompt)
        .and_then(|serving| serving.main_side())
        .and_then(|side| project.version(side.version));
    Evidence {
        cases: latest.map_or(0, |latest| latest.cases),
        proposed: run_of(content),
        baseline: match (gate.largest_loss, served) {
            (None, _) | (_, None) => Baseline::Nothing,
            (Some(_), Some((_, served))) => {
                run_of(served.content).map_or(Baseline::NoRun, Baseline::Run)
            }
        },
    }
}

/// What would break for applications that read this environment, where the content is at hand;
/// with it the content that is not.
pub(crate) fn breaks(
    project: &Project,
    contents: &dyn Contents,
    environment: EnvironmentId,
    proposed: &Proposed<'_>,
) -> (Vec<Break>, Vec<Digest>) {
    let mut absent = Vec::new();
    let mut inputs = |side: &Side| -> Option<Vec<Input>> {
        let (_, version) = project.version(side.version)?;
        let found = contents.find(&version.content);
        let read = found.and_then(|bytes| VersionContent::decode(&bytes).ok());
        if read.is_none() {
            absent.push(version.content);
        }
        Some(read?.inputs)
    };
    let served = project.serving(environment, proposed.prompt);
    let old: Vec<_> = served
        .iter()
        .flat_map(|serving| &serving.sides)
        .filter_map(&mut inputs)
        .collect();
    let new: Vec<_> = proposed.sides.iter().filter_map(&mut inputs).collect();
    let mut found: Vec<Break> = new
        .iter()
        .flat_map(|new| old.iter().flat_map(|old| contract::breaks(old, new)))
        .collect();
    found.sort();
    found.dedup();
    (found, absent)
}
