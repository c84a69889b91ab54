//! A request in a list, and the part of one environment.

use crate::reading::Reading;
use crate::views::{BreakRow, EvidenceRow, RequestPart, RequestRow, RequestState};
use crate::{Error, words};
use domain::ledger::{Missing, RequestedChange};
use domain::project::Request;
use domain::rules::requests::{Part, Standing};
use domain::statistics::verdict::GateOutcome;
use domain::{Millis, PersonId, RunId};

impl Reading {
    /// A request as a list shows it.
    pub(crate) fn request_row(&self, request: &Request, now: Millis) -> Result<RequestRow, Error> {
        let standing = match request.is_open() {
            true => Some(self.standing(request.id, now)?),
            false => None,
        };
        Ok(self.request_row_as(request, standing.as_ref()))
    }

    /// The same, where it is known how the request stands; one that is over needs no look.
    pub(crate) fn request_row_as(
        &self,
        request: &Request,
        standing: Option<&Standing>,
    ) -> RequestRow {
        let (state, words) = self.request_state(request, standing);
        let known = self.accepted.request(request.id);
        let unsent = known.is_none_or(|known| {
            known.digest() != request.digest()
                || known.verdicts().count() != request.verdicts().count()
                || known.withdrawn.is_some() != request.withdrawn.is_some()
        });
        RequestRow {
            id: request.id,
            title: self.request_title(request),
            by: self.person(request.by),
            at: request.at,
            reason: self.text(&request.asked().reason),
            state,
            words,
            unsent,
        }
    }

    /// "support/triage v9 and tone v2 to production".
    pub(crate) fn request_title(&self, request: &Request) -> String {
        words::request(&self.ahead, request.asked())
    }

    fn request_state(
        &self,
        request: &Request,
        standing: Option<&Standing>,
    ) -> (RequestState, String) {
        if request.withdrawn.is_some() {
            return (RequestState::Withdrawn, "taken back".to_owned());
        }
        let Some(standing) = standing.filter(|_| request.is_open()) else {
            let done = match request.suite_set {
                Some(_) => "set",
                None => "released",
            };
            return (RequestState::Released, done.to_owned());
        };
        if let Some(suite) = &standing.suite {
            let any = |wanted: fn(&Missing) -> bool| suite.missing.iter().any(wanted);
            let state = match () {
                () if any(|missing| matches!(missing, Missing::SuiteMoved { .. })) => {
                    RequestState::Stale
                }
                () if any(|missing| matches!(missing, Missing::ChangesAsked { .. })) => {
                    RequestState::ChangesAsked
                }
                () if suite.may_go() => RequestState::Ready,
                () => RequestState::Waiting,
            };
            let words = match suite.sentences.first() {
                Some(first) => first.clone(),
                None => "it may be set".to_owned(),
            };
            return (state, words);
        }
        let waiting: Vec<_> = standing.parts.iter().filter(|p| p.done < p.steps).collect();
        let place = |part: &Part| words::environment(&self.ahead, part.environment);
        let any = |wanted: fn(&Missing) -> bool| {
            waiting.iter().any(|part| part.missing.iter().any(wanted))
        };
        let state = if any(|missing| matches!(missing, Missing::Stale { .. })) {
            RequestState::Stale
        } else if any(|missing| matches!(missing, Missing::ChangesAsked { .. })) {
            RequestState::ChangesAsked
        } else if waiting.iter().any(|part| part.may_go()) {
            RequestState::Ready
        } else {
            RequestState::Waiting
        };
        let lines: Vec<_> = waiting
            .iter()
            .map(|part| match part.sentences.first() {
                None if part.steps > 1 => format!(
                    "{}: step {} of {} may be released",
                    place(part),
                    part.done + 1,
                    part.steps
                ),
                None => format!("{} may be released", place(part)),
                Some(first) => first.clone(),
            })
            .collect();
        (state, lines.join(" · "))
    }

    /// What a request asks of one environment, beside what that environment serves now.
    pub(crate) fn request_part(&self, request: &Request, part: &Part, now: Millis) -> RequestPart {
        let environment = part.environment;
        let asked: Vec<_> = request.asked().part(environment).collect();
        let policy = self.ahead.policy(environment);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let notes = &request.asked().notes;
        let breaks = part.breaks.iter().map(|(prompt, found)| {
            let note = notes.iter().find(|note| {
                note.environment == environment
                    && self.ahead.meant(note.prompt) == *prompt
                    && note.input == found.input
                    && note.kind == found.kind
            });
            BreakRow {
                prompt: *prompt,
                input: found.input.clone(),
                kind: found.kind,
                words: format!(
                    "{}: the input {} {}",
                    words::prompt(&self.ahead, *prompt),
                    found.input,
                    found.kind.as_str()
                ),
                note: note.map(|note| self.text(&note.text)),
            }
        });
        RequestPart {
            environment,
            name: words::environment(&self.ahead, environment),
            steps: number(part.steps),
            done: number(part.done),
            step_words: (0..part.steps)
                .map(|step| self.step_words(&asked, step))
                .collect(),
            changes: part
                .next
                .iter()
                .map(|change| self.plan_change(environment, change.prompt, &change.sides))
                .collect(),
            missing: part.sentences.clone(),
            may_go: part.may_go(),
            approvals_needed: policy.approvals,
            approvals: self
                .approved_by(request, part)
                .iter()
                .map(|id| self.person(*id))
                .collect(),
            policy: self.policy_words(policy),
            verdicts: self.verdicts(part, now),
            evidence: part
                .evidence
                .iter()
                .map(|run| self.evidence_row(*run))
                .collect(),
            breaks: breaks.collect(),
            released: request.released(environment).collect(),
        }
    }

    // What opens is no less worth saying than what doesn't: how sure it is, and which look it was.
    fn verdicts(&self, part: &Part, now: Millis) -> Vec<String> {
        let versions = part.next.iter().flat_map(|change| &change.sides);
        let views =
            versions.filter_map(|side| self.gate_view(part.environment, side.version, now).ok());
        views
            .filter(|view| !view.served)
            .flat_map(|view| {
                let open = |gate: &&crate::views::GateRow| gate.outcome == GateOutcome::Pass;
                let told: Vec<_> = view
                    .gates
                    .iter()
                    .filter(open)
                    .map(|gate| format!("{}: {}", view.name, gate.words))
                    .collect();
                told
            })
            .collect()
    }

    // Whose approvals count; of a part that is released, whose counted then.
    fn approved_by(&self, request: &Request, part: &Part) -> Vec<PersonId> {
        if part.done < part.steps {
            return part.approvals.clone();
        }
        let last = request.released(part.environment).last();
        let grounds = last.and_then(|id| self.ahead.release(id)?.grounds.as_ref());
        grounds
            .iter()
            .flat_map(|grounds| &grounds.approvals)
            .filter(|approval| approval.environment == part.environment)
            .flat_map(|approval| approval.by.clone())
            .collect()
    }

    fn step_words(&self, asked: &[&RequestedChange], step: usize) -> String {
        let changes = asked.iter().filter_map(|change| {
            let sides = change.steps.get(step)?;
            let name = words::prompt(&self.ahead, change.prompt);
            Some(format!("{name} {}", self.sides_words(sides)))
        });
        changes.collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn evidence_row(&self, run: RunId) -> EvidenceRow {
        let words = self.ahead.run(run).map(|found| {
            let dataset = self
                .ahead
                .datasets()
                .find(|dataset| dataset.contents.iter().any(|c| c.content == found.dataset));
            let lost = match found.summary.failed {
                0 => String::new(),
                failed => format!(
                    "; {} did not come",
                    words::count(usize::try_from(failed).unwrap_or(0), "answer", "answers")
                ),
            };
            let first = found
                .announced
                .and_then(|run| self.ahead.announced_run(run));
            let first: Vec<String> = first
                .filter(|run| run.upstream.proposed != run.upstream.live)
                .into_iter()
                .flat_map(|run| &run.upstream.proposed)
                .map(|one| domain::rules::requests::words::version(&self.ahead, *one))
                .collect();
            let lost = match first.is_empty() {
                true => lost,
                false => format!("{lost}; asked before it: {}", first.join(", ")),
            };
            format!(
                "{} over {}: {} of {} passed with {}, by {}{lost}",
                domain::rules::requests::words::version(&self.ahead, found.version),
                dataset.map_or("a dataset", |dataset| dataset.name.as_str()),
                found.summary.passed,
                found.summary.cases,
                found.summary.model,
                self.person(found.by)
            )
        });
        EvidenceRow {
            run,
            words: words.unwrap_or_default(),
        }
    }
}
