//! Where a request stands: for each part what is missing, and for each verdict whether it counts.

use super::super::demands::{self, Proposed};
use super::authors::authors;
use super::suites::{SuitePart, suite_part};
use super::voids::{newer, void};
use super::words;
use crate::contract::Break;
use crate::ledger::{Missing, RULES, ReleaseChange, RequestedChange, VerdictKind};
use crate::policy::Policy;
use crate::project::Request;
use crate::rules::Contents;
use crate::{EnvironmentId, Millis, PersonId, Project, PromptId, RequestId, RunId, VersionId};
use std::collections::BTreeMap;

/// Where a request stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its parts, in the order in which it names them.
    pub parts: Vec<Part>,
    /// Where it stands if it asks for a suite; then it has no parts.
    pub suite: Option<SuitePart>,
    /// All verdicts, oldest first.
    pub verdicts: Vec<VerdictStanding>,
    /// Who wrote something of it, each with a version that says so.
    pub authors: BTreeMap<PersonId, VersionId>,
}

/// Where the part of one environment stands.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which.
    pub environment: EnvironmentId,
    /// How many steps it has.
    pub steps: usize,
    /// How many were released.
    pub done: usize,
    /// What keeps the next step from going; nothing when it may go, or is all released.
    pub missing: Vec<Missing>,
    /// The same in plain words.
    pub sentences: Vec<String>,
    /// Whose approvals count.
    pub approvals: Vec<PersonId>,
    /// The runs by which the gates were judged.
    pub evidence: Vec<RunId>,
    /// What a release of the next step changes: the very changes of the command.
    pub next: Vec<ReleaseChange>,
    /// Breaks of the input contract, those with a note too.
    pub breaks: Vec<(PromptId, Break)>,
}

/// Whether one verdict counts.
#[derive(Clone, Debug)]
pub struct VerdictStanding {
    /// Who gave it.
    pub person: PersonId,
    /// When it arrived.
    pub at: Millis,
    /// What it says.
    pub kind: VerdictKind,
    /// Why it does not count, if it doesn't, part by part; the same in words beside it.
    pub void: Vec<(Why, String)>,
    /// Runs of what is asked for that were shared after it: shown, and voiding nothing.
    pub newer: Vec<RunId>,
}

/// Why a verdict does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its person took it back.
    TakenBack,
    /// An admin dismissed it.
    Dismissed {
        /// Who.
        by: PersonId,
    },
    /// Its person gave another since.
    Replaced,
    /// The request asks for something else since.
    Updated {
        /// What changed: where, and which prompt. Empty where only notes did.
        changes: Vec<(EnvironmentId, PromptId)>,
    },
    /// What the request replaces there has moved.
    Moved(Missing),
    /// It is its person who asks for this suite.
    AskedIt,
    /// Its person no longer gives verdicts.
    NotEntitled,
    /// The policy asks for independent approvals, and its person wrote this.
    WroteIt {
        /// Where the policy asks that.
        environment: EnvironmentId,
        /// What they wrote.
        version: VersionId,
    },
}

impl Part {
    /// Whether the next step may be released.
    #[must_use]
    pub fn may_go(&self) -> bool {
        self.done < self.steps && self.missing.is_empty()
    }
}

/// Where a request stands at this moment; none if there is no such request. The input contract is
/// looked at as far as the content is at hand.
#[must_use]
pub fn standing(
    project: &Project,
    request: RequestId,
    contents: &dyn Contents,
    now: Millis,
) -> Option<Standing> {
    let request = project.request(request)?;
    let parts: Vec<Part> = request
        .asked()
        .environments()
        .into_iter()
        .map(|environment| whole_part(project, request, contents, environment, now))
        .collect();
    let authors = authors(project, request.asked());
    let verdicts = request
        .verdicts()
        .map(|verdict| VerdictStanding {
            person: verdict.person,
            at: verdict.at,
            kind: verdict.kind,
            void: void(project, request, verdict, &authors)
                .into_iter()
                .map(|why| {
                    let sentence = words::void(project, &why);
                    (why, sentence)
                })
                .collect(),
            newer: newer(project, request, verdict),
        })
        .collect();
    Some(Standing {
        parts,
        suite: suite_part(project, request),
        verdicts,
        authors,
    })
}

fn whole_part(
    project: &Project,
    request: &Request,
    contents: &dyn Contents,
    environment: EnvironmentId,
    now: Millis,
) -> Part {
    let mut part = part(project, request, environment, (now, RULES));
    for change in part.next.clone() {
        let proposed = Proposed {
            prompt: change.prompt,
            sides: &change.sides,
        };
        let (breaks, _) = demands::breaks(project, contents, environment, &proposed);
        let known = breaks.iter().map(|b| (change.prompt, b.clone()));
        part.breaks.extend(known);
        let open = without_note(project, request, environment, change.prompt, breaks);
        part.missing.extend(open);
    }
    part.sentences = part
        .missing
        .iter()
        .map(|missing| words::missing(project, missing))
        .collect();
    part
}

/// Where a part stands, but for the input contract.
pub(crate) fn part(
    project: &Project,
    request: &Request,
    environment: EnvironmentId,
    (now, rules): (Millis, u32),
) -> Part {
    let (steps, done) = (
        request.asked().steps(environment),
        request.done(environment),
    );
    let mut part = Part {
        environment,
        steps,
        done,
        missing: Vec::new(),
        sentences: Vec::new(),
        approvals: Vec::new(),
        evidence: Vec::new(),
        next: Vec::new(),
        breaks: Vec::new(),
    };
    let waiting = request.withdrawn.is_none() && done < steps;
    if !waiting {
        return part;
    }
    part.next = next(project, request, environment);
    part.missing = stale(project, request, environment);
    let policy = project.policy(environment);
    if part.missing.is_empty() {
        part.approvals = approvals(project, request, policy);
    }
    let given = u32::try_from(part.approvals.len()).unwrap_or(u32::MAX);
    if given < policy.approvals {
        part.missing.push(Missing::Approvals {
            environment,
            needed: policy.approvals,
            given,
        });
    }
    for verdict in request.latest_verdicts() {
        let counts = project
            .person(verdict.person)
            .is_some_and(|person| person.gives_verdicts());
        if verdict.kind == VerdictKind::AskForChanges && counts {
            part.missing.push(Missing::ChangesAsked {
                environment,
                by: verdict.person,
            });
        }
    }
    let proposed: Vec<_> = part
        .next
        .iter()
        .map(|change| Proposed {
            prompt: change.prompt,
            sides: &change.sides,
        })
        .collect();
    let (missing, evidence) = demands::judge(project, environment, &proposed, (now, rules));
    part.missing.extend(missing);
    part.evidence = evidence;
    part
}

// The changes of a part's next step.
fn next(project: &Project, request: &Request, environment: EnvironmentId) -> Vec<ReleaseChange> {
    let done = request.done(environment);
    waiting(request, environment)
        .filter_map(|change| {
            Some(ReleaseChange {
                environment,
                prompt: project.meant(change.prompt),
                sides: change.steps.get(done)?.clone(),
                replaces: request.replaces(change),
            })
        })
        .collect()
}

fn waiting(
    request: &Request,
    environment: EnvironmentId,
) -> impl Iterator<Item = &RequestedChange> {
    let done = request.done(environment);
    request
        .asked()
        .part(environment)
        .filter(move |change| change.steps.len() > done)
}

/// What the next step of a part replaces, and is no longer there.
pub(crate) fn stale(
    project: &Project,
    request: &Request,
    environment: EnvironmentId,
) -> Vec<Missing> {
    waiting(request, environment)
        .filter_map(|change| {
            let prompt = project.meant(change.prompt);
            let was = request.replaces(change);
            let now = project.last_served(environment, prompt).map(|s| s.release);
            (was != now).then_some(Missing::Stale {
                environment,
                prompt,
                was,
                now,
            })
        })
        .collect()
}

// Each person once, by their latest verdict; only those who still give verdicts; under a policy
// that asks for it only those who wrote nothing of it.
fn approvals(project: &Project, request: &Request, policy: &Policy) -> Vec<PersonId> {
    let mut counted: Vec<PersonId> = request
        .latest_verdicts()
        .filter(|verdict| verdict.kind == VerdictKind::Approve)
        .filter(|verdict| verdict.digest == request.digest())
        .map(|verdict| verdict.person)
        .filter(|id| project.person(*id).is_some_and(|p| p.gives_verdicts()))
        .collect();
    if policy.independent && !counted.is_empty() {
        let authors = authors(project, request.asked());
        counted.retain(|person| !authors.contains_key(person));
    }
    counted.sort();
    counted
}

/// Breaks that no note of the request speaks of.
pub(crate) fn without_note(
    project: &Project,
    request: &Request,
    environment: EnvironmentId,
    prompt: PromptId,
    breaks: Vec<Break>,
) -> Vec<Missing> {
    let noted = |b: &Break| {
        request.asked().notes.iter().any(|note| {
            note.environment == environment
                && project.meant(note.prompt) == prompt
                && note.input == b.input
                && note.kind == b.kind
        })
    };
    breaks
        .into_iter()
        .filter(|b| !noted(b))
        .map(|b| Missing::Break {
            environment,
            prompt,
            input: b.input,
            kind: b.kind,
        })
        .collect()
}
